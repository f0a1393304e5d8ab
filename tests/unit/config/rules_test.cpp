// The keys of zones, lines and rules, each mistake at its own line and column; the file of what was changed while it ran.
#include <gtest/gtest.h>

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "config/config.h"
#include "config/loader.h"
#include "config/overrides.h"

namespace vedette {
namespace {

using config::Loader;

const std::string kCamera = "cameras:\n  front:\n    url: /dev/video0\n";  // lines 1 to 3
const std::string kDoor = "    zones: [{name: door, polygon: \"0,0 0.5,0 0.5,1\"}]\n";
const std::string kGate = "    lines: [{name: gate, points: \"0.1,0.5 0.9,0.5\"}]\n";

Result<Config> load(const std::string& keys, const std::string& overrides = "", const std::vector<std::string>& flags = {}) {
  Loader loader("/etc/v.yaml", {});
  loader.read_file(kCamera + keys);
  if (!overrides.empty()) loader.read_overrides_file(overrides, "/data/overrides.yaml");
  loader.read_overrides(flags, "/home");
  return loader.finish();
}

std::string error_of(const Result<Config>& config) { return config ? "" : config.error().text; }

struct Case {
  std::string text;      // keys of a camera, from line 4 on
  std::string expected;  // the whole error
};

class RuleMistake : public testing::TestWithParam<Case> {};

TEST_P(RuleMistake, IsTold) { EXPECT_EQ(error_of(load(GetParam().text)), GetParam().expected); }

const std::string kTwoPoints = "expected two points that differ, such as \"0.1,0.5 0.9,0.5\"";
const std::string kWhen = "expected days, times or both, such as \"mon-fri 22:00-06:00\", \"sat,sun\" or \"08:00-18:00\"";
INSTANTIATE_TEST_SUITE_P(
    Rules, RuleMistake,
    testing::Values(
        Case{
            "    zones: [{name: a, polygon: \"0,0 1,1 1,0 0,1\"}]\n",
            "/etc/v.yaml:4:32: cameras.front.zones[0].polygon: its sides cross or touch each other; expected the points in order "
            "around it"},
        Case{
            "    zones: [{name: a, polygon: \"0,0 0.5,0.5 1,1\"}]\n",
            "/etc/v.yaml:4:32: cameras.front.zones[0].polygon: its sides cross or touch each other; expected the points in order "
            "around it"},
        Case{"    zones: [{name: a, polygon: \"0,0 0,0 0,0\"}]\n",
             "/etc/v.yaml:4:32: cameras.front.zones[0].polygon: its points lie on a line; expected something with an inside"},
        Case{"    lines: [{name: a, points: \"0,0\"}]\n",
             "/etc/v.yaml:4:31: cameras.front.lines[0].points: \"0,0\"; " + kTwoPoints},
        Case{"    lines: [{name: a, points: \"0.5,0.5 0.5,0.5\"}]\n",
             "/etc/v.yaml:4:31: cameras.front.lines[0].points: \"0.5,0.5 0.5,0.5\"; " + kTwoPoints},
        Case{
            "    lines: [{name: a, points: \"0,0 1,2\"}]\n",
            "/etc/v.yaml:4:31: cameras.front.lines[0].points: \"1,2\"; expected a point such as 0.3,0.2 (from the left, from the "
            "top), both from 0 to 1"},
        Case{"    lines: [{name: a}]\n", "/etc/v.yaml:4:13: cameras.front.lines[0]: no \"points:\"; " + kTwoPoints},
        Case{kDoor + "    lines: [{name: door, points: \"0,0 1,1\"}]\n",
             "/etc/v.yaml:5:20: cameras.front.lines[0].name: \"door\", the name of a zone too; expected names that differ, since "
             "both are counted by name"},
        Case{"    lines: gate\n",
             "/etc/v.yaml:4:12: cameras.front.lines: \"gate\"; expected a list of lines in the file, such as [{name: gate, "
             "points: "
             "\"0.1,0.5 0.9,0.5\"}]"},
        Case{"    rules: [{}]\n",
             "/etc/v.yaml:4:13: cameras.front.rules[0]: no \"name:\"; expected 1 to 23 of the characters a-z 0-9 _ -"},
        Case{"    rules: [{name: a}, {name: a}]\n",
             "/etc/v.yaml:4:31: cameras.front.rules[1].name: \"a\", the name of rules[0] too; expected names that differ"},
        Case{kDoor + "    rules: [{name: a, zones: [dor]}]\n",
             "/etc/v.yaml:5:31: cameras.front.rules[0].zones: \"dor\" is no zone; expected \"door\"?"},
        Case{"    rules: [{name: a, zones: [door]}]\n",
             "/etc/v.yaml:4:31: cameras.front.rules[0].zones: \"door\" is no zone; expected the name of one of the camera's "
             "zones, "
             "and it has none"},
        Case{kDoor + "    rules: [{name: a, except: [door, dor]}]\n",
             "/etc/v.yaml:5:38: cameras.front.rules[0].except: \"dor\" is no zone; expected \"door\"?"},
        Case{kGate + "    rules: [{name: a, line: fence}]\n",
             "/etc/v.yaml:5:29: cameras.front.rules[0].line: \"fence\" is no line; expected one of the camera's lines: gate"},
        Case{"    rules: [{name: a, direction: in}]\n",
             "/etc/v.yaml:4:34: cameras.front.rules[0].direction: no \"line:\" to cross; expected one, or no direction"},
        Case{"    rules: [{name: a, direction: left}]\n",
             "/etc/v.yaml:4:34: cameras.front.rules[0].direction: \"left\"; expected one of any, in, out"},
        Case{kGate + "    rules: [{name: a, line: gate, dwell: 5s}]\n",
             "/etc/v.yaml:5:42: cameras.front.rules[0].dwell: given together with line; expected only one of the two"},
        Case{"    rules: [{name: a, min_size: 0.5, max_size: 0.25}]\n",
             "/etc/v.yaml:4:33: cameras.front.rules[0].min_size: 0.5; expected at most max_size, 0.25"},
        Case{"    rules: [{name: a, count: {at_least: 5, at_most: 2}}]\n",
             "/etc/v.yaml:4:30: cameras.front.rules[0].count: at_least 5; expected at most at_most, 2"},
        Case{"    rules: [{name: a, count: {least: 5}}]\n",
             "/etc/v.yaml:4:38: cameras.front.rules[0].count.least: unknown key; expected at_least or at_most"},
        Case{"    rules: [{name: a, count: 5}]\n",
             "/etc/v.yaml:4:30: cameras.front.rules[0].count: \"5\"; expected at_least, at_most or both in the file, such as "
             "{at_least: 3}"},
        Case{"    rules: [{name: a, count: {at_least: many}}]\n",
             "/etc/v.yaml:4:41: cameras.front.rules[0].count.at_least: \"many\"; expected a whole number from 0 to 1000"},
        Case{"    rules: [{name: a, classes: [person], thresholds: {persn: 0.5}}]\n",
             "/etc/v.yaml:4:62: cameras.front.rules[0].thresholds: \"persn\" is none of the rule's classes; expected one of "
             "person"},
        Case{"    rules: [{name: a, thresholds: {person: 1.5}}]\n",
             "/etc/v.yaml:4:44: cameras.front.rules[0].thresholds.person: \"1.5\"; expected a number from 0 to 1"},
        Case{"    rules: [{name: a, thresholds: {person: 0.5, person: 0.6}}]\n",
             "/etc/v.yaml:4:49: cameras.front.rules[0].thresholds.person: given twice; expected once (first in line 4)"},
        Case{"    rules: [{name: a, threshold: high}]\n",
             "/etc/v.yaml:4:34: cameras.front.rules[0].threshold: \"high\"; expected a number from 0 to 1"},
        Case{"    rules: [{name: a, schedule: nights}]\n",
             "/etc/v.yaml:4:33: cameras.front.rules[0].schedule: \"nights\"; expected a list such as [\"mon-fri 22:00-06:00\", "
             "\"sat,sun\"]"},
        Case{"    rules: [{name: a, schedule: [\"mon 22:00-06:00\", \"mon 9:00-10:00\"]}]\n",
             "/etc/v.yaml:4:53: cameras.front.rules[0].schedule: \"mon 9:00-10:00\"; " + kWhen},
        Case{"    threshold: 2\n", "/etc/v.yaml:4:16: cameras.front.threshold: \"2\"; expected a number from 0 to 1"},
        Case{
            "    zones: [{name: a, polygon: \"0,0 1,0 1,2\"}]\n    rules: [{name: B, min_size: 2}, {zones: []}]\n",
            "/etc/v.yaml:4:32: cameras.front.zones[0].polygon: \"1,2\"; expected a point such as 0.3,0.2 (from the left, from "
            "the "
            "top), both from 0 to 1\n"
            "/etc/v.yaml:5:20: cameras.front.rules[0].name: \"B\"; expected 1 to 23 of the characters a-z 0-9 _ - (\"\" for "
            "none)\n"
            "/etc/v.yaml:5:33: cameras.front.rules[0].min_size: \"2\"; expected a number from 0 to 1\n"
            "/etc/v.yaml:5:37: cameras.front.rules[1]: no \"name:\"; expected 1 to 23 of the characters a-z 0-9 _ -\n"
            "/etc/v.yaml:5:45: cameras.front.rules[1].zones: a list that is empty or has an empty item; expected a list of words "
            "such as [person, car]"}));

TEST(Rules, TakesEveryKey) {
  const Result<Config> config = load(
      "    threshold: 0.45\n"
      "    zones: [{name: door, polygon: \"0,0 0.5,0 0.5,1\", objects: [person, dog]}, {name: yard, polygon: \"0,0 1,0 "
      "1,1\"}]\n" +
      kGate +
      "    rules:\n"
      "      - {name: night, classes: [person, car], threshold: 0.55, thresholds: {car: 0.7}, zones: [yard, door], dwell: 10s,\n"
      "         min_size: 0.01, max_size: 0.5, schedule: [\"sun 22:00-06:00\"], alarm: false}\n"
      "      - {name: in, line: gate, direction: in, except: [yard], event: false}\n"
      "      - {name: crowd, count: {at_least: 2, at_most: 5}}\n");
  ASSERT_TRUE(config) << config.error().text;
  const CameraConfig& camera = config->cameras.at(0);
  EXPECT_FLOAT_EQ(camera.threshold.value(), 0.45f);
  EXPECT_EQ(camera.zones.at(0).objects, (std::vector<std::string>{"person", "dog"}));
  EXPECT_EQ(camera.lines, (std::vector<rules::Line>{{"gate", {{0.1f, 0.5f}, {0.9f, 0.5f}}}}));
  rules::Rule night{.name = "night", .classes = {"person", "car"}, .threshold = 0.55f, .thresholds = {{"car", 0.7f}}};
  night.zones = {"yard", "door"};
  night.dwell = std::chrono::seconds(10);
  night.min_size = 0.01f;
  night.max_size = 0.5f;
  night.schedule = {{6 * rules::kMinutesOfDay + 22 * 60, 8 * 60}};
  night.alarm = false;
  EXPECT_EQ(camera.rules.at(0), night);
  EXPECT_EQ(camera.rules.at(1),
            (rules::Rule{.name = "in", .except = {"yard"}, .line = "gate", .direction = rules::Direction::kIn, .event = false}));
  EXPECT_EQ(camera.rules.at(2), (rules::Rule{.name = "crowd", .at_least = 2, .at_most = 5}));
}

TEST(Rules, AreForCamerasOfOtherProgramsToo) {
  Loader loader("/etc/v.yaml", {});
  loader.read_file("cameras:\n  front:\n    url: \"bus:\"\n    threshold: 0.6\n" + kDoor + kGate +
                   "    rules: [{name: a, zones: [door]}]\n");
  EXPECT_EQ(error_of(loader.finish()), "");
}

TEST(Rules, WithoutAnyTheSentrysClassesAnywhereAreTheRule) {
  const rules::EngineOptions options =
      rules_of(load("").value().cameras.at(0), {.classes = {"person", "dog"}, .threshold = 0.6f});
  EXPECT_EQ(options.rules, (std::vector<rules::Rule>{{.name = "sentry", .classes = {"person", "dog"}}}));
  EXPECT_FLOAT_EQ(options.threshold, 0.6f);
  EXPECT_FLOAT_EQ(rules::least_score(options), 0.6f);
  const Config config =
      load("    threshold: 0.7\n" + kDoor + "    rules: [{name: a}, {name: b, classes: [car], thresholds: {car: 0.4}}]\n")
          .value();
  const rules::EngineOptions own = rules_of(config.cameras.at(0), {.classes = {"person"}, .threshold = 0.6f});
  EXPECT_EQ(own.rules.at(0).classes, std::vector<std::string>{"person"});
  EXPECT_EQ(own.rules.at(1).classes, std::vector<std::string>{"car"});
  EXPECT_EQ(own.zones.at(0).name, "door");
  EXPECT_FLOAT_EQ(own.threshold, 0.7f);
  EXPECT_FLOAT_EQ(rules::least_score(own), 0.4f);
}

TEST(Rules, FlagsSetKeysOfItemsThatTheFileHas) {
  const Result<Config> config =
      load(kDoor + kGate + "    rules: [{name: a, zones: [door]}]\n", "",
           {"cameras.front.rules[0].dwell=30s", "cameras.front.rules[0].schedule=sat,sun;mon 08:00-09:00",
            "cameras.front.lines[0].points=0,0 1,0", "cameras.front.zones[0].objects=person"});
  ASSERT_TRUE(config) << config.error().text;
  EXPECT_EQ(config->cameras.at(0).rules.at(0).dwell, std::chrono::seconds(30));
  EXPECT_EQ(config->cameras.at(0).rules.at(0).schedule.size(), 3u);
  EXPECT_EQ(config->cameras.at(0).lines.at(0).course, (rules::Segment{{0, 0}, {1, 0}}));
}

TEST(Rules, AskForNoLessThanTheDetectorGives) {
  const std::string why = "; expected at least detect.threshold, 0.4: the detector gives nothing below it";
  EXPECT_EQ(error_of(load("    threshold: 0.3\n    rules:\n      - {name: a, threshold: 0.2}\n"
                          "      - {name: b, classes: [car], thresholds: {car: 0.1}}\n"
                          "  back: {url: \"synthetic:\"}\nsentry: {threshold: 0.35}\n")),
            "/etc/v.yaml:4:16: cameras.front.threshold: 0.3" + why + "\n/etc/v.yaml:6:30: cameras.front.rules[0].threshold: 0.2" +
                why + "\n/etc/v.yaml:7:53: cameras.front.rules[1].thresholds.car: 0.1" + why +
                "\n/etc/v.yaml:9:21: sentry.threshold: 0.35" + why);
  EXPECT_EQ(error_of(load("    detect: false\n    threshold: 0.3\n")), "");
}

TEST(Overrides, LieOverTheFileAndUnderFlags) {
  const Result<Config> config =
      load(kDoor + kGate + "    rules: [{name: a, zones: [door]}]\n",
           "cameras:\n  front:\n    threshold: 0.7\n    zones: [{name: yard, polygon: \"0,0 1,0 1,1\"}]\n    lines: []\n"
           "    rules: [{name: b, zones: [yard]}, {name: c}]\n",
           {"cameras.front.threshold=0.8"});
  ASSERT_TRUE(config) << config.error().text;
  const CameraConfig& camera = config->cameras.at(0);
  EXPECT_FLOAT_EQ(camera.threshold.value(), 0.8f);
  ASSERT_EQ(camera.zones.size(), 1u);
  EXPECT_EQ(camera.zones[0].name, "yard");
  EXPECT_TRUE(camera.lines.empty());
  ASSERT_EQ(camera.rules.size(), 2u);
  EXPECT_EQ(camera.rules[0].name, "b");
  EXPECT_EQ(config->overridden, (std::vector<std::string>{"cameras.front.threshold", "cameras.front.zones", "cameras.front.lines",
                                                          "cameras.front.rules"}));
  EXPECT_EQ(error_of(load("", "# nothing yet\n")), "");
}

TEST(Overrides, MistakesAreToldInTheFileThatHasThem) {
  const std::string two =
      "cameras:\n  front:\n    zones: [{name: yard, polygon: \"0,0 1,0\"}]\n    url: x\n  back: {zones: []}\n";
  EXPECT_EQ(error_of(load(kDoor + "    rules: [{name: a, zones: [door]}]\n", two)),
            "/data/overrides.yaml:3:35: cameras.front.zones[0].polygon: \"0,0 1,0\"; expected at least 3 points, such as \"0,0 "
            "0.3,0 0.3,0.2\"\n"
            "/data/overrides.yaml:4:5: cameras.front.url: unknown key; expected one of threshold, zones, lines, rules, masks\n"
            "/etc/v.yaml:5:31: cameras.front.rules[0].zones: \"door\" is no zone; expected one of the camera's zones: yard");
  const Result<Config> without = load("", "cameras:\n  back: {zones: 3}\n  front: {threshold: 0.6}\n");
  ASSERT_TRUE(without) << without.error().text;
  EXPECT_EQ(without->passed_over,
            std::vector<std::string>{"/data/overrides.yaml:2: cameras.back: no camera of this name; passed over"});
  EXPECT_EQ(without->overridden, std::vector<std::string>{"cameras.front.threshold"});
  EXPECT_EQ(error_of(load("", "sentry: {threshold: 0.4}\n")),
            "/data/overrides.yaml:1:1: sentry: expected only \"cameras:\" here, and below it each camera's keys that may change");
  EXPECT_EQ(error_of(load("", "cameras: [\n")).substr(0, 26), "/data/overrides.yaml:2:1: ");
}

TEST(Rules, ExamplesOfTheDocumentationLoad) {
  std::ifstream page(std::string(VEDETTE_SOURCE_DIR) + "/docs/rules.md");
  std::string block;
  int examples = 0;
  bool inside = false;
  for (std::string line; std::getline(page, line);) {
    if (line == "```yaml") {
      inside = true;
      block.clear();
    } else if (inside && line == "```") {
      inside = false;
      ++examples;
      EXPECT_EQ(error_of(load(block)), "") << block;
    } else if (inside) {
      block += "    " + line + "\n";
    }
  }
  EXPECT_EQ(examples, 7);
}

// Files of a configuration and what was changed of it.
class TryChange : public testing::Test {
 protected:
  TryChange() {
    folder_ = testing::TempDir() + "vedette_overrides_" + std::to_string(::getpid());
    std::filesystem::create_directories(folder_);
    path_ = folder_ + "/v.yaml";
    std::ofstream(path_) << "storage: {dir: data}\n" << kCamera << kDoor << "  back: {url: \"synthetic:\"}\n";
    std::filesystem::create_directories(folder_ + "/data");
  }
  ~TryChange() override { std::filesystem::remove_all(folder_); }

  Result<Changed> change(const std::string& camera, const std::string& key, std::optional<std::string> value) {
    return try_change(path_, {}, {camera, key, std::move(value)});
  }
  void keep(const Result<Changed>& changed) {
    ASSERT_TRUE(changed) << changed.error().text;
    std::ofstream(folder_ + "/data/overrides.yaml") << changed->overrides;
    const Result<Config> loaded = load_config(path_);
    ASSERT_TRUE(loaded) << loaded.error().text << "\n" << changed->overrides;
    EXPECT_EQ(loaded->cameras, changed->config.cameras) << changed->overrides;
  }

  std::string folder_, path_;
};

TEST_F(TryChange, KeepsWhatIsChangedUntilItIsUnset) {
  keep(change("front", "threshold", "0.8"));
  keep(change("back", "lines", "[{name: gate, points: '0,0 1,1'}]"));
  keep(change("front", "rules", "\n- name: a\n  zones: [door]\n  count: {at_least: 2}\n  schedule: [mon 10:00-11:00]\n"));
  const Config config = load_config(path_).value();
  EXPECT_FLOAT_EQ(config.cameras.at(0).threshold.value(), 0.8f);
  EXPECT_EQ(config.cameras.at(0).rules.at(0).at_least, 2u);
  EXPECT_EQ(config.cameras.at(1).lines.at(0).name, "gate");
  keep(change("front", "threshold", "0.45"));
  EXPECT_FLOAT_EQ(load_config(path_).value().cameras.at(0).threshold.value(), 0.45f);
  keep(change("front", "rules", std::nullopt));
  keep(change("front", "threshold", std::nullopt));
  keep(change("back", "lines", std::nullopt));
  EXPECT_EQ(load_config(path_).value().cameras, load_config(path_, {"storage.dir=/nonexistent"}).value().cameras);
  EXPECT_TRUE(load_config(path_).value().overridden.empty());
}

TEST_F(TryChange, RefusesBadValuesWithTheirPosition) {
  const auto refusal = [&](const std::string& camera, const std::string& key, const std::string& value) {
    const Result<Changed> changed = change(camera, key, value);
    return changed ? "" : changed.error().text;
  };
  EXPECT_EQ(refusal("front", "threshold", "2"), "value:1:1: cameras.front.threshold: \"2\"; expected a number from 0 to 1");
  EXPECT_EQ(refusal("front", "rules", "[{name: a,\n zones: [yard]}]"),
            "value:2:10: cameras.front.rules[0].zones: \"yard\" is no zone; expected one of the camera's zones: door");
  EXPECT_EQ(refusal("front", "url", "x"),
            "value: cameras.front.url: unknown key; expected one of threshold, zones, lines, rules, masks");
  EXPECT_EQ(refusal("side", "zones", "[]"), "value: cameras.side: no camera of this name; expected one of front, back");
  EXPECT_EQ(refusal("front", "rules", "[{name: a").substr(0, 25), "value:1:1: not valid YAML");
  EXPECT_EQ(refusal("front", "rules", "--- a\n--- b"), "value:1:1: several YAML documents; expected one");
  EXPECT_EQ(
      refusal("front", "zones", ""),
      "value:1:1: cameras.front.zones: no value; expected a list of zones in the file, such as [{name: door, polygon: \"0,0 "
      "0.3,0 0.3,0.2\"}]");
  EXPECT_EQ(refusal("front", "rules", "&a [*a]").substr(0, 8), "value:1:") << "a list that holds itself";
  // The zone is what another key needs.
  keep(change("front", "rules", "[{name: a, zones: [door]}]"));
  EXPECT_NE(refusal("front", "zones", "[]").find("overrides.yaml"), std::string::npos) << refusal("front", "zones", "[]");
}

}  // namespace
}  // namespace vedette
