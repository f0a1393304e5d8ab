#include "capture/frame_ids.h"

#include <algorithm>

namespace vedette::capture {
namespace {

constexpr std::uint64_t kPerSecond = 1u << 20;
constexpr std::int64_t kNsPerUs = 1000;
// A picture is shown at most so long before one whose packet came earlier, and so long after it.
constexpr std::int64_t kMostBack = 2'000'000;
constexpr std::int64_t kMostAhead = 10'000'000;

}  // namespace

FrameIds::FrameIds(std::uint64_t last, std::uint64_t wall_ns)
    : last_(last != 0 ? last : wall_ns / 1'000'000'000 * kPerSecond - 1) {}

std::uint64_t FrameIds::at(std::int64_t pts_ns) {
  const std::int64_t time = pts_ns / kNsPerUs;
  const auto last = static_cast<std::int64_t>(last_);
  const std::int64_t step = time + anchor_ - last;
  if (!anchored_ || step < -kMostBack || step > kMostAhead) {
    anchored_ = true;
    anchor_ = last + kMostBack + 1 - time;  // those shown before this one are still above all that was
  }
  const std::int64_t id = time + anchor_;
  last_ = static_cast<std::uint64_t>(std::max(last, id));
  return static_cast<std::uint64_t>(id);
}

}  // namespace vedette::capture
