#include "capture/timing.h"

#include <algorithm>

namespace vedette::capture {
namespace {

// Offsets follow a source whose clock is slower than ours by up to this much (crystals: < 0.1 ms a second).
constexpr double kDriftPerSecond = 1e-3;

}  // namespace

void SourceClock::observe(std::int64_t stamp_ns, std::uint64_t now_ns) {
  const std::int64_t offset = static_cast<std::int64_t>(now_ns) - stamp_ns;
  const std::int64_t jump = known_ ? offset - offset_ns_ : 0;
  const std::int64_t earliest = kind_ == Kind::kPlayback ? -kMaxLead : -kMaxJump;
  if (!known_ || jump > kMaxJump || jump < earliest) {
    known_ = true;
    offset_ns_ = offset;
  } else if (kind_ == Kind::kLive) {
    const auto slack = static_cast<std::int64_t>(static_cast<double>(now_ns - observed_at_ns_) * kDriftPerSecond);
    offset_ns_ = std::min(offset_ns_ + slack, offset);
  }
  observed_at_ns_ = now_ns;
}

bool FpsCap::wants(std::uint64_t at_ns, double fps) {
  if (last_ns_ != 0 && at_ns > last_ns_) {
    const auto step = static_cast<double>(at_ns - last_ns_);
    // A gap isn't a frame period; the first step is as good an estimate as any.
    period_ns_ = period_ns_ == 0 ? step : period_ns_ + (std::min(step, 2 * period_ns_) - period_ns_) / 8;
  }
  last_ns_ = at_ns;
  if (fps <= 0) {
    next_ns_ = 0;
    return true;
  }
  const auto interval = static_cast<std::uint64_t>(1e9 / fps);
  const auto half_period = static_cast<std::uint64_t>(period_ns_ / 2);
  const bool back_in_time = next_ns_ > at_ns + 2 * interval;
  if (next_ns_ != 0 && !back_in_time && at_ns + half_period < next_ns_) return false;
  const bool behind = next_ns_ == 0 || back_in_time || at_ns > next_ns_ + interval;
  next_ns_ = (behind ? at_ns : next_ns_) + interval;
  return true;
}

}  // namespace vedette::capture
