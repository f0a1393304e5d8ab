// `vedette events` beside a recorder that runs, and a clip of it in a real browser.
#include <array>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "process/record/record_fixture.h"
#include "record/events_command.h"

namespace vedette::test {
namespace {

using schema::EventPhase;

const ClipKind kClip{"record-h264", "libx264 -preset ultrafast -bf 2 -g 30 -keyint_min 30 -sc_threshold 0", "aac -b:a 64k"};

class Command : public RecordTest {
 protected:
  void record_two() {
    const auto packets = packets_of(kClip);
    ASSERT_FALSE(packets.empty());
    Source source(bus_);
    source.begin(15);
    source.publish(packets, 15);
    source.tell({.id = 1, .at = 6, .started = 6, .best = 6});
    source.tell({.id = 1, .phase = EventPhase::End, .at = 7, .started = 6, .best = 6});
    source.tell({.id = 2, .at = 8, .started = 8, .best = 8, .zone = "yard"});
    source.tell({.id = 2, .phase = EventPhase::End, .at = 9, .started = 8, .best = 8, .zone = "yard"});
    start();
    ASSERT_TRUE(wait_done(1) && wait_done(2)) << log();
  }
  // What it prints, of both kinds; its exit code to `code`.
  std::string run(std::vector<std::string> arguments, int expected = 0) {
    arguments.insert(arguments.begin(), {VEDETTE_BIN_DIR "/vedette-record", "events", "-c", folder_.file("vedette.yaml")});
    Program program(arguments, folder_.file("events"));
    EXPECT_EQ(program.wait_exit(), expected) << program.err();
    return program.out() + program.err();
  }
};

TEST_F(Command, ListsMarksAndRemoves) {
  EXPECT_NE(run({}, 1).find("nothing was recorded below storage.dir yet"), std::string::npos);
  record_two();
  const std::string table = run({});
  EXPECT_NE(table.find("front/2"), std::string::npos) << table;
  EXPECT_LT(table.find("front/2"), table.find("front/1")) << "the newest comes first\n" << table;
  EXPECT_EQ(run({"--zone", "yard"}).find("front/1"), std::string::npos);
  EXPECT_EQ(run({"--label", "car"}).find("front/"), std::string::npos);
  EXPECT_NE(run({"--camera", "front", "--since", "1h"}).find("front/1"), std::string::npos);
  EXPECT_EQ(run({"--since", "2099-01-01"}).find("front/"), std::string::npos);
  const auto json = nlohmann::json::parse(run({"--json", "--limit", "1"}));
  EXPECT_EQ(json["id"], 2);
  EXPECT_EQ(json["files"].size(), 5u);

  run({"favourite", "front/1"});
  EXPECT_EQ(run({"--favourites"}).find("front/2"), std::string::npos);
  EXPECT_NE(run({"--favourites"}).find("front/1"), std::string::npos);
  run({"unfavourite", "front/1"});
  EXPECT_EQ(run({"--favourites"}).find("front/1"), std::string::npos);
  run({"delete", "front/2"});
  EXPECT_EQ(run({}).find("front/2"), std::string::npos);
  EXPECT_EQ(files(".mp4").size(), 1u);
  stop();
}

TEST_F(Command, SaysInOneSentenceWhatIsWrong) {
  record_two();
  EXPECT_EQ(run({"delete", "front/99"}, 1), "no event front/99\n");
  EXPECT_EQ(run({"favourite", "everything"}, 1), "\"everything\"; expected an event's id such as front/1846212334592\n");
  EXPECT_EQ(run({"--since", "yesterday"}, 1),
            "--since \"yesterday\"; expected how long ago (2h, 3d) or a time (UTC) such as 2026-11-26T12:05\n");
  stop();
}

TEST_F(Command, AClipPlaysInChromium) {
  if (!std::filesystem::exists(VEDETTE_BUILD_DIR "/e2e/node_modules/playwright-core") ||
      !std::filesystem::exists("/usr/bin/chromium"))
    GTEST_SKIP() << "Playwright or Chromium is missing: run 'scripts/build-page --tests'";
  record_two();
  const std::string clip = files(".mp4").at(0);
  FILE* pipe = ::popen(
      ("VEDETTE_BUILD_DIR='" VEDETTE_BUILD_DIR "' node '" VEDETTE_SOURCE_DIR "/tests/e2e/play_clip.mjs' '" + clip + "' 2>&1")
          .c_str(),
      "r");
  std::string said;
  std::array<char, 4096> chunk{};
  while (std::fgets(chunk.data(), chunk.size(), pipe) != nullptr) said += chunk.data();
  ASSERT_EQ(::pclose(pipe), 0) << said;
  const auto seen = nlohmann::json::parse(said, nullptr, false);
  ASSERT_TRUE(seen.is_object()) << said;
  EXPECT_EQ(seen["width"], 320) << said;
  EXPECT_NEAR(seen["duration"].get<double>(), 6.0, 0.3) << said;
  EXPECT_GT(seen["played"].get<double>(), 0.5) << said;
  EXPECT_GT(seen["frames"].get<double>(), 5) << said;
  stop();
}

TEST(Moments, AreReadAsPeopleWriteThem) {
  constexpr std::int64_t kNow = 1'795'694'400'000;
  EXPECT_EQ(record::parse_moment("2h", kNow), kNow - 7'200'000);
  EXPECT_EQ(record::parse_moment("2026-11-26T12:00", 0), kNow);
  EXPECT_EQ(record::parse_moment("2026-11-26T12:00:05", 0), kNow + 5000);
  EXPECT_EQ(record::parse_moment("2026-11-26", 0), kNow - 12 * 3'600'000);
  for (const char* bad : {"", "yesterday", "2026-11-26T", "12:00", "2026-13-01"})
    EXPECT_FALSE(record::parse_moment(bad, kNow)) << bad;
  EXPECT_EQ(record::parse_key("front/5"), (store::EventKey{"front", 5}));
  for (const char* bad : {"", "front", "/5", "front/", "front/x", "../5", "front/5x"})
    EXPECT_FALSE(record::parse_key(bad)) << bad;
}

}  // namespace
}  // namespace vedette::test
