// What several of the system's tests demand alike. Include in tests only.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <iostream>
#include <string>

#include "base/clock.h"
#include "support/system.h"

namespace vedette::test {

inline constexpr double kClipFps = 30.0;

// Does a camera of kClipFps keep its rate? Measured in pieces, by capture times and sequence numbers: a pause of the camera shows
// in them (its pictures carry later times, numbers are missing), a pause of this test doesn't. A piece in which the machine
// itself stood still (Pulse) doesn't count, and says so.
class RateCheck {
 public:
  explicit RateCheck(FrameWatch& frames) : frames_(frames) {}

  // One piece: until `done`, which is asked 50 times a second.
  void run(const std::function<bool()>& done) {
    frames_.pulse().beat();
    (void)frames_.pulse().was_disturbed();
    const auto from = frames_.since(0);
    ASSERT_TRUE(from) << "no frame came";
    wait_until([&] { return frames_.pulse().beat(), done(); });
    const auto to = frames_.since(monotonic_ns());
    ASSERT_TRUE(to) << "no frame came any more";
    EXPECT_EQ(to->dropped, from->dropped);
    const double seconds = static_cast<double>(to->captured_at_ns - from->captured_at_ns) / 1e9;
    if (frames_.pulse().was_disturbed()) {
      std::cout << "the machine stood still: " << seconds << " s do not count" << std::endl;
      return;
    }
    seconds_ += seconds;
    frames_seen_ += static_cast<double>(to->sequence - from->sequence);
  }

  // Pieces of a second until so many seconds count; more than five times as many is given up.
  void run_for(int seconds) {
    for (int i = 0; i < 5 * seconds && seconds_ < seconds && !::testing::Test::HasFatalFailure(); ++i) {
      const std::uint64_t end_ns = monotonic_ns() + 1'000'000'000;
      run([&] { return monotonic_ns() >= end_ns; });
    }
  }

  double seconds() const { return seconds_; }
  double share() const { return seconds_ > 0 ? frames_seen_ / (kClipFps * seconds_) : 0.0; }

  void expect_held(double at_least_seconds) const {
    EXPECT_GE(seconds_, at_least_seconds) << "the machine stood still most of the time";
    EXPECT_GE(share(), 0.95) << "over " << seconds_ << " s";
  }

 private:
  FrameWatch& frames_;
  double seconds_ = 0.0;
  double frames_seen_ = 0.0;
};

}  // namespace vedette::test

// A system can't run without a model, a clip can't be made without ffmpeg: skip, visibly.
#define VD_NEED_MODEL_AND_CLIP()                                                                            \
  do {                                                                                                      \
    if (default_model().empty()) GTEST_SKIP() << "no default model in this build: run scripts/fetch-model"; \
    if (moving_clip().empty()) GTEST_SKIP() << "the ffmpeg program can't make a clip";                      \
  } while (false)
