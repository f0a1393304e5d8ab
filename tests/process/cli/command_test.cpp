// `vedette command` to a control process that runs, and to nobody.
#include "bus/ring.h"
#include "process/cli/cli.h"
#include "schema/records.h"

namespace vedette::test {
namespace {

namespace fs = std::filesystem;

class Command : public ::testing::Test {
 protected:
  Ran command(std::vector<std::string> words) {
    words.insert(words.begin(), "command");
    words.insert(words.end(), {"--bus-dir", bus_});
    return run_vedette(folder_, words);
  }
  TempFolder folder_{fs::temp_directory_path()};
  TempFolder shm_{"/dev/shm"};
  const std::string bus_ = shm_.file("bus");
};

TEST_F(Command, PausesACameraOfALiveControl) {
  const std::string config = folder_.write("v.yaml", "cameras:\n  front:\n    url: /dev/video0\n");
  Program control({VEDETTE_BIN_DIR "/vedette-control", "-c", config, "--bus-dir", bus_}, folder_.file("control"));
  ASSERT_TRUE(wait_until([&] { return fs::exists(bus_ + "/control.sock") || !control.running(); }));
  ASSERT_TRUE(control.running()) << control.err();
  const auto dir = bus::BusDir::open(bus_);
  ASSERT_TRUE(dir.ok()) << dir.error().text;
  bus::Subscriber states(*dir, bus::TopicName{"front", "state"}, kStateSchema);
  const auto is_paused = [&](bool wanted) {
    return wait_until([&] {
      states.wait(std::chrono::milliseconds(100));
      const bus::Taken taken = states.take_newest();
      if (!taken) return false;
      const auto state = verified<schema::State>(taken.lease.bytes());
      return state.ok() && (*state)->paused() == wanted;
    });
  };
  EXPECT_TRUE(is_paused(false));
  const Ran paused = command({"front", "pause"});
  EXPECT_EQ(paused.code, 0) << paused.err;
  EXPECT_EQ(paused.out, "ok\n");
  EXPECT_TRUE(is_paused(true));
  EXPECT_EQ(command({"front", "resume"}).code, 0);
  EXPECT_TRUE(is_paused(false));

  const Ran unknown = command({"rear", "pause"});
  EXPECT_GT(unknown.code, 0);
  expect_one_sentence(unknown.err);
  EXPECT_NE(unknown.err.find("front"), std::string::npos) << unknown.err;
  const Ran off = command({"front", "detect", "off"});
  EXPECT_EQ(off.code, 0) << off.err;
  EXPECT_EQ(command({"front", "set", "threshold", "0.6"}).code, 0);
  EXPECT_NE(read_file(folder_.file("storage/overrides.yaml")).find("threshold: 0.6"), std::string::npos);
  const Ran bad = command({"front", "set", "threshold", "7"});
  EXPECT_GT(bad.code, 0);
  expect_one_sentence(bad.err);
  EXPECT_NE(bad.err.find("value:1:1: cameras.front.threshold"), std::string::npos) << bad.err;
  EXPECT_EQ(command({"front", "unset", "threshold"}).code, 0);
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{{"front", "pause", "now"},
                                                                                     {"front", "force"},
                                                                                     {"front", "force", "sleep"},
                                                                                     {"front", "detect", "maybe"},
                                                                                     {"front", "set", "threshold"}}) {
    const Ran refused = command(words);
    EXPECT_GT(refused.code, 0);
    expect_one_sentence(refused.err);
    EXPECT_NE(refused.err.find(" is followed by "), std::string::npos) << refused.err;
  }
  const Ran verb = command({"front", "stop"});
  EXPECT_GT(verb.code, 0);
  EXPECT_NE(verb.err.find("expected pause"), std::string::npos) << verb.err;
}

TEST_F(Command, DecidesFromARecordingAsExpected) {
  const std::string clip = VEDETTE_SOURCE_DIR "/tests/data/pedestrians";
  const Ran ran = run_vedette(folder_, {"decide", clip + "/detections.rec", "-c", clip + "/rules.yaml"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, read_file(clip + "/expected.jsonl"));
  const Ran none = run_vedette(folder_, {"decide", folder_.file("none.rec"), "-c", clip + "/rules.yaml"});
  EXPECT_GT(none.code, 0);
  expect_one_sentence(none.err);
}

TEST_F(Command, ToNobodySaysWhereItAsked) {
  const Ran ran = command({"front", "pause"});
  EXPECT_GT(ran.code, 0);
  expect_one_sentence(ran.err);
  EXPECT_NE(ran.err.find(bus_ + "/control.sock"), std::string::npos) << ran.err;
}

}  // namespace
}  // namespace vedette::test
