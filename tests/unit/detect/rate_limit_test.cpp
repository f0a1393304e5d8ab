#include "detect/rate_limit.h"

#include <gtest/gtest.h>

namespace vedette::detect {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;

// Frames taken of a source of `source_fps` within `seconds`.
int taken(RateLimit& limit, double source_fps, int seconds, std::uint64_t start) {
  int count = 0;
  for (int i = 0; i < static_cast<int>(source_fps * seconds); ++i) {
    const auto jitter = static_cast<std::uint64_t>((i * 7919) % 5) * 1'000'000;  // up to 4 ms
    const std::uint64_t now = start + static_cast<std::uint64_t>(i * 1e9 / source_fps) + jitter;
    if (!limit.due(now)) continue;
    limit.count(now);
    ++count;
  }
  return count;
}

TEST(RateLimit, TakesEveryFrameOfASlowerSourceAndItsShareOfAFasterOne) {
  for (const double source : {10.0, 29.97, 30.0, 60.0, 200.0}) {
    RateLimit limit;
    limit.set(30.0f);
    const int wanted = static_cast<int>(std::min(source, 30.0) * 20);
    EXPECT_NEAR(taken(limit, source, 20, kSecond), wanted, 0.02 * wanted) << source;
  }
}

TEST(RateLimit, NoneMeansEveryFrame) {
  RateLimit limit;
  EXPECT_EQ(taken(limit, 500.0, 2, kSecond), 1000);
}

TEST(RateLimit, APauseIsNotMadeUpFor) {
  RateLimit limit;
  limit.set(3.0f);
  taken(limit, 30.0, 5, kSecond);
  EXPECT_LE(taken(limit, 30.0, 2, 1000 * kSecond), 7);
}

TEST(RateLimit, ANewRateCountsFromTheLastFrame) {
  RateLimit limit;
  limit.set(0.1f);
  limit.count(100 * kSecond);
  EXPECT_FALSE(limit.due(101 * kSecond));
  limit.set(30.0f);  // the alarm went off: nobody waits ten seconds
  EXPECT_TRUE(limit.due(101 * kSecond));
}

}  // namespace
}  // namespace vedette::detect
