// vedette mot: a scene is written, followed and measured; mistakes are told.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "support/program.h"

namespace vedette::test {
namespace {

class Mot : public ::testing::Test {
 protected:
  struct Ran {
    int code = -1;
    std::string out, err;
  };
  Ran run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {VEDETTE_BIN_DIR "/vedette", "mot"});
    Program program(arguments, folder_.file("ran-" + std::to_string(++runs_)));
    const int code = program.wait_exit().value_or(-1);
    return {code, program.out(), program.err()};
  }
  void expect_refused(const std::vector<std::string>& arguments, const std::string& text) {
    const Ran ran = run(arguments);
    EXPECT_NE(ran.code, 0);
    EXPECT_NE(ran.err.find(text), std::string::npos) << ran.err;
  }

  TempFolder folder_{"/tmp"};
  int runs_ = 0;
};

TEST_F(Mot, ASceneIsWrittenFollowedAndMeasured) {
  const std::string scene = folder_.file("scene"), truth = scene + "/gt.txt", detections = scene + "/det.txt";
  ASSERT_EQ(run({"--generate", "crossings", "--fps", "10", "-o", scene}).code, 0);
  const Ran ran = run({"--truth", truth, "--detections", detections, "--fps", "10", "--size", "1920x1080", "--json"});
  ASSERT_EQ(ran.code, 0) << ran.err;
  const auto measures = nlohmann::json::parse(ran.out, nullptr, false);
  ASSERT_TRUE(measures.is_object()) << ran.out;
  EXPECT_GT(measures.at("mota").get<double>(), 0.9);
  EXPECT_GT(measures.at("truth").get<int>(), 1000);
  // Its tracks are such a file too.
  const std::string tracks = folder_.file("tracks.txt");
  ASSERT_EQ(run({"--detections", detections, "--fps", "10", "-o", tracks}).code, 0);
  EXPECT_EQ(read_file(tracks).rfind("2,1,", 0), 0u) << "the first track on its second frame";
  const Ran again = run({"--truth", tracks, "--detections", tracks, "--fps", "10", "--size", "1920x1080"});
  EXPECT_EQ(again.code, 0) << again.err;
  EXPECT_NE(again.out.find("MOTA"), std::string::npos);
}

TEST_F(Mot, WithoutFilesTheScenesAreMeasured) {
  const Ran ran = run({"--fps", "3"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_NE(ran.out.find("\nall, 3 a second"), std::string::npos) << ran.out;
}

TEST_F(Mot, MistakesAreTold) {
  const std::string bad = folder_.write("bad.txt", "1,1,0,0,5,5,1\n1,2,0,zero,5,5,1\n");
  const std::string twice = folder_.write("twice.txt", "1,1,0,0,5,5,1\n1,1,9,9,5,5,1\n");
  expect_refused({"--detections", bad}, bad + ":2: \"zero\" is no number");
  expect_refused({"--detections", twice, "--truth", twice}, twice + ": truth: id 1 stands twice on frame 1");
  expect_refused({"--detections", folder_.file("none")}, "none: No such file");
  expect_refused({"--truth", bad}, "--truth needs --detections");
  expect_refused({"--generate", "nowhere", "-o", "x"}, "\"nowhere\" is none of \"crossings\"");
  expect_refused({"--generate", "crossings"}, "needs -o FOLDER");
  expect_refused({"--detections", twice, "--size", "huge"}, "\"huge\" is no size of a picture");
  expect_refused({"--fit", "tight"}, "none of likelihood, iou, giou");
  expect_refused({"--without", "legs"}, "none of motion, unsure, best, shake");
}

}  // namespace
}  // namespace vedette::test
