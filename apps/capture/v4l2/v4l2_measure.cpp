// V4l2Device's trial of formats: which of several a camera really delivers at the rate asked for, at the least CPU time.
#include <algorithm>
#include <ctime>
#include <utility>

#include "base/clock.h"
#include "capture/v4l2/v4l2_device.h"

namespace vedette::capture {
namespace {

constexpr std::size_t kWarmUp = 2;  // pictures of a camera that is still setting its exposure, not counted
constexpr std::size_t kPictures = 10;
constexpr std::uint64_t kLongestNs = 1'500'000'000;  // of a trial, with the start of the stream
constexpr std::chrono::milliseconds kLook{100};
// A candidate is as fast as the best one if it reaches this share of its rate.
constexpr double kSameRate = 0.9;

std::uint64_t thread_cpu_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000u + static_cast<std::uint64_t>(now.tv_nsec);
}

}  // namespace

Result<V4l2Device::Trial> V4l2Device::try_out(const V4l2Choice& choice) {
  Trial trial{0, estimated_ns(choice.format, choice.width, choice.height)};
  VD_TRY(configure(choice));
  if (options_.user_buffers) return trial;  // there is no memory yet to stream into
  VD_TRY(start());
  std::vector<std::uint64_t> stamps;
  std::uint64_t spent_ns = 0;
  const std::uint64_t until = monotonic_ns() + kLongestNs;
  while (stamps.size() < kWarmUp + kPictures && monotonic_ns() < until) {
    if (options_.idle && !options_.idle()) return Error{ErrorCode::kUnavailable, path_ + ": stopped while it was measured"};
    VD_ASSIGN(const auto frames, next(kLook));
    for (const V4l2Frame& frame : frames) {
      stamps.push_back(frame.captured_at_ns);
      const std::uint64_t before_ns = thread_cpu_ns();
      if (options_.consume) options_.consume(layout_, frame);
      spent_ns += thread_cpu_ns() - before_ns;
    }
  }
  if (stamps.size() > kWarmUp + 1)
    trial.fps = static_cast<double>(stamps.size() - 1 - kWarmUp) * 1e9 / static_cast<double>(stamps.back() - stamps[kWarmUp]);
  if (options_.consume && !stamps.empty()) trial.cost_ns = static_cast<double>(spent_ns) / static_cast<double>(stamps.size());
  return trial;
}

Result<V4l2Choice> V4l2Device::measure(const std::vector<V4l2Choice>& choices) {
  const bool has_color = choices.front().format != V4l2Format::kGrey;  // those without come last
  const V4l2Counters before = counters_;
  std::vector<std::pair<V4l2Choice, Trial>> trials;
  std::optional<Error> first_error;
  for (const V4l2Choice& choice : choices) {
    if (has_color && choice.format == V4l2Format::kGrey) continue;
    auto trial = try_out(choice);
    if (trial.ok()) {
      trials.emplace_back(choice, *trial);
      continue;
    }
    // Too full a bus for this one, or a format that is offered and refused: another may do.
    const ErrorCode code = trial.error().code;
    if (code == ErrorCode::kUnavailable || code == ErrorCode::kBusy) return std::move(trial).error();
    if (!first_error) first_error = std::move(trial).error();
  }
  queue_.reset();      // it streams the last candidate
  counters_ = before;  // trial pictures are nobody's
  if (trials.empty()) return *std::move(first_error);

  double rate = 0;
  for (const auto& [choice, trial] : trials) rate = std::max(rate, trial.fps);
  if (options_.wanted.fps > 0) rate = std::min(rate, options_.wanted.fps);
  std::erase_if(trials, [&](const auto& entry) { return entry.second.fps < rate * kSameRate; });
  return std::min_element(trials.begin(), trials.end(),
                          [](const auto& a, const auto& b) { return a.second.cost_ns < b.second.cost_ns; })
      ->first;
}

}  // namespace vedette::capture
