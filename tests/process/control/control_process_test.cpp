// vedette-control as a process: modes and events from synthetic detections, restarts, lost stages, commands.
#include <sys/stat.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <random>
#include <set>

#include "process/control/control_fixture.h"
#include "schema/motion.h"

namespace vedette::test {
namespace {

using schema::CommandKind;
using schema::EventKind;
using std::chrono::milliseconds;

TEST_F(ControlTest, FollowsAPersonThroughAllModes) {
  start();
  EXPECT_EQ(state().mode, Mode::Standby);
  EXPECT_EQ(desired().detect_fps, 3.0f);
  std::set<std::uint64_t> ids;
  ASSERT_TRUE(eventually([&] {
    ids.insert(stages->step(2));
    std::this_thread::sleep_for(milliseconds(15));
    return state().mode == Mode::Tracking;
  }));
  EXPECT_EQ(state().targets, 2u);
  EXPECT_EQ(state().previous_mode, Mode::Validation);
  EXPECT_TRUE(eventually([&] { return desired().mode == Mode::Tracking && desired().detect_fps == 30.0f; }));
  ASSERT_TRUE(eventually([&] { return count_events(EventKind::Alarm) == 1; }));
  const std::vector<control::EventRecord> all = events();
  const control::EventRecord alarm =
      *std::find_if(all.begin(), all.end(), [](const auto& event) { return event.kind == EventKind::Alarm; });
  EXPECT_TRUE(ids.contains(alarm.frame_id));
  EXPECT_EQ(alarm.label, "person");
  EXPECT_FLOAT_EQ(alarm.score, 0.82f);
  EXPECT_EQ(alarm.text, "person 0.82 (frame " + std::to_string(alarm.frame_id) + ")");
  EXPECT_TRUE(program_->wait_log("event front alarm: " + alarm.text + "\n"));

  ASSERT_TRUE(play_until_mode(0, Mode::Standby));
  EXPECT_TRUE(eventually([&] { return count_events(EventKind::Standby) == 1; }));
  EXPECT_EQ(count_events(EventKind::Alarm), 1);
  EXPECT_TRUE(eventually([&] { return desired().mode == Mode::Standby && desired().detect_fps == 3.0f; }));
  program_->signal(SIGTERM);
  EXPECT_EQ(program_->wait_exit(), 0);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "bus" / "control.sock"));
}

TEST_F(ControlTest, CountsNoResultTwice) {
  start();
  const std::uint64_t first = stages->step(1);
  ASSERT_TRUE(eventually([&] { return state().mode == Mode::Validation; }));
  for (int i = 0; i < 40; ++i) {
    stages->publish_detections(first, 1);       // again
    stages->publish_detections(first - 10, 1);  // older
    std::this_thread::sleep_for(milliseconds(5));
  }
  stages->step(1, std::chrono::seconds(3));  // stale
  const std::uint64_t second = stages->step(1);
  ASSERT_TRUE(eventually([&] { return state().last_frame_id == second; }));
  EXPECT_EQ(state().mode, Mode::Validation) << "two frames counted where three are asked for";
  program_->signal(SIGTERM);
  EXPECT_EQ(program_->wait_exit(), 0);
  EXPECT_TRUE(program_->wait_log("front: 2 results counted; 80 repeated, 1 stale, 0 missed, 0 corrupt")) << program_->log();
}

TEST_F(ControlTest, AStillPictureIsASignOfLifeAndNothingElse) {
  start();
  stages->step(0);
  const std::uint64_t begun = monotonic_ns();
  ASSERT_TRUE(eventually([&] {
    stages->step_motion(true);
    std::this_thread::sleep_for(milliseconds(15));
    EXPECT_FALSE(state().detections_stale);
    return monotonic_ns() - begun > 4'000'000'000;  // twice what a detector may be silent
  }));
  EXPECT_TRUE(state().still);
  EXPECT_EQ(state().mode, Mode::Standby);
  EXPECT_EQ(count_events(EventKind::DetectorLost), 0);

  const std::uint64_t seen = stages->step_motion(false);
  ASSERT_TRUE(eventually([&] { return !state().still; })) << "it moves";
  stages->publish_detections(seen, 1);
  ASSERT_TRUE(eventually([&] { return state().mode == Mode::Validation; }));
  program_->signal(SIGTERM);
  EXPECT_EQ(program_->wait_exit(), 0);
  EXPECT_TRUE(program_->wait_log("front: 2 results counted; 0 repeated, 0 stale, 0 missed, 0 corrupt; ")) << program_->log();
}

TEST_F(ControlTest, AStillFrameIsNoFrameWithoutATarget) {
  start();
  ASSERT_TRUE(play_until_mode(1, Mode::Tracking));
  // Detect hears of a mode a moment later than control decides it. More than lose_frames, longer than lose_time.
  for (int i = 0; i < 40; ++i) {
    stages->step_motion(true);
    std::this_thread::sleep_for(milliseconds(15));
  }
  EXPECT_EQ(state().mode, Mode::Tracking);
  EXPECT_FALSE(state().still);
  ASSERT_TRUE(play_until_mode(0, Mode::Standby));
  EXPECT_FALSE(state().still);
  stages->step_motion(true);
  EXPECT_TRUE(eventually([&] { return state().still; }));
  stages->detections->beat();
  EXPECT_TRUE(eventually([&] { return state().detections_stale; })) << "detect has died";
  EXPECT_FALSE(state().still);
}

TEST_F(ControlTest, ADamagedMotionRecordIsSkipped) {
  start();
  auto loan = stages->motion->loan();
  ASSERT_TRUE(loan.has_value());
  MotionInfo info{};
  info.mutate_columns(0xffff);
  info.mutate_rows(0xffff);
  info.mutate_model_skipped(1);
  std::memcpy(loan->bytes().data(), &info, sizeof info);
  stages->motion->publish(std::move(*loan), stages->publish_frame(), sizeof info);
  EXPECT_TRUE(program_->wait_log("front: skips a motion record: motion record: ")) << program_->log();
  EXPECT_FALSE(state_after(monotonic_ns()).still);
}

TEST_F(ControlTest, ARestartCountsNothingTwice) {
  start();
  stages->step(1);
  const std::uint64_t second = stages->step(1);
  ASSERT_TRUE(eventually([&] { return state().last_frame_id == second; }));
  std::this_thread::sleep_for(milliseconds(150));  // long enough for the alarm, if only frames were enough
  program_->kill();
  start();
  EXPECT_TRUE(program_->wait_log("front: goes on in validation"));
  const std::uint64_t started = monotonic_ns();
  EXPECT_EQ(state_after(started).mode, Mode::Validation);
  EXPECT_EQ(state().last_frame_id, second);
  const std::uint64_t third = stages->step(1);
  ASSERT_TRUE(eventually([&] { return state().last_frame_id == third; }));
  EXPECT_EQ(state().mode, Mode::Validation);
  EXPECT_EQ(count_events(EventKind::Alarm), 0);
}

TEST_F(ControlTest, KilledAtAnyTimeItGoesOnInModeAndSession) {
  start();
  const std::uint64_t session = desired().session;
  EXPECT_GT(session, 1'600'000'000u);
  ASSERT_TRUE(play_until_mode(1, Mode::Tracking));
  std::mt19937 random(11);
  std::uint64_t newest = state().last_frame_id;
  for (int round = 0; round < 12; ++round) {
    const std::uint64_t until = monotonic_ns() + random() % 60'000'000;
    ASSERT_TRUE(play_until(1, [&] { return monotonic_ns() > until; }));
    program_->kill();
    const std::uint64_t killed = monotonic_ns();
    start();
    ASSERT_TRUE(play_until(1, [&] { return state().heartbeat_at_ns > killed; }));
    EXPECT_EQ(state().mode, Mode::Tracking) << "round " << round;
    EXPECT_GE(state().last_frame_id, newest);
    newest = state().last_frame_id;
    ASSERT_TRUE(eventually([&] { return desired().heartbeat_at_ns > killed; }));
    EXPECT_EQ(desired().session, session);
    EXPECT_EQ(desired().mode, Mode::Tracking);
  }
  EXPECT_EQ(count_events(EventKind::Alarm), 1) << "one person, one alarm, whatever dies";
  std::set<std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_ / "bus"))
    if (!entry.is_directory()) files.insert(entry.path().filename());
  std::set<std::string> expected{"control.sock"};
  for (const std::string topic : {"control", "state", "events", "tracks", "frames", "detections", "motion"})
    expected.insert({topic, topic + ".leases", topic + ".lock"});
  EXPECT_EQ(files, expected) << "nothing may be left behind by those killed";
  ASSERT_TRUE(play_until_mode(0, Mode::Standby));
  EXPECT_TRUE(eventually([&] { return count_events(EventKind::Standby) == 1; }));
}

TEST_F(ControlTest, TellsOnceThatTheDetectorIsLostAndOnceThatItIsBack) {
  start();
  ASSERT_TRUE(play_until(0, [&] { return state().last_frame_id != 0 && !state().detections_stale; }));
  // Frames go on, the detector hangs: no beat any more.
  ASSERT_TRUE(eventually([&] {
    stages->publish_frame();
    std::this_thread::sleep_for(milliseconds(15));
    return count_events(EventKind::DetectorLost) == 1;
  }));
  EXPECT_TRUE(state().detections_stale);
  EXPECT_TRUE(events().back().text == "no sign of life of detect" || events().back().text == "no new result");
  ASSERT_TRUE(play_until(0, [&] { return count_events(EventKind::DetectorBack) == 1; }));
  EXPECT_FALSE(state_after(monotonic_ns()).detections_stale);
  // It lives, but no result comes.
  ASSERT_TRUE(eventually([&] {
    stages->publish_frame();
    stages->detections->beat();
    std::this_thread::sleep_for(milliseconds(15));
    return count_events(EventKind::DetectorLost) == 2;
  }));
  EXPECT_EQ(events().back().text, "no new result");
  ASSERT_TRUE(play_until(0, [&] { return count_events(EventKind::DetectorBack) == 2; }));
  EXPECT_EQ(count_events(EventKind::CameraLost), 0);
  EXPECT_EQ(program_->count_log("event front detector_lost: "), 2);
  EXPECT_EQ(program_->count_log("event front detector_back: "), 2);
}

TEST_F(ControlTest, TellsOnceThatTheCameraIsLostAndOnceThatItIsBack) {
  start();
  ASSERT_TRUE(play_until(0, [&] { return state().last_frame_id != 0; }));
  // Capture is gone, its files too; detect lives and has nothing to do.
  stages->frames->remove();
  stages->frames.reset();
  ASSERT_TRUE(eventually([&] {
    stages->detections->beat();
    std::this_thread::sleep_for(milliseconds(15));
    return count_events(EventKind::CameraLost) == 1;
  }));
  EXPECT_EQ(count_events(EventKind::DetectorLost), 0) << "the detector isn't to blame";
  stages.reset();
  stages = std::make_unique<Stages>(*dir_);
  ASSERT_TRUE(play_until(0, [&] { return count_events(EventKind::CameraBack) == 1; }));
  // Capture beats, but the camera gives no picture.
  ASSERT_TRUE(eventually([&] {
    stages->frames->beat();
    stages->detections->beat();
    std::this_thread::sleep_for(milliseconds(15));
    return count_events(EventKind::CameraLost) == 2;
  }));
  EXPECT_EQ(events().back().text, "no new frame");
  program_->kill();
  start();
  ASSERT_TRUE(play_until(0, [&] { return count_events(EventKind::CameraBack) == 2; })) << "whoever told that it is lost";
  EXPECT_EQ(count_events(EventKind::CameraLost), 2);
  EXPECT_EQ(count_events(EventKind::DetectorLost), 0);
}

TEST_F(ControlTest, TellsWhatAnotherStageHasToTell) {
  start();
  Commander commander(folder_ / "bus");
  ASSERT_TRUE(commander.connected());
  ASSERT_TRUE(commander.send({"front", CommandKind::Tell, Mode::Standby, "recording_stopped", "the disk is full"})->ok);
  ASSERT_TRUE(commander.send({"front", CommandKind::Tell, Mode::Standby, "recording_back", "there is room again"})->ok);
  ASSERT_TRUE(eventually([&] { return count_events(EventKind::RecordingBack) == 1; }));
  EXPECT_EQ(count_events(EventKind::RecordingStopped), 1);
  EXPECT_EQ(events().back().text, "there is room again");
  const auto refused = commander.send({"front", CommandKind::Tell, Mode::Standby, "alarm", "fire"});
  ASSERT_TRUE(refused);
  EXPECT_FALSE(refused->ok);
  EXPECT_EQ(refused->text, "event \"alarm\"; expected recording_stopped or recording_back");
  EXPECT_EQ(count_events(EventKind::Alarm), 0);
}

TEST_F(ControlTest, ObeysCommands) {
  start();
  Commander commander(folder_ / "bus");
  ASSERT_TRUE(commander.connected());
  ASSERT_TRUE(play_until_mode(1, Mode::Tracking));

  auto answer = commander.send(CommandKind::Pause);
  ASSERT_TRUE(answer && answer->ok);
  ASSERT_TRUE(eventually([&] { return desired().paused && state().paused && state().mode == Mode::Standby; }));
  EXPECT_TRUE(eventually([&] { return count_events(EventKind::Standby) == 1; }));
  const std::uint64_t counted = state().last_frame_id;
  for (int i = 0; i < 20; ++i) stages->step(1);
  EXPECT_EQ(state_after(monotonic_ns()).last_frame_id, counted) << "paused: nothing counts";
  program_->kill();
  start();
  EXPECT_TRUE(state_after(monotonic_ns()).paused) << "a restart must not end a pause";

  Commander again(folder_ / "bus");  // the old socket file was replaced
  ASSERT_TRUE(again.connected());
  answer = again.send(CommandKind::Resume);
  ASSERT_TRUE(answer && answer->ok);
  ASSERT_TRUE(play_until_mode(1, Mode::Tracking));

  ASSERT_TRUE(again.send(CommandKind::ForceMode, Mode::Standby)->ok);
  ASSERT_TRUE(eventually([&] { return state().mode == Mode::Standby; }));
  const std::uint64_t forced = state().last_frame_id;
  ASSERT_TRUE(play_until(1, [&] { return state().last_frame_id > forced + 20; }));
  EXPECT_EQ(state().mode, Mode::Standby) << "forced holds";
  ASSERT_TRUE(again.send(CommandKind::AutoMode)->ok);
  ASSERT_TRUE(play_until_mode(1, Mode::Tracking));

  const std::uint64_t session = desired().session;
  ASSERT_TRUE(again.send(CommandKind::Respawn)->ok);
  EXPECT_TRUE(eventually([&] { return desired().session == session + 1; }));
  EXPECT_EQ(state().mode, Mode::Tracking);
}

TEST_F(ControlTest, AForcedModeSurvivesARestart) {
  start();
  ASSERT_TRUE(Commander(folder_ / "bus").send(CommandKind::ForceMode, Mode::Tracking)->ok);
  ASSERT_TRUE(eventually([&] { return desired().mode == Mode::Tracking && desired().forced; }));
  program_->kill();
  const std::uint64_t killed = monotonic_ns();
  start();
  ASSERT_TRUE(eventually([&] { return desired().heartbeat_at_ns > killed; }));
  EXPECT_TRUE(desired().forced);
  const std::uint64_t before = state_after(killed).last_frame_id;
  // Without the force, far more than lose_frames over lose_time without anybody would end Tracking.
  const std::uint64_t until = monotonic_ns() + 1'000'000'000;
  ASSERT_TRUE(play_until(0, [&] { return monotonic_ns() > until && state().last_frame_id > before + 20; }));
  EXPECT_EQ(state().mode, Mode::Tracking);
  EXPECT_EQ(count_events(EventKind::Standby), 0);
  ASSERT_TRUE(Commander(folder_ / "bus").send(CommandKind::AutoMode)->ok);
  ASSERT_TRUE(play_until_mode(0, Mode::Standby));
  EXPECT_FALSE(desired().forced);
}

TEST_F(ControlTest, AnswersRubbishAndGoesOn) {
  start();
  Commander commander(folder_ / "bus");
  ASSERT_TRUE(commander.connected());
  auto answer = commander.send(CommandKind::Pause, Mode::Standby, "back");
  ASSERT_TRUE(answer);
  EXPECT_FALSE(answer->ok);
  EXPECT_EQ(answer->text, "no camera \"back\"; expected one of front");
  answer = commander.send(static_cast<CommandKind>(99));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->text, "command has kind 99, which there isn't");
  answer = commander.send(CommandKind::ForceMode, static_cast<Mode>(7));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->text, "command has mode 7, which there isn't");
  answer = commander.send(control::Bytes(70'000));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->text, "packet of 70000 bytes; expected a Command of at most 65536");
  // A command, changed at random.
  std::mt19937 random(3);
  const control::Bytes good = stage::encode({"front", CommandKind::AutoMode, Mode::Standby, "", ""});
  for (int i = 0; i < 100; ++i) {
    control::Bytes bad = good;
    for (int change = 0; change < 4; ++change) bad[random() % bad.size()] = static_cast<std::byte>(random());
    if (random() % 4 == 0) bad.resize(1 + random() % bad.size());
    ASSERT_TRUE(commander.send(bad)) << "each packet gets its Reply";
  }
  // Clients that come and go, or never read.
  for (int i = 0; i < 100; ++i) Commander(folder_ / "bus");
  EXPECT_TRUE(Commander(folder_ / "bus").send(good)->ok);
  EXPECT_EQ(state_after(monotonic_ns()).mode, state().mode);
  program_->signal(SIGTERM);
  EXPECT_EQ(program_->wait_exit(), 0);
}

TEST_F(ControlTest, SocketIsForOwnerAndGroup) {
  start();
  struct stat info {};
  ASSERT_EQ(::stat((folder_ / "bus" / "control.sock").c_str(), &info), 0);
  EXPECT_TRUE(S_ISSOCK(info.st_mode));
  EXPECT_EQ(info.st_mode & 0777u, 0660u);
}

TEST_F(ControlTest, ASecondOneIsRefusedInOneSentence) {
  start();
  Program second({VEDETTE_CONTROL, "--config", folder_ / "vedette.yaml", "--bus-dir", folder_ / "bus"});
  EXPECT_EQ(second.wait_exit(), 1);
  EXPECT_TRUE(eventually([&] { return second.count_log("\n") == 1; })) << second.log();
  EXPECT_EQ(count_events(EventKind::Alarm), 0);
  EXPECT_TRUE(Commander(folder_ / "bus").connected()) << "the first one still listens";
}

TEST_F(ControlTest, BadConfigurationAndBadBusDirEndItAtOnce) {
  Program bad_key({VEDETTE_CONTROL, "--config", folder_ / "vedette.yaml", "--set", "sentry.lose_tme=1s"});
  EXPECT_EQ(bad_key.wait_exit(), 78);
  EXPECT_TRUE(bad_key.wait_log("--set: sentry.lose_tme: unknown key; expected \"lose_time\"?"));
  Program bad_dir({VEDETTE_CONTROL, "--config", folder_ / "vedette.yaml", "--bus-dir", "/proc/here"});
  EXPECT_EQ(bad_dir.wait_exit(), 78);
  EXPECT_TRUE(bad_dir.wait_log("/proc/here"));
}

}  // namespace
}  // namespace vedette::test
