// FpsCap and SourceClock: pure logic over made-up clocks.
#include "capture/timing.h"

#include <gtest/gtest.h>

#include <vector>

namespace vedette::capture {
namespace {

constexpr std::uint64_t kStart = 1'000'000'000'000;
constexpr std::uint64_t kMs = 1'000'000;

// Indices of the frames that pass, of `count` frames `period_ns` apart.
std::vector<int> passed(double period_ms, double fps, int count, std::vector<double> jitter_ms = {0}) {
  FpsCap cap;
  std::vector<int> frames;
  for (int i = 0; i < count; ++i) {
    const double at = i * period_ms + jitter_ms[static_cast<std::size_t>(i) % jitter_ms.size()];
    if (cap.wants(kStart + static_cast<std::uint64_t>(at * 1e6), fps)) frames.push_back(i);
  }
  return frames;
}

TEST(FpsCap, NoCapPassesEveryFrame) { EXPECT_EQ(passed(33.333, 0, 5), (std::vector{0, 1, 2, 3, 4})); }
TEST(FpsCap, TheSourcesOwnRatePassesEveryFrame) { EXPECT_EQ(passed(33.333, 30, 100).size(), 100u); }
TEST(FpsCap, AThirdIsEveryThirdFrame) { EXPECT_EQ(passed(33.333, 10, 13), (std::vector{0, 3, 6, 9, 12})); }
TEST(FpsCap, JitterDoesNotShiftTheBeat) {
  EXPECT_EQ(passed(33.333, 10, 13, {0, 4, -5, 3, -4, 5, -3}), (std::vector{0, 3, 6, 9, 12}));
}
TEST(FpsCap, UnevenRatiosAlternate) {
  const auto frames = passed(40, 10, 26);
  ASSERT_EQ(frames.size(), 11u);
  for (std::size_t i = 1; i < frames.size(); ++i) EXPECT_TRUE(frames[i] - frames[i - 1] == 2 || frames[i] - frames[i - 1] == 3);
}
TEST(FpsCap, AfterAGapThereIsNoBurst) {
  FpsCap cap;
  int wanted = 0;
  for (int i = 0; i < 30; ++i) (void)cap.wants(kStart + static_cast<std::uint64_t>(i) * 33 * kMs, 10);
  for (int i = 0; i < 30; ++i) wanted += cap.wants(kStart + 20'000 * kMs + static_cast<std::uint64_t>(i) * 33 * kMs, 10);
  EXPECT_LE(wanted, 11);
  EXPECT_GE(wanted, 10);
}
TEST(FpsCap, GoesOnWhenTimeJumpsBack) {
  FpsCap cap;
  EXPECT_TRUE(cap.wants(kStart + 100'000 * kMs, 10));
  EXPECT_TRUE(cap.wants(kStart, 10));
}

TEST(SourceClock, PlaybackIsDueRelativeToTheFirstStamp) {
  SourceClock clock(SourceClock::Kind::kPlayback);
  clock.observe(500, kStart);
  clock.observe(500 + 40 * static_cast<std::int64_t>(kMs), kStart + 3 * kMs);  // read ahead
  EXPECT_EQ(clock.to_monotonic(500 + 40 * static_cast<std::int64_t>(kMs)), kStart + 40 * kMs);
}
TEST(SourceClock, PlaybackThatFellFarBehindStartsAnew) {
  SourceClock clock(SourceClock::Kind::kPlayback);
  clock.observe(0, kStart);
  clock.observe(40 * static_cast<std::int64_t>(kMs), kStart + 5000 * kMs);
  EXPECT_EQ(clock.to_monotonic(40 * static_cast<std::int64_t>(kMs)), kStart + 5000 * kMs);
}
TEST(SourceClock, TimeLapseKeepsItsLongSteps) {
  SourceClock clock(SourceClock::Kind::kPlayback);
  clock.observe(0, kStart);
  clock.observe(5'000 * static_cast<std::int64_t>(kMs), kStart + kMs);
  EXPECT_EQ(clock.to_monotonic(5'000 * static_cast<std::int64_t>(kMs)), kStart + 5000 * kMs);
}
TEST(SourceClock, NextRoundGoesOnWhereTheLastEnded) {
  SourceClock clock(SourceClock::Kind::kPlayback);
  clock.observe(0, kStart);
  clock.next_round(2'000 * static_cast<std::int64_t>(kMs));
  EXPECT_EQ(clock.to_monotonic(0), kStart + 2000 * kMs);
}
TEST(SourceClock, LiveTakesTheLeastDelayAsTheOffset) {
  SourceClock clock(SourceClock::Kind::kLive);
  clock.observe(0, kStart + 30 * kMs);                                     // 30 ms late
  clock.observe(40 * static_cast<std::int64_t>(kMs), kStart + 42 * kMs);   // 2 ms late
  clock.observe(80 * static_cast<std::int64_t>(kMs), kStart + 120 * kMs);  // 40 ms late
  const std::uint64_t at = clock.to_monotonic(80 * static_cast<std::int64_t>(kMs));
  EXPECT_NEAR(static_cast<double>(at - kStart), 82e6, 0.1e6);
}
TEST(SourceClock, LiveFollowsARestartedCamera) {
  SourceClock clock(SourceClock::Kind::kLive);
  clock.observe(90'000 * static_cast<std::int64_t>(kMs), kStart);
  clock.observe(0, kStart + 100 * kMs);
  EXPECT_EQ(clock.to_monotonic(0), kStart + 100 * kMs);
}

}  // namespace
}  // namespace vedette::capture
