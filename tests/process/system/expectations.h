// What several of the system's tests demand alike. Include in tests only.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "base/clock.h"
#include "support/system.h"

namespace vedette::test {

inline constexpr double kClipFps = 30.0;

// The share of its rate that the camera kept between the two: by capture times and sequence numbers, so that it doesn't matter
// when this test itself was given the CPU. A pause of the camera shows too: its pictures then carry later times and numbers are
// missing.
inline double share_of_rate(const FrameMark& from, const FrameMark& to) {
  const double seconds = static_cast<double>(to.captured_at_ns - from.captured_at_ns) / 1e9;
  return static_cast<double>(to.sequence - from.sequence) / (kClipFps * seconds);
}

inline void expect_rate_held(const FrameMark& from, const FrameMark& to) {
  EXPECT_GE(share_of_rate(from, to), 0.95) << "over " << (to.captured_at_ns - from.captured_at_ns) / 1'000'000 << " ms";
  EXPECT_EQ(to.dropped, from.dropped);
}

}  // namespace vedette::test

// A system can't run without a model, a clip can't be made without ffmpeg: skip, visibly.
#define VD_NEED_MODEL_AND_CLIP()                                                                            \
  do {                                                                                                      \
    if (default_model().empty()) GTEST_SKIP() << "no default model in this build: run scripts/fetch-model"; \
    if (moving_clip().empty()) GTEST_SKIP() << "the ffmpeg program can't make a clip";                      \
  } while (false)
