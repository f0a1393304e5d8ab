// Orderly ends: by SIGTERM, by SIGINT, of the whole and of each program alone.
#include <gtest/gtest.h>

#include <csignal>

#include "process/system/expectations.h"

namespace vedette::test {
namespace {

namespace fs = std::filesystem;

// Signals a ready system by `send`; all is down within the promised 5 s and nothing is left.
void expect_orderly_end(const std::function<void(System&)>& prepare, const std::function<void(Program&)>& send) {
  System system({.cameras = {{"front", moving_clip()}, {"back", moving_clip()}}});
  system.start();
  ASSERT_TRUE(system.wait_ready()) << system.up().err();
  const auto stages = system.stages();
  ASSERT_EQ(stages.size(), 6u);  // two cameras
  prepare(system);
  const std::uint64_t asked_ns = monotonic_ns();
  send(system.up());
  EXPECT_EQ(system.up().wait_exit(), 0) << system.up().err();
  EXPECT_LT(monotonic_ns() - asked_ns, 5'000'000'000u) << system.up().err();
  for (const ChildProcess& stage : stages) EXPECT_TRUE(has_ended(stage.pid)) << stage.name;
  EXPECT_FALSE(fs::exists(system.bus_path()));
  EXPECT_FALSE(system.answers("/healthz"));
}

void nothing(System&) {}

TEST(SystemStop, Sigterm) {
  VD_NEED_MODEL_AND_CLIP();
  expect_orderly_end(nothing, [](Program& up) { up.signal(SIGTERM); });
}

TEST(SystemStop, CtrlCReachesTheWholeGroup) {
  VD_NEED_MODEL_AND_CLIP();
  expect_orderly_end(nothing, [](Program& up) { up.signal_group(SIGINT); });
}

TEST(SystemStop, WithStagesThatHang) {
  VD_NEED_MODEL_AND_CLIP();
  const auto stop_two = [](System& system) {
    for (const char* program : {"vedette-detect", "vedette-gateway"}) ::kill(system.stage(program).value(), SIGSTOP);
  };
  expect_orderly_end(stop_two, [](Program& up) { up.signal(SIGTERM); });
}

TEST(SystemStop, WhileItStarts) {
  VD_NEED_MODEL_AND_CLIP();
  System system({.cameras = {{"front", moving_clip()}}});
  system.start();
  ASSERT_TRUE(wait_until([&] { return system.stages().size() == 5; })) << system.up().err();
  system.up().signal(SIGTERM);
  EXPECT_EQ(system.up().wait_exit(), 0) << system.up().err();
  EXPECT_FALSE(fs::exists(system.bus_path()));
}

struct Alone {
  const char* program;
  std::vector<std::string> arguments;
  const char* sign;  // what is there once it runs: a file in the bus directory, or a path of its HTTP server
};

void PrintTo(const Alone& alone, std::ostream* out) { *out << alone.program; }

class SystemStopAlone : public ::testing::TestWithParam<Alone> {};

TEST_P(SystemStopAlone, EndsWithZero) {
  VD_NEED_MODEL_AND_CLIP();
  const Alone& alone = GetParam();
  for (const int signal : {SIGTERM, SIGINT}) {
    System system({.cameras = {{"front", moving_clip()}}});
    const auto program = system.run(alone.program, alone.arguments);
    const std::string sign = alone.sign;
    ASSERT_TRUE(wait_until([&] { return sign[0] == '/' ? system.answers(sign) : fs::exists(system.bus_path() + "/" + sign); }))
        << program->err();
    program->signal(signal);
    EXPECT_EQ(program->wait_exit(), 0) << program->err();
  }
}

INSTANTIATE_TEST_SUITE_P(Programs, SystemStopAlone,
                         ::testing::Values(Alone{"vedette-capture", {"--camera", "front"}, "front/frames"},
                                           Alone{"vedette-detect", {}, "front/detections"},
                                           Alone{"vedette-control", {}, "control.sock"},
                                           Alone{"vedette-gateway", {}, "/healthz"}),
                         [](const auto& test) { return std::string(test.param.program).substr(sizeof "vedette-" - 1); });

}  // namespace
}  // namespace vedette::test
