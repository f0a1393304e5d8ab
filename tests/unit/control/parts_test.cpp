// The parts of vedette-control that need no process: records, liveness.
#include <gtest/gtest.h>

#include <random>

#include "control/liveness.h"
#include "control/records.h"

namespace vedette::control {
namespace {

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
  CameraState state{Mode::Tracking, Mode::Validation, 11, 12, true, 13, 14, true};
  state.forced = true;
  const CameraState back = decode_state(encode(state)).value();
  EXPECT_EQ(back.mode, state.mode);
  EXPECT_EQ(back.previous_mode, state.previous_mode);
  EXPECT_EQ(back.since_ns, 11u);
  EXPECT_EQ(back.heartbeat_at_ns, 12u);
  EXPECT_TRUE(back.paused && back.detections_stale && back.forced);
  EXPECT_EQ(back.last_frame_id, 13u);
  EXPECT_EQ(back.targets, 14u);
  const DesiredState desired = decode_control(encode(DesiredState{Mode::Validation, 2.5f, true, 42, 43, true})).value();
  EXPECT_EQ(desired.mode, Mode::Validation);
  EXPECT_FLOAT_EQ(desired.detect_fps, 2.5f);
  EXPECT_EQ(desired.session, 42u);
  EXPECT_TRUE(desired.forced);
  EXPECT_TRUE(desired.detecting);
  EXPECT_FALSE(decode_control(encode(DesiredState{Mode::Standby, 0.0f, false, 1, 2, false, false}))->detecting);
}

TEST(Records, AnEventSurvivesTheRoundTrip) {
  EventRecord event;
  event.id = 7;
  event.kind = schema::EventKind::Object;
  event.phase = schema::EventPhase::Update;
  event.rule = "loitering";
  event.zone = "door";
  event.label = "person";
  event.track_id = 8;
  event.started_at_ns = 9;
  event.started_wall_at_ns = 10;
  event.best_frame_id = 11;
  event.best_captured_at_ns = 12;
  event.height = 0.5f;
  const EventRecord back = decode_event(encode(event)).value();
  EXPECT_EQ(back.id, 7u);
  EXPECT_EQ(back.kind, schema::EventKind::Object);
  EXPECT_EQ(back.phase, schema::EventPhase::Update);
  EXPECT_EQ(back.rule + back.zone + back.label, "loiteringdoorperson");
  EXPECT_EQ(back.track_id, 8u);
  EXPECT_EQ(back.started_at_ns, 9u);
  EXPECT_EQ(back.started_wall_at_ns, 10u);
  EXPECT_EQ(back.best_frame_id, 11u);
  EXPECT_EQ(back.best_captured_at_ns, 12u);
  EXPECT_EQ(back.height, 0.5f);
  event.text = event.rule = event.label = event.zone = std::string(100'000, 'x');
  EXPECT_LE(encode(event).size(), kMaxRecordBytes);
}

TEST(Records, CountsFillARecordAtMost) {
  CameraState state;
  for (int i = 0; i < 500; ++i)
    state.counts.push_back({"zone" + std::to_string(i), "person", static_cast<std::uint32_t>(i), 2, 3});
  const Bytes bytes = encode(state);
  EXPECT_LE(bytes.size(), kMaxRecordBytes);
  const CameraState back = decode_state(bytes).value();
  ASSERT_GT(back.counts.size(), 30u);
  for (std::size_t i = 0; i < back.counts.size(); ++i) EXPECT_EQ(back.counts[i], state.counts[i]);
}

TEST(Records, CountsOfSharedNamesFillARecordAtMostAndLinesComeFirst) {
  CameraState state;
  for (int zone = 0; zone < 17; ++zone)
    for (int label = 0; label < 20; ++label)
      state.counts.push_back({std::string(1, static_cast<char>('a' + zone)), "class" + std::to_string(label), 1, 0, 0});
  state.counts.push_back({"gate", "person", 0, 5, 6});
  state.counts.push_back({"gate", std::string(3000, 'x'), 0, 7, 8});
  const Bytes bytes = encode(state);
  EXPECT_LE(bytes.size(), kMaxRecordBytes);
  const CameraState back = decode_state(bytes).value();
  ASSERT_GT(back.counts.size(), 60u);
  EXPECT_EQ(back.counts[0].into, 5u);
  EXPECT_EQ(back.counts[1].into, 7u);
  EXPECT_EQ(back.counts[2], state.counts[0]);
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
    (void)decode_event(bad).ok();
  }
  EXPECT_GT(refused, 10'000);
  EXPECT_FALSE(decode_control({}));
}

}  // namespace
}  // namespace vedette::control
