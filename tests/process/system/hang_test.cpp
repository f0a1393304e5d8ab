// SIGSTOP: a stage that hangs, and readers that hang with every frame they may hold, cost the camera nothing.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "process/system/expectations.h"

namespace vedette::test {
namespace {

constexpr int kHangSeconds = 10;  // as long as the promise says

// The camera keeps its rate while these processes are stopped; they are let go afterwards.
void expect_rate_held_while_stopped(FrameWatch& frames, const std::vector<pid_t>& stopped) {
  for (const pid_t pid : stopped) ::kill(pid, SIGSTOP);
  RateCheck rate(frames);
  rate.run_for(kHangSeconds);
  for (const pid_t pid : stopped) ::kill(pid, SIGCONT);
  rate.expect_held(0.9 * kHangSeconds);
}

class SystemHang : public ::testing::TestWithParam<const char*> {};

TEST_P(SystemHang, CameraKeepsItsRate) {
  VD_NEED_MODEL_AND_CLIP();
  System system({.cameras = {{"front", moving_clip()}}});
  system.start();
  ASSERT_TRUE(system.wait_ready()) << system.up().err();
  FrameWatch frames(system.bus(), "front");
  const auto stages = system.stages();
  const auto victim = system.stage(GetParam());
  ASSERT_TRUE(victim);
  expect_rate_held_while_stopped(frames, {*victim});

  const std::uint64_t continued_ns = monotonic_ns();
  DetectionWatch detections(system.bus(), "front");
  EXPECT_TRUE(detections.since(continued_ns)) << system.up().err();
  EXPECT_TRUE(wait_until([&] { return system.answers("/readyz"); }));
  EXPECT_EQ(system.stages(), stages) << "a stage that only hung was restarted\n" << system.up().err();
}

INSTANTIATE_TEST_SUITE_P(Stages, SystemHang, ::testing::Values("vedette-gateway", "vedette-detect"),
                         [](const auto& test) { return std::string(test.param).substr(sizeof "vedette-" - 1); });

// The measure itself: a camera that stands still for a while is noticed.
TEST(SystemHang, AStoppedCameraShows) {
  VD_NEED_MODEL_AND_CLIP();
  System system({.cameras = {{"front", moving_clip()}}});
  system.start();
  ASSERT_TRUE(system.wait_ready()) << system.up().err();
  FrameWatch frames(system.bus(), "front");
  const auto capture = system.stage("vedette-capture");
  ASSERT_TRUE(capture);
  RateCheck rate(frames);
  const std::uint64_t stopped_ns = monotonic_ns();
  ::kill(*capture, SIGSTOP);
  rate.run([&] {
    const bool is_over = monotonic_ns() - stopped_ns > 3'000'000'000;
    if (is_over) ::kill(*capture, SIGCONT);
    return is_over;
  });
  EXPECT_LT(rate.share(), 0.8);
}

// A process with `readers` readers of front/frames, each with every frame it may hold, when this returns; its pid.
std::optional<pid_t> start_holders(const std::string& bus_path, int readers, int held) {
  int ends[2];
  if (::pipe(ends) != 0) return std::nullopt;
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::alarm(120);  // never outlives a test that died
    const auto dir = bus::BusDir::open(bus_path);
    std::vector<bus::RingReader> holders;
    std::vector<bus::Lease> leases;
    for (int i = 0; dir && i < readers; ++i) {
      auto reader = bus::RingReader::attach(*dir, bus::TopicName{"front", "frames"}, kFrameSchema, bus::Demand::every_pixel());
      if (!reader) ::_exit(1);
      holders.push_back(std::move(*reader));
      for (int taken = 0; taken < held;) {
        holders.back().wait(std::chrono::milliseconds(100));
        if (auto frame = holders.back().take_newest()) leases.push_back(std::move(frame.lease)), ++taken;
      }
    }
    const char ready = 1;
    if (::write(ends[1], &ready, 1) != 1) ::_exit(1);
    for (;;) ::pause();
  }
  ::close(ends[1]);
  char ready = 0;
  const bool is_ready = ::read(ends[0], &ready, 1) == 1;
  ::close(ends[0]);
  return is_ready ? std::optional(pid) : std::nullopt;
}

TEST(SystemHang, AllReadersStoppedWhileTheyHoldFrames) {
  VD_NEED_MODEL_AND_CLIP();
  constexpr int kReaders = 8, kHeld = 2;
  System system({.cameras = {{"front", moving_clip()}},
                 .set = {"bus.readers=" + std::to_string(kReaders), "bus.held_per_reader=" + std::to_string(kHeld)}});
  system.start();
  ASSERT_TRUE(system.wait_ready()) << system.up().err();
  FrameWatch frames(system.bus(), "front");
  ASSERT_TRUE(frames.since(0));
  // Every entry that is left is filled, so that the ring has not one reader more to give.
  const int others = system.settled_bus_readers().at("front/frames.leases");
  const auto holders = start_holders(system.bus_path(), kReaders - others, kHeld);
  ASSERT_TRUE(holders);
  EXPECT_EQ(system.bus_readers().at("front/frames.leases"), kReaders);

  std::vector<pid_t> readers{*holders};
  for (const char* program : {"vedette-detect", "vedette-control", "vedette-gateway"})
    readers.push_back(system.stage(program).value());
  expect_rate_held_while_stopped(frames, readers);

  ::kill(*holders, SIGKILL);
  ::waitpid(*holders, nullptr, 0);
  EXPECT_TRUE(wait_until([&] { return system.bus_readers().at("front/frames.leases") == others; }))
      << "entries of the dead stay taken";
  EXPECT_TRUE(wait_until([&] { return system.answers("/readyz"); })) << system.up().err();
}

}  // namespace
}  // namespace vedette::test
