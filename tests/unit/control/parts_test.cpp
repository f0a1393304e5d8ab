// The parts of vedette-control that need no process: records, targets, liveness.
#include <gtest/gtest.h>

#include <random>

#include "control/liveness.h"
#include "control/records.h"
#include "control/targets.h"

namespace vedette::control {
namespace {

Detection box(std::uint16_t class_id, float score) { return Detection(0.1f, 0.1f, 0.2f, 0.4f, score, class_id, 0); }

TEST(Targets, CountsConfiguredClassesFromTheThresholdOn) {
  TargetFilter filter({"person", "dog"}, 0.5f);
  EXPECT_EQ(filter.count({box(0, 0.9f)}).count, 0u) << "no names yet";
  EXPECT_TRUE(filter.set_names("person\ncar\ndog").empty());
  const auto targets = filter.count({box(0, 0.5f), box(0, 0.49f), box(1, 0.99f), box(2, 0.7f), box(3, 0.9f), box(65535, 0.9f)});
  EXPECT_EQ(targets.count, 2u);
  EXPECT_EQ(targets.label, "dog");
  EXPECT_FLOAT_EQ(targets.score, 0.7f);
}

TEST(Targets, TellsOnceWhichClassesTheModelLacks) {
  TargetFilter filter({"person", "unicorn"}, 0.5f);
  EXPECT_EQ(filter.set_names("person\ncar\n"), std::vector<std::string>{"unicorn"});
  EXPECT_TRUE(filter.set_names("person\ncar\n").empty());
  EXPECT_TRUE(filter.set_names("unicorn\nperson").empty());
  EXPECT_EQ(filter.count({box(0, 0.9f)}).label, "unicorn");
}

TEST(LivenessOf, AStageIsLostOnceAndBackOnce) {
  constexpr std::uint64_t kSecond = 1'000'000'000;
  Liveness liveness(std::chrono::seconds(15), 100 * kSecond);
  EXPECT_EQ(liveness.update(false, 114 * kSecond), Liveness::Edge::kNone) << "it may still be starting";
  EXPECT_EQ(liveness.update(false, 115 * kSecond), Liveness::Edge::kLost);
  EXPECT_EQ(liveness.update(false, 116 * kSecond), Liveness::Edge::kNone);
  EXPECT_EQ(liveness.update(true, 117 * kSecond), Liveness::Edge::kBack);
  EXPECT_EQ(liveness.update(true, 118 * kSecond), Liveness::Edge::kNone);
  EXPECT_EQ(liveness.update(false, 119 * kSecond), Liveness::Edge::kLost) << "seen before: no grace";
  Liveness seen(std::chrono::seconds(15), 0);
  EXPECT_EQ(seen.update(true, 1), Liveness::Edge::kNone) << "not lost before, so not back";
  Liveness resumed(std::chrono::seconds(15), 0);
  resumed.resume_lost();
  EXPECT_EQ(resumed.update(false, 20 * kSecond), Liveness::Edge::kNone) << "told by the predecessor";
  EXPECT_EQ(resumed.update(true, 21 * kSecond), Liveness::Edge::kBack);
}

TEST(Records, SurviveTheRoundTrip) {
  const CameraState state{Mode::Tracking, Mode::Validation, 11, 12, true, 13, 14, true};
  const CameraState back = decode_state(encode(state)).value();
  EXPECT_EQ(back.mode, state.mode);
  EXPECT_EQ(back.previous_mode, state.previous_mode);
  EXPECT_EQ(back.since_ns, 11u);
  EXPECT_EQ(back.heartbeat_at_ns, 12u);
  EXPECT_TRUE(back.paused && back.detections_stale);
  EXPECT_EQ(back.last_frame_id, 13u);
  EXPECT_EQ(back.targets, 14u);
  const DesiredState desired = decode_control(encode(DesiredState{Mode::Validation, 2.5f, true, 42, 43, true})).value();
  EXPECT_EQ(desired.mode, Mode::Validation);
  EXPECT_FLOAT_EQ(desired.detect_fps, 2.5f);
  EXPECT_EQ(desired.session, 42u);
  EXPECT_TRUE(desired.forced);
  EventRecord event;
  event.text = std::string(100'000, 'x');
  EXPECT_LE(encode(event).size(), kMaxRecordBytes);
}

TEST(Records, HostileBytesAreRefusedOrSane) {
  std::mt19937 random(5);
  const Bytes good = encode(DesiredState{Mode::Tracking, 2.5f, true, 42, 43});
  int refused = 0;
  for (int i = 0; i < 20'000; ++i) {
    Bytes bad = good;
    for (int change = 0; change < 3; ++change) bad[random() % bad.size()] = static_cast<std::byte>(random());
    bad.resize(random() % (bad.size() + 1));
    const auto record = decode_control(bad);
    if (!record)
      ++refused;
    else
      EXPECT_LE(record->mode, Mode::MAX);
    (void)decode_state(bad).ok();
    (void)decode_command(bad).ok();
  }
  EXPECT_GT(refused, 10'000);
  EXPECT_FALSE(decode_control({}));
}

}  // namespace
}  // namespace vedette::control
