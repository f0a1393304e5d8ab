// Who stands, what a silent detector means, the camera's own jumps, and a tracker that goes on where another one was.
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "track/tracker.h"
#include "unit/track/feed.h"

namespace vedette::track {
namespace {

using std::chrono::seconds;

double jitter(std::mt19937& random, double sigma) {
  double sum = 0;  // of twelve: near enough to a normal distribution
  for (int i = 0; i < 12; ++i) sum += static_cast<double>(random() % 10'001) / 10'000;
  return (sum - 6) * sigma;
}

TEST(Standing, AParkedCarIsKnownAsSuchAndAWalkerIsNot) {
  for (const std::uint64_t step_ms : {33, 333}) {
    Feed feed;
    std::mt19937 random(3);
    std::uint64_t still_since = 0, id = 0;
    for (double time = 0; time < 30; time += static_cast<double>(step_ms) / 1000) {
      feed.frame(
          {box_at(0.7 + jitter(random, 0.006), 0.6 + jitter(random, 0.004), 0.2, 0.12, 0.8f, 2), box_at(0.05 + 0.02 * time, 0.3)},
          step_ms);
      const Track car = feed.nearest(0.7);
      if (time > 6) {
        ASSERT_NE(car.still_since_ns(), 0u) << time;
        if (still_since == 0) still_since = car.still_since_ns(), id = car.id();
        ASSERT_EQ(car.still_since_ns(), still_since) << "jitter doesn't move it, at " << time << " s";
        ASSERT_LE(car.still_since_ns(), kStart + 1000 * kMs);
      } else if (time < 4.5) {
        ASSERT_EQ(car.still_since_ns(), 0u);
      }
      ASSERT_EQ(feed.nearest(0.05 + 0.02 * time).still_since_ns(), 0u) << "who walks doesn't stand";
    }
    for (double time = 0; time < 3; time += static_cast<double>(step_ms) / 1000)
      feed.frame({box_at(0.7 - 0.1 * time, 0.6, 0.2, 0.12, 0.8f, 2)}, step_ms);
    EXPECT_EQ(feed.nearest(0.4).still_since_ns(), 0u) << "it drives off";
    EXPECT_EQ(feed.nearest(0.4).id(), id);
  }
}

TEST(Standing, MinutesOfSilenceChangeNothing) {
  Feed feed;
  for (int i = 0; i < 40; ++i) feed.frame({box_at(0.7, 0.6, 0.2, 0.12), box_at(0.2 + 0.002 * i, 0.5)}, 333);
  const std::uint64_t car = feed.nearest(0.7).id();
  ASSERT_NE(feed.nearest(0.7).still_since_ns(), 0u);
  feed.frame({box_at(0.7, 0.6, 0.2, 0.12)}, 300'000);
  EXPECT_EQ(feed.nearest(0.7).id(), car);
  EXPECT_NE(feed.nearest(0.7).still_since_ns(), 0u);
  // He who walked isn't there any more, and no silence counts for more than longest_gap.
  const Track walker = feed.nearest(0.278, TrackPhase::Lost);
  ASSERT_NE(walker.id(), 0u);
  EXPECT_NEAR(walker.x() + walker.width() / 2, 0.278, 0.01) << "nothing moved, so neither did he";
  for (int i = 0; i < 4; ++i) feed.frame({box_at(0.7, 0.6, 0.2, 0.12)}, 333);
  EXPECT_EQ(feed.tracks().size(), 1u) << "he is forgotten";
}

// Five stand or walk slowly; the whole picture jumps by up to two of their widths now and then.
std::size_t ids_under_shake(bool follow) {
  TrackerOptions options;
  options.shake = follow;
  Feed feed(options);
  std::mt19937 random(11);
  std::set<std::uint64_t> ids;
  for (int i = 0; i < 300; ++i) {
    const double x = i % 7 == 6 ? std::clamp(jitter(random, 0.03), -0.06, 0.06) : 0;
    const double y = i % 7 == 6 ? jitter(random, 0.03) : 0;
    std::vector<Detection> boxes;
    for (int object = 0; object < 5; ++object)
      boxes.push_back(box_at(0.15 + 0.17 * object + 0.00005 * i * object + x, 0.4 + 0.05 * object + y, 0.03, 0.09));
    for (const Track& track : feed.frame(boxes)) ids.insert(track.id());
  }
  return ids.size();
}

TEST(Shake, IdsHoldWhenTheCameraJumps) {
  EXPECT_EQ(ids_under_shake(true), 5u);
  EXPECT_GT(ids_under_shake(false), 10u) << "without following the jumps there are more: else this test shows nothing";
}

TEST(Resume, TracksGoOnUnderTheirIds) {
  Feed before;
  for (int i = 0; i < 60; ++i) {
    std::vector<Detection> boxes = {box_at(0.2 + 0.004 * i, 0.5), box_at(0.8, 0.5, 0.1, 0.1, 0.95f, 2)};
    if (i < 50) boxes.push_back(box_at(0.9, 0.2));
    before.frame(boxes, 100);
  }
  const auto tracks = before.tracks();
  ASSERT_EQ(tracks.size(), 3u);
  ASSERT_NE(tracks[0].still_since_ns(), 0u);
  Feed after;
  after.now = before.now;
  after.tracker.resume(tracks, before.now, 17);
  ASSERT_EQ(after.tracks().size(), 3u) << "they are there before the first update";
  EXPECT_FALSE(after.tracker.update({}, before.now)) << "that frame was counted";
  // The restart took a second.
  after.frame({box_at(0.2 + 0.004 * 69, 0.5), box_at(0.8, 0.5, 0.1, 0.1, 0.95f, 2), box_at(0.5, 0.9)}, 1000);
  const auto gone_on = after.tracks();
  ASSERT_EQ(gone_on.size(), 4u);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(gone_on[i].id(), tracks[i].id());
    EXPECT_EQ(gone_on[i].first_at_ns(), tracks[i].first_at_ns());
    EXPECT_EQ(gone_on[i].phase(), i == 2 ? TrackPhase::Lost : TrackPhase::Confirmed);
  }
  EXPECT_EQ(gone_on[0].still_since_ns(), tracks[0].still_since_ns());
  EXPECT_EQ(gone_on[3].id(), 17u) << "the next id";
  // The one that was lost for a second before stays so for two more at most.
  for (int i = 0; i < 2; ++i) after.frame({}, 600);
  for (const Track& track : after.tracks()) EXPECT_NE(track.id(), tracks[2].id());
}

TEST(Resume, NonsenseIsLeftOut) {
  Track good, again, none;
  good.mutate_id(5), good.mutate_width(0.1f), good.mutate_height(0.1f), good.mutate_phase(TrackPhase::Confirmed);
  good.mutate_velocity_x(3e38f);
  again = good;
  again.mutate_x(0.5f);
  none.mutate_width(0.1f), none.mutate_height(0.1f);
  Track flat = good;
  flat.mutate_id(6), flat.mutate_width(0);
  Track far = good;
  far.mutate_id(~std::uint64_t{0});
  Tracker tracker{TrackerOptions{}};
  tracker.resume(std::vector{good, again, none, flat, far}, kStart, 2);
  ASSERT_EQ(tracker.tracks().size(), 1u);
  EXPECT_EQ(tracker.next_id(), 6u);
  EXPECT_TRUE(tracker.update({}, kStart + 100 * kMs));
}

TEST(Forget, ObjectsAreForgottenAndIdsGoOn) {
  Feed feed;
  for (int i = 0; i < 3; ++i) feed.frame({box_at(0.5, 0.5)});
  feed.tracker.forget();
  EXPECT_TRUE(feed.tracks().empty());
  feed.frame({box_at(0.5, 0.5)});
  ASSERT_EQ(feed.tracks().size(), 1u);
  EXPECT_EQ(feed.tracks()[0].id(), 2u);
}

}  // namespace
}  // namespace vedette::track
