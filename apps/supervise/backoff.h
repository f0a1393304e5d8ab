// How long to wait before a stage is started again: doubles with each death, starts over after a healthy run.
// Pure logic, time passed in. Thread-bound.
#pragma once

#include <algorithm>

#include "base/clock.h"
#include "config/config.h"

namespace vedette::supervise {

class Backoff {
 public:
  explicit Backoff(const SuperviseConfig& config) : config_(config) {}

  // The stage that ran for `ran` has died: wait so long.
  Nanoseconds next(Nanoseconds ran) {
    if (ran >= config_.healthy_after) delay_ = Milliseconds{0};
    delay_ = delay_ == Milliseconds{0} ? config_.backoff_min : std::min(2 * delay_, config_.backoff_max);
    return delay_;
  }

 private:
  SuperviseConfig config_;
  Milliseconds delay_{0};
};

}  // namespace vedette::supervise
