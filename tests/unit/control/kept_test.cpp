// What outlives the machine's restart: control.json there and back, broken, and where it can't be written.
#include "control/kept.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/file.h"
#include "support/program.h"

namespace vedette::control {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;

KeptCamera some() { return {true, false, Mode::Tracking, {{"gate", "person", 0, 3, 1}, {"gate", "car", 0, 0, 7}}, 99}; }

class KeptFile : public ::testing::Test {
 protected:
  test::TempFolder folder_{std::filesystem::temp_directory_path().string()};
  const std::string path_ = folder_.file("storage/control.json");

  bool eventually_holds(const std::string& text) {
    return test::wait_until([&] { return test::read_file(path_).find(text) != std::string::npos; });
  }
};

TEST_F(KeptFile, SurvivesTheRoundTrip) {
  const KeptCameras cameras{{"front", some()}, {"yard", {}}};
  EXPECT_EQ(parse_kept(to_json(cameras)).value(), cameras);
  {
    Kept kept(path_);
    EXPECT_EQ(kept.find("front"), nullptr);
    kept.note("front", some(), kSecond);
  }
  Kept again(path_);
  ASSERT_NE(again.find("front"), nullptr);
  EXPECT_EQ(*again.find("front"), some());
  EXPECT_EQ(again.find("yard"), nullptr);
}

TEST_F(KeptFile, WritesCommandsAtOnceAndCountsNowAndThen) {
  Kept kept(path_);
  KeptCamera camera;
  camera.paused = true;
  kept.note("front", camera, 100 * kSecond);
  EXPECT_TRUE(eventually_holds("\"paused\": true"));
  camera.lines = {{"gate", "person", 0, 41, 0}};
  kept.note("front", camera, 105 * kSecond);
  camera.lines = {{"gate", "person", 0, 42, 0}};
  kept.note("front", camera, 111 * kSecond);
  EXPECT_TRUE(eventually_holds("\"into\": 42"));
  EXPECT_EQ(test::read_file(path_).find("41"), std::string::npos);
  camera.lines = {{"gate", "person", 0, 43, 0}};
  kept.note("front", camera, 112 * kSecond);
  camera.paused = false;
  kept.note("front", camera, 113 * kSecond);
  EXPECT_TRUE(eventually_holds("\"into\": 43")) << "a command takes the counts along";
}

TEST_F(KeptFile, MovesABrokenOneAsideAndBeginsAnew) {
  for (const std::string broken :
       {"", "{", "[]", "{\"cameras\": 3}", "{\"cameras\": {\"front\": {}}}",
        "{\"cameras\": {\"front\": {\"paused\": 1, \"detecting\": true, \"lines\": []}}}",
        "{\"cameras\": {\"front\": {\"paused\": true, \"detecting\": true, \"forced\": \"x\", \"lines\": []}}}",
        "{\"cameras\": {\"front\": {\"paused\": true, \"detecting\": true, \"lines\": [{\"line\": \"a\"}]}}}"}) {
    EXPECT_FALSE(parse_kept(broken)) << broken;
    std::filesystem::create_directories(folder_.file("storage"));
    std::ofstream(path_) << broken;
    Kept kept(path_);
    EXPECT_EQ(kept.find("front"), nullptr);
    EXPECT_FALSE(std::filesystem::exists(path_));
    EXPECT_EQ(test::read_file(path_ + ".broken"), broken);
  }
}

TEST_F(KeptFile, WhatCouldntBeWrittenIsTriedAgain) {
  const std::string in_the_way = folder_.write("storage", "no folder");
  Kept kept(path_, std::chrono::milliseconds(50));
  kept.note("front", some(), kSecond);
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  std::filesystem::remove(in_the_way);
  EXPECT_TRUE(eventually_holds("\"paused\": true"));
}

TEST_F(KeptFile, APlaceThatCantBeWrittenEndsNothing) {
  Kept kept("/proc/nowhere/control.json");
  kept.note("front", some(), kSecond);
  ASSERT_NE(kept.find("front"), nullptr);
}

}  // namespace
}  // namespace vedette::control
