// The tracker: who keeps his id through what, when a track begins and ends, and what changes nothing.
#include "track/tracker.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <set>

#include "unit/track/feed.h"

namespace vedette::track {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Tracker, AnObjectIsConfirmedByItsSecondDetection) {
  Feed feed;
  const auto first = feed.frame({box_at(0.3, 0.5)});
  ASSERT_EQ(first.size(), 1u);
  EXPECT_EQ(first[0].phase(), TrackPhase::Tentative);
  EXPECT_EQ(first[0].id(), 1u);
  const auto second = feed.frame({box_at(0.302, 0.5, 0.05, 0.15, 0.8f, 0)});
  ASSERT_EQ(second.size(), 1u);
  EXPECT_EQ(second[0].phase(), TrackPhase::Confirmed);
  EXPECT_EQ(second[0].id(), 1u);
  EXPECT_EQ(second[0].first_at_ns(), kStart + 33 * kMs);
  EXPECT_EQ(second[0].seen_at_ns(), feed.now);
  EXPECT_FLOAT_EQ(second[0].score(), 0.8f);
  EXPECT_EQ(second[0].x(), box_at(0.302, 0.5).x()) << "the box is the detection's own";
}

TEST(Tracker, AFalseBoxOfOneFrameLeavesNothing) {
  Feed feed;
  feed.frame({box_at(0.3, 0.5)});
  EXPECT_TRUE(feed.frame({}).empty());
  feed.frame({box_at(0.3, 0.5)});
  EXPECT_EQ(feed.tracks()[0].id(), 2u) << "ids aren't given twice";
}

TEST(Tracker, BoxesBelowTheThresholdsGoOnButBeginNothing) {
  Feed feed;
  EXPECT_TRUE(feed.frame({box_at(0.3, 0.5, 0.05, 0.15, 0.45f)}).empty());
  for (int i = 0; i < 3; ++i) feed.frame({box_at(0.3, 0.5)});
  for (int i = 0; i < 200; ++i) feed.frame({box_at(0.3, 0.5, 0.05, 0.15, 0.42f)});
  ASSERT_EQ(feed.tracks().size(), 1u);
  EXPECT_EQ(feed.tracks()[0].phase(), TrackPhase::Confirmed);
  EXPECT_FLOAT_EQ(feed.tracks()[0].score(), 0.42f);
}

TEST(Tracker, SameOrOlderTimesChangeNothing) {
  Feed feed;
  feed.frame({box_at(0.3, 0.5)});
  feed.frame({box_at(0.3, 0.5)});
  const auto before = feed.tracks();
  EXPECT_FALSE(feed.tracker.update({}, feed.now));
  EXPECT_FALSE(feed.tracker.update({}, feed.now - kMs));
  const std::vector<Detection> others = {box_at(0.8, 0.5)};
  EXPECT_FALSE(feed.tracker.update(others, feed.now));
  ASSERT_EQ(feed.tracks().size(), before.size());
  EXPECT_EQ(std::memcmp(feed.tracks().data(), before.data(), sizeof(Track)), 0);
}

TEST(Tracker, AScoreThatSwingsAcrossTheThresholdIsOneTrack) {
  Feed feed;
  for (int i = 0; i < 60; ++i) {
    feed.frame({box_at(0.3, 0.5, 0.05, 0.15, i % 2 == 0 ? 0.52f : 0.46f)});
    ASSERT_EQ(feed.tracks().size(), 1u);
    EXPECT_EQ(feed.tracks()[0].id(), 1u);
    EXPECT_EQ(feed.tracks()[0].phase(), i == 0 ? TrackPhase::Tentative : TrackPhase::Confirmed);
  }
}

// Two walk towards each other and past; where they are on top of each other there is one box for both.
void cross(std::uint64_t step_ms, bool merged) {
  Feed feed;
  const double speed = 0.10;  // pictures a second; 0.05 wide
  std::uint64_t left = 0, right = 0;
  for (double time = 0; time < 6; time += static_cast<double>(step_ms) / 1000) {
    const double a = 0.2 + speed * time, b = 0.8 - speed * time;
    std::vector<Detection> boxes = {box_at(a, 0.50), box_at(b, 0.52)};
    if (merged && std::abs(a - b) < 0.015) boxes.pop_back();
    feed.frame(boxes, step_ms);
    if (time > 1.5 && left == 0) left = feed.nearest(a).id(), right = feed.nearest(b).id();
  }
  ASSERT_NE(left, right);
  EXPECT_EQ(feed.nearest(0.8).id(), left) << step_ms << " ms";
  EXPECT_EQ(feed.nearest(0.2).id(), right) << step_ms << " ms";
}

TEST(Tracker, CrossingKeepsIds) {
  for (const std::uint64_t step_ms : {33, 100, 333}) cross(step_ms, false);
  for (const std::uint64_t step_ms : {33, 100}) cross(step_ms, true);
}

TEST(Tracker, OneSecondBehindAPillarKeepsTheId) {
  for (const std::uint64_t step_ms : {33, 100, 333}) {
    Feed feed;
    std::uint64_t before = 0;
    std::size_t lost = 0;
    for (double time = 0; time < 5; time += static_cast<double>(step_ms) / 1000) {
      const bool hidden = time > 2 && time < 3;
      feed.frame(hidden ? std::vector<Detection>{} : std::vector{box_at(0.1 + 0.12 * time, 0.5)}, step_ms);
      if (time <= 2) before = feed.tracks()[0].id();
      if (!hidden) continue;
      ++lost;
      const Track track = feed.nearest(0.1 + 0.12 * time, TrackPhase::Lost);
      ASSERT_EQ(track.id(), before);
      EXPECT_NEAR(track.x() + track.width() / 2, 0.1 + 0.12 * time, 0.02) << "it is where it should be by its motion";
    }
    EXPECT_GT(lost, 1u);
    ASSERT_EQ(feed.tracks().size(), 1u) << step_ms << " ms";
    EXPECT_EQ(feed.tracks()[0].id(), before) << step_ms << " ms";
  }
}

TEST(Tracker, WhoIsGoneForLongerIsForgotten) {
  TrackerOptions options;
  options.lost_time = seconds(1);
  Feed feed(options);
  for (int i = 0; i < 10; ++i) feed.frame({box_at(0.5, 0.5)}, 100);
  for (int i = 0; i < 10; ++i) ASSERT_EQ(feed.frame({}, 100).size(), 1u) << i;
  EXPECT_TRUE(feed.frame({}, 100).empty());
}

TEST(Tracker, WhoWalksOutOfThePictureIsForgottenSoon) {
  for (const std::uint64_t step_ms : {33, 100, 333}) {
    Feed feed;
    for (double left = 0.7; left < 0.985; left += 0.12 * static_cast<double>(step_ms) / 1000) {
      const double right = std::min(1.0, left + 0.05);  // its box is cut at the border
      feed.frame({box_at((left + right) / 2, 0.5, right - left)}, step_ms);
    }
    ASSERT_EQ(feed.tracks().size(), 1u);
    const std::uint64_t gone_at = feed.now;
    while (!feed.tracks().empty()) {
      feed.frame({}, step_ms);
      for (const Track& track : feed.tracks()) ASSERT_LE(track.x() + track.width(), 1.0001f);
    }
    EXPECT_LE(feed.now - gone_at, 1000 * kMs) << "long before lost_time, at " << step_ms << " ms";
  }
}

TEST(Tracker, WalksAtThreeResultsASecondAreOneTrack) {
  // Three of its own widths a second: from frame to frame boxes don't overlap.
  Feed feed;
  std::set<std::uint64_t> ids;
  for (int i = 0; i < 16; ++i) {
    feed.frame({box_at(0.1 + 0.05 * i, 0.5)}, 333);
    for (const Track& track : feed.tracks()) ids.insert(track.id());
  }
  EXPECT_EQ(ids.size(), 1u);
}

TEST(Tracker, RatesMayChange) {
  Feed feed;
  std::set<std::uint64_t> ids;
  double time = 0;
  for (int i = 0; i < 120; ++i) {
    const std::uint64_t step_ms = i < 5 || i > 80 ? 333 : i % 3 == 0 ? 33 : 66;
    time += static_cast<double>(step_ms) / 1000;
    feed.frame({box_at(0.05 + 0.03 * time, 0.3), box_at(0.95 - 0.03 * time, 0.7)}, step_ms);
    for (const Track& track : feed.tracks()) ids.insert(track.id());
  }
  EXPECT_EQ(ids.size(), 2u);
  EXPECT_NEAR(feed.nearest(0.05 + 0.03 * time).velocity_x(), 0.03f, 0.005f);
}

TEST(Tracker, TwoBoxesOnOneObjectAreOneTrack) {
  Feed feed;
  std::set<std::uint64_t> ids;
  std::mt19937 random(1);
  for (int i = 0; i < 100; ++i) {
    const double x = 0.2 + 0.005 * i, off = static_cast<double>(random() % 100) / 100 * 0.006;
    std::vector<Detection> boxes = {box_at(x, 0.5, 0.05, 0.15, 0.9f), box_at(x + off, 0.505, 0.052, 0.15, 0.7f),
                                    box_at(x, 0.5, 0.05, 0.15, 0.6f, 7)};
    if (i % 2 == 0) std::swap(boxes[0], boxes[1]);
    feed.frame(boxes);
    for (const Track& track : feed.tracks()) ids.insert(track.id());
  }
  EXPECT_EQ(ids.size(), 1u);
  EXPECT_EQ(feed.tracks()[0].class_id(), 0u);
}

TEST(Tracker, AnotherClassForAMomentIsTheSameObject) {
  Feed feed;
  for (int i = 0; i < 60; ++i) {
    feed.frame({box_at(0.3 + 0.002 * i, 0.5, 0.2, 0.15, 0.7f, i % 4 == 3 ? 7 : 2)});
    ASSERT_EQ(feed.tracks().size(), 1u);
    EXPECT_EQ(feed.tracks()[0].class_id(), 2u);
    EXPECT_EQ(feed.tracks()[0].id(), 1u);
  }
  for (int i = 0; i < 60; ++i) feed.frame({box_at(0.42, 0.5, 0.2, 0.15, 0.7f, 7)});
  EXPECT_EQ(feed.tracks()[0].class_id(), 7u) << "who is a truck for long is a truck";
  EXPECT_EQ(feed.tracks()[0].id(), 1u);
}

TEST(Tracker, ADogBesideItsOwnerHasItsOwnTrack) {
  Feed feed;
  for (int i = 0; i < 20; ++i)
    feed.frame({box_at(0.3 + 0.004 * i, 0.5, 0.08, 0.3, 0.9f, 0), box_at(0.31 + 0.004 * i, 0.6, 0.06, 0.1, 0.8f, 16)});
  ASSERT_EQ(feed.tracks().size(), 2u);
  EXPECT_EQ(feed.tracks()[0].class_id() + feed.tracks()[1].class_id(), 16);
}

TEST(Tracker, ABicycleAndItsRiderAreTwo) {
  Feed feed;
  for (int i = 0; i < 20; ++i)  // an IoU of 0.6
    feed.frame({box_at(0.3 + 0.01 * i, 0.5, 0.08, 0.2, 0.9f, 0), box_at(0.3 + 0.01 * i, 0.54, 0.09, 0.16, 0.8f, 1)});
  ASSERT_EQ(feed.tracks().size(), 2u);
  EXPECT_EQ(feed.tracks()[0].class_id() + feed.tracks()[1].class_id(), 1);
}

TEST(Tracker, TracksStayInThePictureAndWithinTheirNumber) {
  Feed feed;
  std::mt19937 random(5);
  const auto part = [&] { return static_cast<float>(random() % 10'001) / 10'000; };
  for (int frame = 0; frame < 30; ++frame) {
    std::vector<Detection> boxes;
    for (std::size_t i = 0; i < kMaxDetections; ++i) {
      const float x = part(), y = part();
      boxes.emplace_back(x, y, part() * (1 - x), part() * (1 - y), part(), static_cast<std::uint16_t>(random() % 3),
                         std::uint16_t{0});
    }
    const auto tracks = feed.frame(boxes, random() % 400 + 1);
    std::vector<std::byte> slot(kTracksSlotBytes);
    slot.resize(write_tracks(slot, TracksInfo{}, tracks));
    Tracks read;
    const Result<> good = read_tracks(slot, read);
    ASSERT_TRUE(good.ok()) << good.error().text;
    for (std::size_t i = 1; i < tracks.size(); ++i) ASSERT_LT(tracks[i - 1].id(), tracks[i].id());
  }
}

TEST(Tracker, SameInputSameBytes) {
  const auto run = [] {
    Feed feed;
    std::mt19937 random(9);
    std::vector<Track> all;
    for (int i = 0; i < 300; ++i) {
      std::vector<Detection> boxes;
      for (int object = 0; object < 12; ++object)
        if (random() % 10 != 0)
          boxes.push_back(box_at(0.1 + 0.06 * object + 0.0005 * i, 0.3 + static_cast<double>(random() % 100) / 20'000));
      for (const Track& track : feed.frame(boxes, 30 + random() % 50)) all.push_back(track);
    }
    return all;
  };
  const auto one = run(), two = run();
  ASSERT_EQ(one.size(), two.size());
  EXPECT_GT(one.size(), 3000u);
  EXPECT_EQ(std::memcmp(one.data(), two.data(), one.size() * sizeof(Track)), 0);
}

}  // namespace
}  // namespace vedette::track
