// Commands that come by MQTT: what they mean, and that whatever else comes is one sentence.
#include "notify/commands.h"

#include <gtest/gtest.h>

#include "notify/topics.h"

namespace vedette::notify {
namespace {

using schema::CommandKind;

stage::Command one(std::string_view key, std::string_view payload) {
  const auto commands = parse_command("front", key, payload);
  EXPECT_TRUE(commands) << (commands ? "" : commands.error().text);
  EXPECT_EQ(commands->size(), 1u);
  return commands->front();
}
std::string refusal(std::string_view key, std::string_view payload) {
  const auto commands = parse_command("front", key, payload);
  return commands ? "" : commands.error().text;
}

TEST(Commands, OfASingleKey) {
  EXPECT_EQ(one("mode", "auto").kind, CommandKind::AutoMode);
  EXPECT_EQ(one("mode", "Tracking").mode, Mode::Tracking);
  EXPECT_EQ(one("mode", "standby").kind, CommandKind::ForceMode);
  EXPECT_EQ(one("paused", "ON").kind, CommandKind::Pause);
  EXPECT_EQ(one("paused", "false").kind, CommandKind::Resume);
  EXPECT_EQ(one("detecting", "1").kind, CommandKind::StartDetecting);
  EXPECT_EQ(one("detecting", "off").kind, CommandKind::StopDetecting);
  const stage::Command threshold = one("threshold", "0.625");
  EXPECT_EQ(threshold.kind, CommandKind::Set);
  EXPECT_EQ(threshold.key, "threshold");
  EXPECT_EQ(threshold.value, "0.625");
  EXPECT_EQ(threshold.camera, "front");
}

TEST(Commands, OfJsonWithSeveral) {
  const auto commands =
      parse_command("front", "", R"({"mode": "tracking", "paused": false, "detecting": "ON", "threshold": 0.5})");
  ASSERT_TRUE(commands) << commands.error().text;
  std::vector<CommandKind> kinds;
  for (const stage::Command& command : *commands) kinds.push_back(command.kind);
  EXPECT_EQ(kinds, (std::vector{CommandKind::StartDetecting, CommandKind::ForceMode, CommandKind::Resume, CommandKind::Set}));
}

TEST(Commands, WhatIsWrongIsOneSentence) {
  EXPECT_EQ(refusal("mode", "sleep"), "mode: \"sleep\"; expected auto, standby, validation or tracking");
  EXPECT_EQ(refusal("paused", "maybe"), "paused: \"maybe\"; expected ON or OFF");
  EXPECT_EQ(refusal("detecting", ""), "detecting: \"\"; expected ON or OFF");
  for (const char* number : {"", "1.01", "-0.1", "nan", "inf", "0.5x", " 0.5", "1e999"})
    EXPECT_EQ(refusal("threshold", number), "threshold: \"" + std::string(number) + "\"; expected a number from 0 to 1");
  EXPECT_EQ(refusal("volume", "11"), "unknown key \"volume\"; expected one of mode, paused, detecting, threshold");
  EXPECT_EQ(refusal("", "pause"), "set: \"pause\"; expected JSON with some of mode, paused, detecting, threshold");
  EXPECT_EQ(refusal("", "{}"), "set: \"{}\"; expected JSON with some of mode, paused, detecting, threshold");
  EXPECT_EQ(refusal("", R"({"mode": null})"), "\"mode\": no plain value; expected a text, a number, true or false");
  EXPECT_EQ(refusal("", R"({"mode": "auto", "volume": 11})"),
            "unknown key \"volume\"; expected one of mode, paused, detecting, threshold");
  EXPECT_EQ(refusal("mode", std::string(2000, 'x')), "2000 bytes; expected at most 1024");
  EXPECT_EQ(refusal("mode", "a\nb\xff"), "mode: \"a?b?\"; expected auto, standby, validation or tracking");
}

TEST(Topics, TellCommandsFromTheRest) {
  const Topics topics("home/vedette", "test");
  EXPECT_EQ(topics.command("home/vedette/front/set")->camera, "front");
  EXPECT_EQ(topics.command("home/vedette/front/set")->key, "");
  EXPECT_EQ(topics.command("home/vedette/front/set/mode")->key, "mode");
  for (const char* other : {"home/vedette/front/set/error", "home/vedette/front/state", "home/vedette", "home/vedette/set",
                            "home/vedettes/front/set", "other/front/set", "home/vedette/front/setup"})
    EXPECT_FALSE(topics.command(other).has_value()) << other;
}

TEST(Topics, ALevelIsOneWord) {
  EXPECT_EQ(topic_level("traffic light"), "traffic_light");
  EXPECT_EQ(topic_level("a/+#$"), "a____");
  EXPECT_EQ(topic_level(""), "all");
}

}  // namespace
}  // namespace vedette::notify
