#include "rules/sentry.h"

#include <algorithm>
#include <utility>

namespace vedette::rules {
namespace {

// Frame ids of a topic only grow. If they start over all the same (the wall clock was set back before the bus was made anew), the
// frames are still captured later than any counted before: by more than two clocks of one machine can differ.
constexpr std::uint64_t kRestartMarginNs = 1'000'000'000;
// A capture time ahead of now by more than this is no time of this machine.
constexpr std::uint64_t kFutureMarginNs = 1'000'000'000;

std::string frames_over(std::string_view what, std::uint32_t frames, std::uint64_t span_ns) {
  return std::string(what) + " in " + std::to_string(frames) + (frames == 1 ? " frame" : " frames") + " over " +
         std::to_string(span_ns / 1'000'000) + " ms";
}

}  // namespace

void Sentry::resume(Mode mode, std::uint64_t last_frame_id, std::uint64_t as_of_ns) {
  mode_ = mode;
  last_frame_id_ = last_frame_id;
  last_captured_ns_ = as_of_ns;
  targets_ = 0;
  start_over();
}

Counted Sentry::admit(const Observation& observation, std::uint64_t now_ns) const {
  if (observation.captured_at_ns > now_ns && observation.captured_at_ns - now_ns > kFutureMarginNs) return Counted::kFromFuture;
  if (age_ns(observation.captured_at_ns, now_ns) > to_ns(options_.stale_after)) return Counted::kStale;
  const bool newer = observation.frame_id > last_frame_id_;
  const bool restarted = observation.captured_at_ns > last_captured_ns_ &&
                         observation.captured_at_ns - last_captured_ns_ > kRestartMarginNs &&
                         observation.frame_id != last_frame_id_;
  return newer || restarted ? Counted::kYes : Counted::kRepeated;
}

void Sentry::count(const Observation& observation) {
  const std::uint64_t gap = age_ns(last_captured_ns_, observation.captured_at_ns);  // 0 if the clock went back
  if (last_captured_ns_ != 0 && gap > to_ns(options_.forget_after)) start_over();
  const std::uint64_t step = std::min(gap, to_ns(options_.longest_gap));
  last_frame_id_ = observation.frame_id;
  last_captured_ns_ = std::max(last_captured_ns_, observation.captured_at_ns);
  targets_ = observation.targets;
  if (hits_ > 0) hit_span_ns_ += step;
  if (observation.targets > 0) {
    ++hits_;
    misses_ = 0;
    miss_span_ns_ = 0;
  } else {
    if (misses_ > 0) miss_span_ns_ += step;
    ++misses_;
  }
}

Sentry::Outcome Sentry::observe(const Observation& observation, std::uint64_t now_ns) {
  const Counted counted = admit(observation, now_ns);
  if (counted != Counted::kYes) return {counted, std::nullopt};
  count(observation);
  return {counted, forced_ ? std::nullopt : decide(observation, now_ns)};
}

std::optional<Transition> Sentry::decide(const Observation& observation, std::uint64_t now_ns) {
  const bool target = observation.targets > 0;
  const bool present = target && hits_ >= options_.validate_frames && hit_span_ns_ >= to_ns(options_.validate_time);
  const auto absent = [&](std::uint32_t frames, Nanoseconds time) { return misses_ >= frames && miss_span_ns_ >= to_ns(time); };
  switch (mode_) {
    case Mode::Standby:
      if (target) return move_to(Mode::Validation, now_ns, observation.frame_id, "a target");
      break;
    case Mode::Validation:
      if (present) return move_to(Mode::Tracking, now_ns, observation.frame_id, frames_over("target", hits_, hit_span_ns_));
      if (absent(options_.validate_frames, options_.validate_time))
        return move_to(Mode::Standby, now_ns, observation.frame_id, frames_over("no target", misses_, miss_span_ns_));
      break;
    case Mode::Tracking:
      if (absent(options_.lose_frames, options_.lose_time))
        return move_to(Mode::Standby, now_ns, observation.frame_id, frames_over("no target", misses_, miss_span_ns_));
      break;
  }
  return std::nullopt;
}

std::optional<Transition> Sentry::force(Mode mode, std::uint64_t now_ns) {
  forced_ = true;
  if (mode == mode_) return std::nullopt;
  return move_to(mode, now_ns, 0, "forced");
}

std::optional<Transition> Sentry::stand_down(std::uint64_t now_ns, std::string reason) {
  if (forced_ || mode_ == Mode::Standby) return std::nullopt;
  return move_to(Mode::Standby, now_ns, 0, std::move(reason));
}

void Sentry::release() {
  forced_ = false;
  start_over();
}

Transition Sentry::move_to(Mode mode, std::uint64_t now_ns, std::uint64_t frame_id, std::string reason) {
  Transition transition{std::exchange(mode_, mode), mode, now_ns, frame_id, std::move(reason)};
  start_over();
  // The frame that opened Validation is the first of those it asks for.
  if (transition.to == Mode::Validation && frame_id != 0) hits_ = 1;
  return transition;
}

void Sentry::start_over() {
  hits_ = misses_ = 0;
  hit_span_ns_ = miss_span_ns_ = 0;
}

}  // namespace vedette::rules
