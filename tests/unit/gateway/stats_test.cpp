#include "gateway/stats.h"

#include <gtest/gtest.h>

#include "gateway/health.h"

namespace vedette::gateway {
namespace {

constexpr std::uint64_t kMs = 1'000'000;
constexpr std::uint64_t kSecond = 1'000 * kMs;

TEST(RateWindow, CountsTheLastTwoSeconds) {
  RateWindow rate;
  EXPECT_EQ(rate.per_second(kSecond), 0.0);
  for (std::uint64_t i = 0; i < 90; ++i) rate.add(kSecond + i * kSecond / 30);
  const std::uint64_t last = kSecond + 89 * kSecond / 30;
  EXPECT_NEAR(rate.per_second(last), 30.0, 0.51);
  EXPECT_NEAR(rate.per_second(last + kSecond), 15.0, 0.51);
  EXPECT_EQ(rate.per_second(last + 2 * kSecond), 0.0);
}

TEST(CounterDelta, SurvivesANewTopic) {
  CounterDelta counter;
  EXPECT_EQ(counter.update(100), 0u) << "what was before the first look isn't a rate";
  EXPECT_EQ(counter.update(103), 3u);
  EXPECT_EQ(counter.update(103), 0u);
  EXPECT_EQ(counter.update(2), 2u);
  EXPECT_EQ(counter.update(5), 3u);
}

TEST(LatencyWindow, NearestRankOfTheLast200) {
  LatencyWindow window;
  EXPECT_FALSE(window.percentile(50));
  window.add(7.0);
  EXPECT_EQ(window.percentile(50), 7.0);
  EXPECT_EQ(window.percentile(99), 7.0);
  for (int i = 0; i < 300; ++i) window.add(1e6);
  for (int i = 200; i >= 1; --i) window.add(i);
  EXPECT_EQ(window.percentile(50), 100.0);
  EXPECT_EQ(window.percentile(99), 198.0);
  EXPECT_EQ(window.percentile(100), 200.0);
}

std::uint64_t accepted(double pacer_fps, double source_fps, std::uint64_t jitter_ns) {
  Pacer pacer(pacer_fps);
  std::uint64_t count = 0;
  const auto period = static_cast<std::uint64_t>(1e9 / source_fps);
  for (std::uint64_t i = 0; i < static_cast<std::uint64_t>(source_fps) * 10; ++i)
    if (pacer.accept(kSecond + i * period + (i % 3) * jitter_ns)) ++count;
  return count;
}

TEST(Pacer, HoldsItsRate) {
  EXPECT_NEAR(static_cast<double>(accepted(30, 60, 0)), 300, 3);
  EXPECT_NEAR(static_cast<double>(accepted(10, 30, 5 * kMs)), 100, 2);
  EXPECT_LE(accepted(30, 1000, 0), 302u);
}

TEST(Pacer, LosesNothingOfASourceOfItsOwnRate) {
  EXPECT_EQ(accepted(30, 30, 0), 300u);
  EXPECT_EQ(accepted(30, 30, 7 * kMs), 300u);
  EXPECT_EQ(accepted(30, 25, 9 * kMs), 250u);
  EXPECT_EQ(accepted(0, 120, 0), 1200u);
}

TEST(Health, JudgesByAge) {
  const std::uint64_t now = 100 * kSecond;
  const auto stages = judge({now - 1500 * kMs, now - 1501 * kMs, std::nullopt}, true, now);
  ASSERT_EQ(stages.size(), 3u);
  EXPECT_EQ(stages[0].name, "capture");
  EXPECT_EQ(stages[0].status, StageStatus::kOk);
  EXPECT_EQ(stages[0].age_ms, 1500u);
  EXPECT_EQ(stages[1].status, StageStatus::kStale);
  EXPECT_EQ(stages[2].status, StageStatus::kMissing);
  EXPECT_FALSE(stages[2].age_ms);
  EXPECT_FALSE(all_ok(stages));
  EXPECT_TRUE(all_ok(judge({now, std::nullopt, now + 5}, false, now))) << "nobody is to look for objects here";
}

}  // namespace
}  // namespace vedette::gateway
