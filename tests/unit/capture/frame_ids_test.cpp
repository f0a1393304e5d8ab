// FrameIds: in order, or by the time of showing where packets come in another order; never twice, never backwards over restarts.
#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "capture/frame_ids.h"

namespace vedette::capture {
namespace {

constexpr std::uint64_t kWall = 1'800'000'000ull * 1'000'000'000;
constexpr std::int64_t kMs = 1'000'000;

TEST(FrameIds, ANewTopicStartsAtTheTimeOfDay) {
  FrameIds ids(0, kWall);
  EXPECT_EQ(ids.next(), 1'800'000'000ull << 20);
  EXPECT_LT(ids.last(), 1ull << 53);
}

TEST(FrameIds, GoOnBehindTheLast) {
  FrameIds ids(41, kWall);
  EXPECT_EQ(ids.next(), 42u);
  EXPECT_EQ(ids.next(), 43u);
}

TEST(FrameIds, FollowTheOrderOfShowing) {
  FrameIds ids(100, kWall);
  // I P B B P B B: shown 0 3 1 2 6 4 5
  const std::vector<std::int64_t> shown{0, 3, 1, 2, 6, 4, 5};
  std::vector<std::uint64_t> by_time(shown.size());
  for (const std::int64_t at : shown) by_time[static_cast<std::size_t>(at)] = ids.at(at * 33 * kMs);
  for (std::size_t i = 1; i < by_time.size(); ++i) EXPECT_GT(by_time[i], by_time[i - 1]);
  EXPECT_GT(by_time[0], 100u);
}

TEST(FrameIds, PicturesShownBeforeTheFirstPacketAreAboveAllThatWas) {
  FrameIds ids(1000, kWall);
  const std::uint64_t keyframe = ids.at(100 * kMs);
  const std::uint64_t leading = ids.at(33 * kMs);  // an open group of pictures
  EXPECT_LT(leading, keyframe);
  EXPECT_GT(leading, 1000u);
}

TEST(FrameIds, JumpsOfTheStampsGoOnBehindAllBefore) {
  FrameIds ids(0, kWall);
  std::set<std::uint64_t> seen;
  std::uint64_t last = 0;
  for (const std::int64_t start : {0ll, 500'000ll, 10ll, -7'000'000ll}) {
    const std::uint64_t first = ids.at(start * kMs);
    EXPECT_GT(first, last);
    for (int i = 0; i < 50; ++i) {
      const std::uint64_t id = ids.at((start + 20 + i * 20) * kMs);
      EXPECT_TRUE(seen.insert(id).second);
      last = id;
    }
  }
}

TEST(FrameIds, AnHourOfStampsGrowsSlowerThanNewTopicsDo) {
  FrameIds ids(0, kWall);
  std::uint64_t id = 0;
  for (int second = 0; second <= 3600; ++second) id = ids.at(second * 1000 * kMs);
  FrameIds later(0, kWall + 3603ull * 1'000'000'000);
  EXPECT_LT(id, later.next());
}

}  // namespace
}  // namespace vedette::capture
