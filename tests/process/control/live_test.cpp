// The live path against the recording's own clock: the same detections through a real vedette-control by `vedette replay`, whose
// capture times are those of now. Capture times are compared, not when something was told. Tolerance: an event may start 0.5 s
// earlier or later, one in ten may be missing or one too
// many, a line's count differs by one at most.
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "process/control/control_fixture.h"
#include "schema/tracks.h"

namespace vedette::test {
namespace {

using Json = nlohmann::json;

const std::string kFolder = VEDETTE_SOURCE_DIR "/tests/data/pedestrians";

struct Begun {
  std::string rule;
  double at_s = 0;
};

std::vector<Json> expected() {
  std::vector<Json> lines;
  std::ifstream file(kFolder + "/expected.jsonl");
  for (std::string line; std::getline(file, line);) lines.push_back(Json::parse(line));
  return lines;
}

TEST(ControlLive, DecidesAsItDoesFromTheRecording) {
  const std::string folder = "/dev/shm/vedette-live-test-" + std::to_string(::getpid());
  std::filesystem::create_directory(folder);
  auto dir = bus::BusDir::open(folder + "/bus");
  ASSERT_TRUE(dir.ok());
  bus::Subscriber events(*dir, {"front", "events"}, kEventSchema), tracks(*dir, {"front", "tracks"}, kTracksSchema),
      states(*dir, {"front", "state"}, kStateSchema);
  Program control({VEDETTE_CONTROL, "--config", kFolder + "/rules.yaml", "--bus-dir", folder + "/bus", "--set",
                   "storage.dir=" + folder + "/storage"});
  ASSERT_TRUE(control.wait_log("decides for 1 camera"));
  Program replay({VEDETTE_TOOLS, "replay", kFolder + "/detections.rec", "--bus-dir", folder + "/bus", "--wait-reader"});

  std::uint64_t first_at_ns = 0;
  std::vector<Begun> begun;
  control::CameraState state;
  const auto take = [&] {
    while (const bus::Taken taken = tracks.take_next()) {
      Tracks record;
      if (first_at_ns == 0 && read_tracks(taken.lease.bytes(), record)) first_at_ns = record.info.captured_at_ns();
    }
    while (const bus::Taken taken = events.take_next()) {
      const control::EventRecord event = control::decode_event(taken.lease.bytes()).value();
      if (event.phase == schema::EventPhase::Start)
        begun.push_back({event.rule, static_cast<double>(event.started_at_ns - first_at_ns) / 1e9});
    }
    if (const bus::Taken taken = states.take_newest()) state = control::decode_state(taken.lease.bytes()).value();
  };
  ASSERT_TRUE(eventually([&] {
    take();
    return first_at_ns != 0;
  })) << control.log();
  ASSERT_EQ(replay.wait_exit(), 0) << replay.log();
  take();

  std::size_t awaited = 0, found = 0;
  for (const Json& line : expected()) {
    if (line.value("phase", "") == "start") {
      ++awaited;
      const auto same = std::find_if(begun.begin(), begun.end(), [&](const Begun& event) {
        return line["rule"] == event.rule && std::abs(event.at_s - line["at_ms"].get<double>() / 1e3) <= 0.5;
      });
      if (same == begun.end()) continue;
      begun.erase(same);
      ++found;
    } else if (line.contains("counts")) {
      for (const Json& count : line["counts"]) {
        if (count["place"] != "road") continue;
        const auto live = std::find_if(state.counts.begin(), state.counts.end(),
                                       [&](const Count& c) { return c.place == "road" && count["label"] == c.label; });
        ASSERT_NE(live, state.counts.end());
        EXPECT_NEAR(static_cast<double>(live->into), count["into"].get<double>(), 1.0);
        EXPECT_NEAR(static_cast<double>(live->out_of), count["out_of"].get<double>(), 1.0);
      }
    }
  }
  ASSERT_GT(awaited, 20u);
  EXPECT_GE(found, awaited - awaited / 10);
  EXPECT_LE(begun.size(), awaited / 10) << "events that the recording has not";
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
}

}  // namespace
}  // namespace vedette::test
