// RateLimit: at most so many frames a second, on a schedule of its own, so that a source a little off the rate neither drifts nor
// beats against it. Time is passed in. Thread-bound.
#pragma once

#include <algorithm>
#include <cstdint>

namespace vedette::detect {

class RateLimit {
 public:
  // Frames a second; 0: no limit. Changing it takes effect from the last frame on.
  void set(float fps) {
    const std::uint64_t interval = fps > 0.0f ? static_cast<std::uint64_t>(1e9 / static_cast<double>(fps)) : 0;
    if (interval == interval_ns_) return;
    next_ns_ = next_ns_ > interval_ns_ ? next_ns_ - interval_ns_ + interval : 0;
    interval_ns_ = interval;
  }

  // A frame may come a third of an interval early: sources jitter.
  std::uint64_t due_at_ns() const { return next_ns_ - std::min(next_ns_, interval_ns_ / 3); }
  bool due(std::uint64_t now_ns) const { return now_ns >= due_at_ns(); }

  // A frame was taken now.
  void count(std::uint64_t now_ns) {
    const bool late = now_ns > next_ns_ + interval_ns_;  // the schedule starts anew after a pause
    next_ns_ = (late ? now_ns : next_ns_) + interval_ns_;
  }

 private:
  std::uint64_t interval_ns_ = 0;
  std::uint64_t next_ns_ = 0;
};

}  // namespace vedette::detect
