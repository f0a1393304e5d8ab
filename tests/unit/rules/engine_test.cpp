// What each condition of a rule does alone.
#include "rules/engine.h"

#include <gtest/gtest.h>

#include <random>

#include "scene.h"

namespace vedette::rules {
namespace {

std::uint32_t inside(const Findings& findings, const std::string& place, const std::string& label = "person") {
  for (const Count& count : findings.counts)
    if (count.place == place && count.label == label) return count.inside;
  return 0;
}

TEST(Zones, AreEnteredOnTwoResultsAndLeftWhenClearOfTheBorder) {
  Scene scene(with({.name = "a"}, {kLeft}));
  EXPECT_EQ(inside(scene.frame({{.at = {0.6f, 0.5f}}}), "left"), 0u);
  EXPECT_EQ(inside(scene.frame({{.at = {0.4f, 0.5f}}}), "left"), 0u);
  EXPECT_EQ(inside(scene.frame({{.at = {0.4f, 0.5f}}}), "left"), 1u);
  EXPECT_EQ(scene.tracks[0].zones(), 1u);
  EXPECT_EQ(inside(scene.frames(50, {{.at = {0.509f, 0.5f}}}), "left"), 1u) << "outside by less than a tenth of its box";
  EXPECT_EQ(inside(scene.frame({{.at = {0.511f, 0.5f}}}), "left"), 1u);
  EXPECT_EQ(inside(scene.frame({{.at = {0.511f, 0.5f}}}), "left"), 0u);
  EXPECT_EQ(scene.tracks[0].zones(), 0u);
}

TEST(Zones, AnObjectSeenFirstInsideIsInside) {
  Scene scene(with({.name = "a"}, {kLeft, kRight}));
  const Findings& findings = scene.frame({{.at = {0.4f, 0.5f}}});
  EXPECT_EQ(findings.counts, (std::vector<Count>{{"", "person", 1}, {"left", "person", 1}}));
}

TEST(Zones, ABoxOnTheBorderDoesntFlicker) {
  Scene scene(with({.name = "a"}, {kLeft}));
  std::mt19937 random(3);
  scene.frame({{.at = {0.48f, 0.5f}}});
  for (int i = 0; i < 10'000; ++i) {
    const float jitter = std::uniform_real_distribution<float>(-0.009f, 0.009f)(random);
    ASSERT_EQ(inside(scene.frame({{.at = {0.5f + jitter, 0.5f}}}), "left"), 1u) << i;
  }
}

TEST(Zones, ALostObjectStaysWhereItWas) {
  Scene scene(with({.name = "a"}, {kLeft}));
  scene.frame({{.at = {0.4f, 0.5f}}});
  EXPECT_EQ(inside(scene.frames(20, {{.at = {0.9f, 0.5f}, .phase = TrackPhase::Lost}}), "left"), 1u);
}

TEST(Zones, CountOnlyTheirObjectsAndWhatIsSure) {
  Zone cars = kLeft;
  cars.objects = {"car"};
  Scene scene(with({.name = "a"}, {cars}));
  const Findings& findings = scene.frame({{.id = 1, .at = {0.2f, 0.5f}},
                                          {.id = 2, .at = {0.3f, 0.5f}, .class_id = kCar},
                                          {.id = 3, .at = {0.3f, 0.5f}, .phase = TrackPhase::Tentative, .class_id = kCar},
                                          {.id = 4, .at = {0.3f, 0.5f}, .score = 0.45f, .class_id = kCar}});
  EXPECT_EQ(findings.counts, (std::vector<Count>{{"", "person", 1}, {"", "car", 1}, {"left", "car", 1}}));
}

// --- lines: from left to right in the picture, so "in" is downwards ---

Count tally(const Scene& scene) {
  const std::vector<Count> counts = scene.engine.line_counts();
  return counts.empty() ? Count{} : counts.front();
}

TEST(Lines, CountBothWays) {
  Scene scene(with({.name = "a"}, {}, {kGate}));
  for (const float y : {0.3f, 0.45f, 0.55f, 0.7f}) scene.frame({{.at = {0.5f, y}}});
  EXPECT_EQ(tally(scene), (Count{"gate", "person", 0, 1, 0}));
  for (const float y : {0.7f, 0.52f, 0.48f, 0.3f}) scene.frame({{.at = {0.5f, y}}});
  EXPECT_EQ(tally(scene), (Count{"gate", "person", 0, 1, 1}));
  scene.frame({{.at = {0.5f, 0.9f}}});  // in one leap
  EXPECT_EQ(tally(scene), (Count{"gate", "person", 0, 2, 1}));
}

TEST(Lines, JitterOnTheLineCountsOnceAtMost) {
  Scene scene(with({.name = "a"}, {}, {kGate}));
  std::mt19937 random(3);
  scene.frame({{.at = {0.5f, 0.3f}}});
  for (int i = 0; i < 1000; ++i)
    scene.frame({{.at = {0.5f, 0.5f + std::uniform_real_distribution<float>(-0.045f, 0.045f)(random)}}});
  EXPECT_EQ(tally(scene), Count{}) << "not clear of the line yet";
  scene.frame({{.at = {0.5f, 0.7f}}});
  EXPECT_EQ(tally(scene), (Count{"gate", "person", 0, 1, 0}));
}

TEST(Lines, PassingByTheirEndsIsNoCrossing) {
  Scene scene(with({.name = "a"}, {}, {kGate}));
  for (const float y : {0.3f, 0.45f, 0.55f, 0.7f}) scene.frame({{.at = {0.85f, y}}});
  EXPECT_EQ(tally(scene), Count{});
  // Over it, and back around its end: one crossing.
  for (const Point at : {Point{0.75f, 0.7f}, {0.75f, 0.3f}, {0.95f, 0.3f}, {0.95f, 0.7f}, {0.75f, 0.7f}})
    scene.frame({{.at = at}});
  EXPECT_EQ(tally(scene), (Count{"gate", "person", 0, 0, 1}));
}

TEST(Lines, ATentativeObjectCountsOnceItIsConfirmed) {
  Scene scene(with({.name = "a"}, {}, {kGate}));
  scene.frame({{.at = {0.5f, 0.3f}, .phase = TrackPhase::Tentative}});
  scene.frame({{.at = {0.5f, 0.7f}, .phase = TrackPhase::Tentative}});
  EXPECT_EQ(tally(scene), Count{});
  scene.frame({{.at = {0.5f, 0.8f}}});
  EXPECT_EQ(tally(scene), (Count{"gate", "person", 0, 1, 0}));
}

TEST(Lines, AnObjectThatCrossesUnseenCounts) {
  Scene scene(with({.name = "a"}, {}, {kGate}));
  scene.frame({{.at = {0.5f, 0.3f}}});
  scene.frames(5, {{.at = {0.5f, 0.6f}, .phase = TrackPhase::Lost}});
  EXPECT_EQ(tally(scene), Count{}) << "where it may be is no evidence";
  scene.frame({{.at = {0.5f, 0.7f}}});
  EXPECT_EQ(tally(scene), (Count{"gate", "person", 0, 1, 0}));
}

TEST(Lines, ARuleHoldsForAWhileAfterACrossingInItsDirection) {
  Scene scene(with({.name = "in", .line = "gate", .direction = Direction::kIn}, {}, {kGate}));
  scene.frame({{.at = {0.5f, 0.7f}}});
  scene.frames(100, {{.at = {0.5f, 0.3f}}});
  EXPECT_EQ(scene.told(), Words{}) << "out";
  scene.frame({{.at = {0.5f, 0.7f}}});
  EXPECT_EQ(scene.told(), Words{"start in"});
  EXPECT_EQ(scene.changes[0].event.zone, "gate");
  scene.frames(59, {{.at = {0.5f, 0.7f}}});
  EXPECT_EQ(scene.told(), Words{"start in"});
  scene.frame({{.at = {0.5f, 0.7f}}});
  EXPECT_EQ(scene.told(), (Words{"start in", "end in"}));
}

// --- conditions ---

TEST(Dwell, CountsFromTheZonesFirstResult) {
  Scene scene(with({.name = "loiter", .zones = {"left"}, .dwell = std::chrono::seconds(10)}, {kLeft}));
  scene.frames(300, {{.at = {0.8f, 0.5f}}});
  scene.frames(100, {{.at = {0.2f, 0.5f}}});
  EXPECT_EQ(scene.told(), Words{});
  EXPECT_EQ(scene.frame({{.at = {0.2f, 0.5f}}}).targets.count, 1u);
  EXPECT_EQ(scene.told(), Words{"start loiter"});
}

TEST(Dwell, SurvivesBeingLostForAWhileAndNotForLong) {
  for (const auto& [lost, expected] : {std::pair{49, Words{"start loiter"}}, std::pair{52, Words{}}}) {
    Scene scene(with({.name = "loiter", .zones = {"left"}, .dwell = std::chrono::seconds(10)}, {kLeft}));
    scene.frames(40, {{.at = {0.2f, 0.5f}}});
    scene.frames(lost, {{.at = {0.2f, 0.5f}, .phase = TrackPhase::Lost}});
    scene.frames(20, {{.at = {0.2f, 0.5f}}});
    EXPECT_EQ(scene.told(), expected) << lost;
  }
}

TEST(Dwell, StartsOverWhenItLeaves) {
  Scene scene(with({.name = "loiter", .zones = {"left"}, .dwell = std::chrono::seconds(10)}, {kLeft}));
  for (int i = 0; i < 5; ++i) {
    scene.frames(80, {{.at = {0.2f, 0.5f}}});
    scene.frames(10, {{.at = {0.8f, 0.5f}}});
  }
  EXPECT_EQ(scene.told(), Words{});
}

TEST(Except, LeavesOutWhoStandsThere) {
  Scene scene(with({.name = "a", .except = {"left"}}, {kLeft, kRight}));
  EXPECT_EQ(scene.frames(20, {{.at = {0.2f, 0.5f}}}).targets.count, 0u);
  EXPECT_EQ(scene.told(), Words{});
  EXPECT_EQ(scene.frames(20, {{.at = {0.8f, 0.5f}}}).targets.count, 1u) << "it has left";
  EXPECT_EQ(scene.told(), Words{"start a"});
  scene.frames(20, {{.at = {0.2f, 0.5f}}});
  EXPECT_EQ(scene.told(), (Words{"start a", "end a"}));
}

TEST(Except, IsAboutTheZonesClassesAndOverridesZonesAndLines) {
  Zone cars = kLeft;
  cars.objects = {"car"};
  EXPECT_EQ(Scene(with({.name = "a", .except = {"left"}}, {cars})).frames(5, {{.at = {0.2f, 0.5f}}}).targets.count, 1u);
  EXPECT_EQ(
      Scene(with({.name = "a", .zones = {"left"}, .except = {"left"}}, {kLeft})).frames(5, {{.at = {0.2f, 0.5f}}}).targets.count,
      0u);
  EXPECT_EQ(
      Scene(with({.name = "a", .except = {"left"}, .at_least = 1}, {kLeft})).frames(30, {{.at = {0.2f, 0.5f}}}).targets.count,
      0u);
  // Who has crossed a line and stands there.
  const auto crosses = [](std::vector<std::string> except, float x) {
    Scene scene(with({.name = "a", .except = std::move(except), .line = "gate"}, {kLeft}, {kGate}));
    scene.frames(10, {{.at = {x, 0.4f}}}), scene.frames(10, {{.at = {x, 0.7f}}});
    return scene.told();
  };
  EXPECT_EQ(crosses({}, 0.3f), Words{"start a"});
  EXPECT_EQ(crosses({"left"}, 0.3f), Words{});
  EXPECT_EQ(crosses({"left"}, 0.7f), Words{"start a"});
}

TEST(Zones, HaveWhoIsCutByThePicturesBorder) {
  Scene scene(with({.name = "a", .zones = {"left", "right"}}, {kLeft, kRight}));
  EXPECT_EQ(scene.frame({{.id = 1, .at = {0.2f, 1.0f}}, {.id = 2, .at = {1.0f, 1.0f}, .width = 0}}).targets.count, 2u);
}

TEST(Dwell, GoesOnWhileNothingMoves) {
  Scene scene(with({.name = "loiter", .zones = {"left"}, .dwell = std::chrono::seconds(10)}, {kLeft}));
  scene.frames(3, {{.at = {0.2f, 0.5f}}});
  for (int i = 0; i < 97; ++i) scene.still();
  EXPECT_EQ(scene.told(), Words{});
  scene.still();
  EXPECT_EQ(scene.told(), Words{"start loiter"});
  for (int i = 0; i < 100; ++i) scene.still();
  EXPECT_EQ(scene.told(), (Words{"start loiter", "update loiter"})) << "a reminder after 10 s";
}

TEST(Score, ATargetFromTheThresholdOnUntilClearlyBelow) {
  Scene scene(with({.name = "a", .threshold = 0.6f}));
  EXPECT_EQ(scene.frame({{.score = 0.59f}}).targets.count, 0u);
  EXPECT_EQ(scene.frame({{.score = 0.6f}}).targets.count, 1u) << "at once: the alarm mustn't wait";
  EXPECT_EQ(scene.told(), Words{}) << "an event asks for the smoothed score";
  scene.frames(50, {{.score = 0.62f}});
  EXPECT_EQ(scene.told(), Words{"start a"});
  EXPECT_EQ(scene.frames(50, {{.score = 0.52f}}).targets.count, 1u) << "0.51 is 0.85 of it";
  EXPECT_EQ(scene.frames(50, {{.score = 0.4f}}).targets.count, 0u);
  EXPECT_EQ(scene.told(), (Words{"start a", "update a", "end a"})) << "and a reminder";
}

TEST(Score, HasAThresholdForEachClass) {
  Rule rule{.name = "a", .classes = {"person", "car"}, .threshold = 0.5f, .thresholds = {{"car", 0.7f}}};
  Scene scene(with(rule));
  const Targets& targets = scene.frame({{.id = 1, .score = 0.55f}, {.id = 2, .score = 0.65f, .class_id = kCar}}).targets;
  EXPECT_EQ(targets.count, 1u);
  EXPECT_EQ(targets.label, "person");
  EXPECT_EQ(scene.frame({{.id = 1, .score = 0.55f}, {.id = 2, .score = 0.75f, .class_id = kCar}, {.id = 3, .class_id = 2}})
                .targets.label,
            "car");
  EXPECT_EQ(scene.told(), (Words{"start a"})) << "the car's smoothed score isn't there yet, the dog isn't asked for";
}

TEST(Size, HasHysteresisToo) {
  Scene scene(with({.name = "a", .min_size = 0.02f, .max_size = 0.1f}));
  const auto of_height = [](float height) { return Standing{.at = {0.5f, 0.9f}, .width = 0.1f, .height = height}; };
  EXPECT_EQ(scene.frame({of_height(0.19f)}).targets.count, 0u);
  EXPECT_EQ(scene.frame({of_height(0.21f)}).targets.count, 1u);
  EXPECT_EQ(scene.frames(20, {of_height(0.17f)}).targets.count, 1u);
  EXPECT_EQ(scene.frame({of_height(0.15f)}).targets.count, 0u);
  EXPECT_EQ(scene.frame({{.id = 2, .at = {0.5f, 0.9f}, .width = 0.5f, .height = 0.5f}}).targets.count, 0u);
}

TEST(Schedule, ARuleIsOnInItsHoursOnly) {
  Scene scene(with({.name = "night", .schedule = *parse_schedule("22:00-06:00")}));
  scene.minute = 22 * 60 - 1;
  EXPECT_EQ(scene.frame({{}}).targets.count, 0u);
  scene.minute = 22 * 60;
  EXPECT_EQ(scene.frame({{}}).targets.count, 1u);
  scene.minute = 30 * 60 - 1;
  EXPECT_EQ(scene.frames(30, {{}}).targets.count, 1u);
  scene.minute = 30 * 60;
  EXPECT_EQ(scene.frames(11, {{}}).targets.count, 0u);
  EXPECT_EQ(scene.told(), (Words{"start night", "end night"}));
}

TEST(Crowd, NeedsItsNumberForAWhile) {
  Scene scene(with({.name = "crowd", .at_least = 2, .at_most = 3}));
  const Standing a{.id = 1, .at = {0.2f, 0.5f}}, b{.id = 2, .at = {0.4f, 0.6f}}, c{.id = 3}, d{.id = 4};
  scene.frames(20, {a});
  scene.frames(9, {a, b});
  EXPECT_EQ(scene.frame({a}).targets.count, 0u);
  scene.frames(10, {a, b});
  EXPECT_EQ(scene.told(), Words{});
  EXPECT_EQ(scene.frame({a, b}).targets.count, 2u);
  EXPECT_EQ(scene.told(), Words{"start crowd"});
  const Change& start = scene.changes[0];
  EXPECT_EQ(start.number, 2u);
  EXPECT_EQ(start.event.track_id, 0u);
  EXPECT_FLOAT_EQ(start.event.best.x, 0.15f);
  EXPECT_FLOAT_EQ(start.event.best.width, 0.3f);
  scene.frames(30, {a, b, c});
  EXPECT_EQ(scene.told(), (Words{"start crowd", "update crowd"})) << "more of them: a better picture";
  scene.frames(11, {a, b, c, d});
  EXPECT_EQ(scene.told(), (Words{"start crowd", "update crowd", "end crowd"})) << "too many";
}

TEST(Crowd, NobodyIsANumberToo) {
  Scene scene(with({.name = "unmanned", .zones = {"left"}, .at_most = 0}, {kLeft}));
  scene.frames(20, {{.at = {0.2f, 0.5f}}});
  EXPECT_EQ(scene.told(), Words{});
  EXPECT_EQ(scene.frames(20, {}).targets.count, 1u);
  EXPECT_EQ(scene.told(), Words{"start unmanned"});
  EXPECT_EQ(scene.changes[0].event.zone, "left");
  scene.frames(20, {{.at = {0.2f, 0.5f}}});
  EXPECT_EQ(scene.told(), (Words{"start unmanned", "end unmanned"}));
}

TEST(Crowd, OfNobodyIsTold) {
  const auto absence = [](std::vector<std::string> classes, std::vector<Zone> zones = {}) {
    Rule rule{.name = "unmanned", .classes = std::move(classes), .at_most = 0};
    if (!zones.empty()) rule.zones = {zones[0].name};
    Scene scene(with(rule, zones));
    return scene.frames(20, {}).targets.absence;
  };
  EXPECT_EQ(absence({"person"}, {kLeft}), "nobody at left");
  EXPECT_EQ(absence({"car"}), "no car");
  EXPECT_EQ(absence({"person", "car", "dog"}), "no person, car or dog");
  EXPECT_EQ(absence({"person", "car", "dog", "cat"}), "nothing");
  EXPECT_EQ(absence({}, {kLeft}), "nothing at left");

  Scene scene(with({.name = "few", .classes = {"person"}, .at_most = 1}));
  scene.frames(20, {});
  ASSERT_EQ(scene.told(), Words{"start few"});
  EXPECT_EQ(scene.changes[0].absence, "nobody");
  EXPECT_EQ(scene.frames(20, {{.at = {0.2f, 0.5f}}}).targets.absence, "") << "one is few, but not nobody";
  scene.changes.clear();
  scene.frames(20, {{.id = 1, .at = {0.2f, 0.5f}}, {.id = 2, .at = {0.8f, 0.5f}}});
  ASSERT_EQ(scene.told(), Words{"end few"});
  EXPECT_EQ(scene.changes[0].absence, "") << "there was somebody";

  Scene till(with({.name = "unmanned", .classes = {"person"}, .at_most = 0}));
  till.frames(20, {}), till.frames(20, {{.at = {0.2f, 0.5f}}});
  ASSERT_EQ(till.told(), (Words{"start unmanned", "end unmanned"}));
  EXPECT_EQ(till.changes[1].absence, "nobody") << "that is what is over";
}

}  // namespace
}  // namespace vedette::rules
