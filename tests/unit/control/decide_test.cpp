// What 30 s of the pedestrian clip's detections are decided to be: the same on every run, and what was checked by looking at the
// pictures with boxes, ids and line drawn in. Other rules or another tracker decide otherwise: then look again, and
// `vedette decide detections.rec -c rules.yaml > expected.jsonl`.
#include "control/decide.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "support/program.h"

namespace vedette::control {
namespace {

using Json = nlohmann::json;

const std::string kFolder = VEDETTE_SOURCE_DIR "/tests/data/pedestrians";

class Decide : public ::testing::Test {
 protected:
  std::string run(const Config& config, DecideOptions options) {
    const std::string path = folder_.file("decided.jsonl");
    std::FILE* const out = std::fopen(path.c_str(), "w");
    const Result<> done = decide(config, options, out);
    std::fclose(out);
    return done ? test::read_file(path) : done.error().text;
  }
  static Config config() {
    Result<Config> config = load_config(kFolder + "/rules.yaml", {"storage.dir=/nonexistent"});
    VD_ASSERT(config.ok(), config.error().text.c_str());
    return *std::move(config);
  }
  static std::vector<Json> lines_of(const std::string& text) {
    std::vector<Json> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) lines.push_back(Json::parse(line, nullptr, false));
    return lines;
  }

  test::TempFolder folder_{std::filesystem::temp_directory_path().string()};
  DecideOptions options_{.recording = kFolder + "/detections.rec"};
};

TEST_F(Decide, TheClipGivesTheExpectedEventsCountsAndTracks) {
  const std::vector<Json> decided = lines_of(run(config(), options_));
  const std::vector<Json> expected = lines_of(test::read_file(kFolder + "/expected.jsonl"));
  ASSERT_GT(expected.size(), 40u);
  ASSERT_EQ(decided.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_EQ(decided[i], expected[i]) << "line " << i + 1;
  // By eye nine people walk over the line to the left, four to the right. One more is counted where the tracker takes somebody who
  // vanished behind the post for another one.
  for (const Json& count : decided.back()["counts"]) {
    if (count["place"] != "road") continue;
    EXPECT_NEAR(count["into"].get<double>(), 9, 1);
    EXPECT_NEAR(count["out_of"].get<double>(), 4, 1);
  }
}

TEST_F(Decide, EveryRunGivesTheSameBytes) {
  options_.tracks = true;
  const std::string first = run(config(), options_);
  EXPECT_GT(lines_of(first).size(), 296u) << "each result";
  for (int i = 0; i < 3; ++i) EXPECT_EQ(run(config(), options_), first);
  Config other = config();
  other.cameras[0].threshold = 0.7f;
  EXPECT_NE(run(other, options_), first) << "rules that differ decide otherwise";
}

TEST_F(Decide, SaysWhatItLacks) {
  options_.camera = "yard";
  EXPECT_NE(run(config(), options_).find("no detections of camera \"yard\""), std::string::npos);
  options_.camera = "";
  options_.as = "yard";
  EXPECT_NE(run(config(), options_).find("no camera \"yard\""), std::string::npos);
  options_.recording = folder_.write("short.rec", "no recording");
  EXPECT_NE(run(config(), options_).find("short.rec"), std::string::npos);
}

}  // namespace
}  // namespace vedette::control
