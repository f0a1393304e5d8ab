// SIGKILL, to any stage and to the supervisor itself, while a clip with 30 frames a second runs.
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <random>

#include "process/system/expectations.h"

namespace vedette::test {
namespace {

const std::vector<std::string> kStages = {"vedette-detect", "vedette-control", "vedette-gateway", "vedette-record"};

// Another process of that program than `before`.
std::optional<pid_t> wait_successor(const System& system, const std::string& program, pid_t before) {
  std::optional<pid_t> found;
  wait_until([&] { return (found = system.stage(program)) && *found != before; });
  return found && *found != before ? found : std::nullopt;
}

std::map<std::string, pid_t> by_name(const std::vector<ChildProcess>& children) {
  std::map<std::string, pid_t> pids;
  for (const ChildProcess& child : children) pids[child.name] = child.pid;
  return pids;
}

TEST(SystemKill, TwentyKillsAtRandomCostTheCameraNothing) {
  VD_NEED_MODEL_AND_CLIP();
  const char* chosen = std::getenv("VEDETTE_SEED");  // to see a failure again
  const unsigned seed = chosen != nullptr ? static_cast<unsigned>(std::atol(chosen)) : std::random_device{}();
  std::cout << "seed " << seed << std::endl;
  std::mt19937 random(seed);

  System system({.cameras = {{"front", moving_clip()}}});
  system.start();
  ASSERT_TRUE(system.wait_ready()) << system.up().err();
  FrameWatch frames(system.bus(), "front");
  ASSERT_TRUE(frames.since(0));
  const auto files = system.all_bus_files();
  const auto readers = system.settled_bus_readers();
  ASSERT_GE(readers.at("front/detections.leases"), 2);  // control, gateway

  RateCheck rate(frames);
  for (int i = 0; i < 20; ++i) {
    const std::string& program = kStages[random() % kStages.size()];
    const std::uint64_t patience_ns = random() % 600 * 1'000'000;
    std::optional<pid_t> victim;
    std::uint64_t found_ns = 0;
    rate.run([&] {  // it is there, has run for a while, is killed, is gone
      if (!victim && (victim = system.stage(program))) found_ns = monotonic_ns();
      if (!victim || monotonic_ns() - found_ns < patience_ns) return false;
      ::kill(*victim, SIGKILL);
      return has_ended(*victim);
    });
    ASSERT_TRUE(victim) << program << " is not restarted\n" << system.up().err();
    ASSERT_TRUE(has_ended(*victim));
  }
  const std::uint64_t end_ns = monotonic_ns();
  rate.expect_held(5.0);

  EXPECT_TRUE(wait_until([&] { return system.answers("/readyz"); })) << system.up().err();
  EXPECT_TRUE(system.answers("/healthz"));
  DetectionWatch detections(system.bus(), "front");
  EXPECT_TRUE(detections.since(end_ns));
  EXPECT_TRUE(wait_until([&] {
    auto now = system.bus_readers();
    now["front/detections.leases"] -= 1;  // our own
    return now == readers;
  })) << "reader entries leak";
  EXPECT_TRUE(wait_until([&] { return system.bus_files() == files; }))
      << ::testing::PrintToString(system.bus_files()) << "\nand before\n"
      << ::testing::PrintToString(files);
}

TEST(SystemKill, CaptureComesBackWithinThreeSecondsAndTheOthersStay) {
  VD_NEED_MODEL_AND_CLIP();
  System system({.cameras = {{"front", moving_clip()}}, .set = {"supervise.backoff_min=200ms", "supervise.backoff_max=10s"}});
  system.start();
  ASSERT_TRUE(system.wait_ready()) << system.up().err();
  FrameWatch frames(system.bus(), "front");
  const auto before = frames.since(0);
  ASSERT_TRUE(before);
  auto others = by_name(system.stages());
  const pid_t capture = others.at("vedette-capture");
  others.erase("vedette-capture");

  ::kill(capture, SIGKILL);
  const std::uint64_t killed_ns = monotonic_ns();
  ASSERT_TRUE(wait_successor(system, "vedette-capture", capture));
  // Captured after the death for sure: what the dead one published lies before it.
  const auto after = frames.since(killed_ns);
  ASSERT_TRUE(after) << system.up().err();
  EXPECT_LT(after->captured_at_ns - killed_ns, 3'000'000'000u);  // what the user was promised
  EXPECT_GT(after->frame_id, before->frame_id);
  EXPECT_GT(after->sequence, before->sequence);

  DetectionWatch detections(system.bus(), "front");
  EXPECT_TRUE(detections.since(after->captured_at_ns));
  EXPECT_TRUE(wait_until([&] { return system.answers("/readyz"); }));
  auto now = by_name(system.stages());
  now.erase("vedette-capture");
  EXPECT_EQ(now, others) << system.up().err();
}

TEST(SystemKill, EveryStageAtOnceComesBack) {
  VD_NEED_MODEL_AND_CLIP();
  System system({.cameras = {{"front", moving_clip()}}});
  system.start();
  ASSERT_TRUE(system.wait_ready()) << system.up().err();
  const auto files = system.all_bus_files();
  const auto before = by_name(system.stages());
  ASSERT_EQ(before.size(), 5u);
  for (const auto& [name, pid] : before) ::kill(pid, SIGKILL);
  const std::uint64_t killed_ns = monotonic_ns();
  for (const auto& [name, pid] : before) EXPECT_TRUE(wait_successor(system, name, pid)) << name;

  FrameWatch frames(system.bus(), "front");
  DetectionWatch detections(system.bus(), "front");
  const auto frame = frames.since(killed_ns);
  ASSERT_TRUE(frame) << system.up().err();
  EXPECT_TRUE(detections.since(frame->captured_at_ns)) << system.up().err();
  EXPECT_TRUE(wait_until([&] { return system.answers("/readyz"); })) << system.up().err();
  EXPECT_TRUE(wait_until([&] { return system.bus_files() == files; }))
      << ::testing::PrintToString(system.bus_files()) << "\nand before\n"
      << ::testing::PrintToString(files);
}

TEST(SystemKill, TheSupervisorsChildrenEndWithItAndTheNextOneStartsClean) {
  VD_NEED_MODEL_AND_CLIP();
  System system({.cameras = {{"front", moving_clip()}}});
  system.start();
  ASSERT_TRUE(system.wait_ready()) << system.up().err();
  const auto files = system.all_bus_files();
  const auto stages = system.stages();
  ASSERT_EQ(stages.size(), 5u);
  // One of them hangs: it must end as well.
  const auto hung = system.stage("vedette-detect");
  ASSERT_TRUE(hung);
  ::kill(*hung, SIGSTOP);
  system.up().signal(SIGKILL);
  ASSERT_EQ(system.up().wait_exit(), 128 + SIGKILL);

  // At once, as a service manager does: the children may still be at it.
  system.start();
  EXPECT_TRUE(system.wait_ready()) << system.up().err();
  for (const ChildProcess& stage : stages) EXPECT_TRUE(wait_until([&] { return has_ended(stage.pid); })) << stage.name;
  EXPECT_TRUE(wait_until([&] { return system.bus_files() == files; }))
      << ::testing::PrintToString(system.bus_files()) << "\nand before\n"
      << ::testing::PrintToString(files);
  {
    FrameWatch frames(system.bus(), "front");
    DetectionWatch detections(system.bus(), "front");
    const auto frame = frames.since(monotonic_ns());
    ASSERT_TRUE(frame);
    EXPECT_TRUE(detections.since(frame->captured_at_ns));
  }
  system.up().signal(SIGTERM);
  EXPECT_EQ(system.up().wait_exit(), 0) << system.up().err();
  EXPECT_TRUE(system.bus_files().empty());
}

}  // namespace
}  // namespace vedette::test
