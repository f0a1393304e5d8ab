// The configuration in force as JSON: it says what the file would say, and no secret.
#include "config/effective.h"

#include <gtest/gtest.h>

#include "config/fields.h"

namespace vedette::config {
namespace {

Config parsed(const std::string& text) {
  auto config = parse_config(text, "/etc/vedette.yaml");
  EXPECT_TRUE(config) << config.error().text;
  return std::move(config).value();
}

constexpr const char* kCamera = R"(cameras:
  front:
    url: rtsp://anna:s3cretpass@camera/main?channel=1
    password: otherpass
    threshold: 0.6
    device_size: 1280x720
    pre_roll: 90s
    masks: ["0,0 0.3,0 0.3,0.2", "0.5,0.5 1,0.5 1,1"]
    detect_region: "0.25,0 1,0.75"
    zones:
      - {name: door, polygon: "0,0 0.3,0 0.3,0.2", objects: [person, car]}
      - {name: yard, polygon: "0.5,0.5 1,0.5 1,1", motion: ignore, motion_area: 0.05}
    lines: [{name: gate, points: "0.1,0.5 0.9,0.5"}]
    rules:
      - {name: night, zones: [door], dwell: 30s, schedule: ["mon-fri 22:00-06:00", "sat,sun"], thresholds: {person: 0.7}}
      - {name: crowd, classes: [person], count: {at_least: 3}, alarm: false}
gateway:
  token: a-long-token
notify:
  webhooks:
    - url: https://user:hookpass@host/path
      headers: ["Authorization: Bearer headerpass"]
)";

TEST(Effective, HasEveryKey) {
  Config config = parsed(kCamera);
  const Json json = effective(config);
  const auto check = [](const Json& values, const Fields& fields, const std::string& owner) {
    for (const Field& field : fields) {
      if (field.name.ends_with("_file") || field.name == "inputs") continue;  // other ways in
      EXPECT_TRUE(values.contains(field.name)) << owner << "." << field.name;
    }
  };
  for (const Section& section : sections_of(config)) check(json[section.name], section.fields, section.name);
  check(json["cameras"]["front"], fields_of(config.cameras[0]), "cameras.front");
}

TEST(Effective, ShowsValuesAsTheFileHasThem) {
  const Json json = effective(parsed(kCamera));
  const Json& front = json["cameras"]["front"];
  EXPECT_EQ(front["threshold"].dump(), "0.6");
  EXPECT_EQ(front["device_size"], "1280x720");
  EXPECT_EQ(front["pre_roll"], "90s");
  EXPECT_EQ(front["pace"], "source");
  EXPECT_EQ(front["rotate"], "0");
  EXPECT_EQ(front["detect_region"], "0.25,0 1,0.75");
  EXPECT_EQ(front["masks"], Json::array({"0,0 0.3,0 0.3,0.2", "0.5,0.5 1,0.5 1,1"}));
  EXPECT_EQ(front["zones"][0], Json::parse(R"({"name":"door","polygon":"0,0 0.3,0 0.3,0.2","objects":["person","car"]})"));
  EXPECT_EQ(front["zones"][1],
            Json::parse(R"({"name":"yard","polygon":"0.5,0.5 1,0.5 1,1","motion":"ignore","motion_area":0.05})"));
  EXPECT_EQ(front["lines"][0]["points"], "0.1,0.5 0.9,0.5");
  EXPECT_EQ(front["rules"][1], Json::parse(R"({"name":"crowd","classes":["person"],"count":{"at_least":3},"alarm":false})"));
  EXPECT_EQ(json["bus"]["readers"], 16);
  EXPECT_EQ(json["record"]["most"], "10GB");
  EXPECT_EQ(json["detect"]["wait"], "block");
  EXPECT_EQ(json["detect"]["cpu"], "any");
  EXPECT_EQ(json["sentry"]["classes"], Json::array({"person"}));
}

TEST(Effective, ShowsNoSecret) {
  const Config config = parsed(kCamera);
  const std::string text = effective(config).dump();
  for (const char* secret : {"s3cretpass", "otherpass", "a-long-token", "hookpass", "headerpass"})
    EXPECT_EQ(text.find(secret), std::string::npos) << secret;
  for (const std::string& secret : secrets_of(config)) EXPECT_EQ(text.find(secret), std::string::npos);
  EXPECT_EQ(effective(config)["gateway"]["token"], "***");
  EXPECT_EQ(effective(parsed("cameras: {a: {url: x.mp4}}"))["gateway"]["token"], "");
}

// JSON is YAML: what a key shows may be given back as its new value.
TEST(Effective, ChangeableValuesReadBack) {
  const Config config = parsed(kCamera);
  const CameraConfig& front = config.cameras[0];
  std::string text = "cameras:\n  front:\n    url: x.mp4\n";
  for (const std::string& key : changeable_keys()) text += "    " + key + ": " + changeable_value(front, key)->dump() + "\n";
  const Config again = parsed(text);
  EXPECT_EQ(again.cameras[0].zones, front.zones);
  EXPECT_EQ(again.cameras[0].lines, front.lines);
  EXPECT_EQ(again.cameras[0].rules, front.rules);
  EXPECT_EQ(again.cameras[0].threshold, front.threshold);
  EXPECT_EQ(changeable_value(front, "url"), std::nullopt);
}

}  // namespace
}  // namespace vedette::config
