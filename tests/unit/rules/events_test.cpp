// The life of an event, what is told of it, and what drives the sentry.
#include <gtest/gtest.h>

#include "rules/engine.h"
#include "scene.h"

namespace vedette::rules {
namespace {

using schema::EventPhase;

TEST(Events, AreOneRuleAndOneObject) {
  Scene scene({{kLeft, kRight}, {}, {{.name = "any"}, {.name = "right", .zones = {"right"}}}, 0.5f});
  scene.frame({{.id = 1, .at = {0.2f, 0.5f}}, {.id = 2, .at = {0.8f, 0.5f}}});
  EXPECT_EQ(scene.told(), (Words{"start any", "start any", "start right"}));
  EXPECT_EQ(scene.changes[0].event.track_id, 1u);
  EXPECT_EQ(scene.changes[0].event.zone, "left") << "where it stands, though the rule names no zone";
  EXPECT_EQ(scene.changes[2].event.track_id, 2u);
  EXPECT_EQ(scene.changes[2].event.label, "person");
  EXPECT_EQ(scene.changes[2].event.started_at_ns, scene.now);
  EXPECT_EQ(scene.changes[2].event.best.frame_id, scene.frame_id);
  EXPECT_EQ(scene.changes[2].event.id, 103u);
  scene.frame({{.id = 2, .at = {0.8f, 0.5f}}});
  EXPECT_EQ(scene.told().back(), "end any");
  EXPECT_EQ(scene.changes.back().event.id, 101u);
}

TEST(Events, ATentativeObjectIsATargetOnly) {
  Scene scene(with({.name = "a"}));
  EXPECT_EQ(scene.frames(20, {{.phase = TrackPhase::Tentative}}).targets.count, 1u);
  EXPECT_EQ(scene.told(), Words{});
  EXPECT_EQ(scene.frame({{.phase = TrackPhase::Lost}}).targets.count, 0u);
  EXPECT_EQ(scene.told(), Words{});
}

TEST(Events, TellOfBetterPicturesNowAndThen) {
  Scene scene(with({.name = "a"}));
  float height = 0.05f;
  for (int i = 0; i < 60; ++i, height += 0.01f) scene.frame({{.at = {0.5f, 0.9f}, .width = height / 2, .height = height}});
  const std::size_t coming = scene.changes.size();
  EXPECT_GT(coming, 5u);
  EXPECT_LT(coming, 15u);
  const Sight best = scene.changes.back().event.best;
  EXPECT_EQ(best.frame_id, scene.changes.back().frame_id);
  for (int i = 0; i < 30; ++i, height -= 0.01f) scene.frame({{.at = {0.5f, 0.9f}, .width = height / 2, .height = height}});
  EXPECT_EQ(scene.changes.size(), coming) << "going away";
  scene.frame({});
  EXPECT_EQ(scene.changes.back().event.best.frame_id, best.frame_id);
}

TEST(Events, ABoxCutByTheBorderIsAWorsePicture) {
  const Sight whole{1, 1, 0.4f, 0.4f, 0.2f, 0.2f, 0.8f}, cut{1, 1, 0.0f, 0.4f, 0.25f, 0.25f, 0.9f};
  EXPECT_GT(quality_of(whole), quality_of(cut));
}

TEST(Events, TellOfAnotherZone) {
  Scene scene(with({.name = "a"}, {kLeft, kRight}));
  scene.frame({{.at = {0.2f, 0.5f}}});
  scene.frames(5, {{.at = {0.8f, 0.5f}}});
  EXPECT_EQ(scene.told(), (Words{"start a", "update a"}));
  EXPECT_EQ(scene.changes[1].event.zone, "right");
}

TEST(Events, AreRemindedOfEveryTenSeconds) {
  Scene scene(with({.name = "a"}));
  scene.frames(301, {{}});
  EXPECT_EQ(scene.told(), (Words{"start a", "update a", "update a", "update a"}));
}

TEST(Events, EndWhenConditionsHaventHeldForAWhile) {
  Scene scene(with({.name = "a", .zones = {"left"}}, {kLeft}));
  scene.frame({{.at = {0.2f, 0.5f}}});
  for (int i = 0; i < 20; ++i) {  // outside for 0.7 s at most
    scene.frames(8, {{.at = {0.8f, 0.5f}}});
    scene.frames(2, {{.at = {0.2f, 0.5f}}});
  }
  EXPECT_EQ(std::count_if(scene.changes.begin(), scene.changes.end(), [](const Change& c) { return c.phase == EventPhase::End; }),
            0);
  EXPECT_EQ(scene.told().front(), "start a");
  scene.frames(12, {{.at = {0.8f, 0.5f}}});
  EXPECT_EQ(scene.told().back(), "end a");
  scene.frames(11, {{.at = {0.2f, 0.5f}}});
  EXPECT_EQ(scene.told().back(), "end a") << "another one of the same object isn't started at once";
  scene.frames(2, {{.at = {0.2f, 0.5f}}});
  EXPECT_EQ(scene.told().back(), "start a");
}

TEST(Events, EndIfTheObjectIsLostAndThenNothingMoves) {
  Scene scene(with({.name = "a"}));
  scene.frames(10, {{}});
  scene.frame({{.phase = TrackPhase::Lost}});
  for (int i = 0; i < 50; ++i) scene.still();
  EXPECT_EQ(scene.told(), Words{"start a"});
  EXPECT_EQ(scene.still().counts.size(), 0u);
  EXPECT_EQ(scene.told(), (Words{"start a", "end a"}));
  scene.frames(5, {{.phase = TrackPhase::Lost}});
  EXPECT_EQ(scene.told(), (Words{"start a", "end a"}));
  scene.frames(12, {{}});
  EXPECT_EQ(scene.told(), (Words{"start a", "end a", "start a"})) << "back after all";
}

TEST(Events, StopEndsThemAndForgetsTheObjects) {
  Scene scene({{kLeft}, {kGate}, {{.name = "a"}, {.name = "b", .at_least = 1}}, 0.5f});
  for (const float y : {0.3f, 0.45f, 0.55f, 0.7f}) scene.frames(10, {{.at = {0.5f, y}}});
  ASSERT_EQ(scene.engine.open_events().size(), 2u);
  const Findings& findings = scene.stop();
  EXPECT_EQ(findings.targets.count, 0u);
  EXPECT_EQ(findings.counts, (std::vector<Count>{{"gate", "person", 0, 1, 0}}));
  EXPECT_EQ(findings.changes.size(), 2u);
  EXPECT_TRUE(scene.engine.open_events().empty());
  EXPECT_EQ(scene.frame({{}}).changes.size(), 1u) << "the object's next event";
}

TEST(Resume, GoesOnUnderTheSameIds) {
  const EngineOptions options{{kLeft, kRight},
                              {kGate},
                              {{.name = "a", .zones = {"left"}, .dwell = std::chrono::seconds(5)}, {.name = "b", .at_least = 1}},
                              0.5f};
  Scene before(options);
  for (const float y : {0.3f, 0.45f, 0.55f, 0.7f}) before.frames(20, {{.at = {0.3f, y}}});
  ASSERT_EQ(before.engine.open_events().size(), 2u);
  Scene after(options);
  after.now = before.now;
  after.engine.resume(before.engine.open_events(), before.engine.line_counts(), {}, 0);
  // In the margin of its zone, below the threshold, and not yet long there by what the new one knows.
  after.frames(200, {{.at = {0.505f, 0.7f}, .score = 0.45f}});
  for (const Change& change : after.changes) {
    EXPECT_EQ(change.phase, EventPhase::Update);
    EXPECT_LE(change.event.id, 102u);
  }
  EXPECT_EQ(after.changes.size(), 4u) << "one at once, one after ten seconds, of both";
  EXPECT_EQ(after.engine.line_counts(), before.engine.line_counts());
  after.frames(12, {});
  EXPECT_TRUE(after.engine.open_events().empty());
}

TEST(Resume, EndsWhatCantGoOn) {
  Scene scene(with({.name = "a"}));
  scene.engine.resume(std::vector<Event>{{.id = 1, .rule = "a", .track_id = 7},
                                         {.id = 2, .rule = "gone", .track_id = 1},
                                         {.id = 3, .rule = "a", .track_id = 1},
                                         {.id = 4, .rule = "a", .track_id = 0},
                                         {.id = 5, .rule = "a", .track_id = 1}},
                      std::vector<Count>{{"gone", "person", 0, 1, 1}}, {}, 0);
  scene.frame({{.id = 1}});
  std::vector<std::uint64_t> ended;
  for (const Change& change : scene.changes)
    if (change.phase == EventPhase::End) ended.push_back(change.event.id);
  EXPECT_EQ(ended, (std::vector<std::uint64_t>{1, 2, 4, 5}));
  ASSERT_EQ(scene.engine.open_events().size(), 1u);
  EXPECT_EQ(scene.engine.open_events()[0].id, 3u);
}

TEST(Resume, GoesOnWhereNothingMoves) {
  Scene before(with({.name = "a", .zones = {"left"}}, {kLeft}));
  before.frames(20, {{.at = {0.2f, 0.5f}}});
  Scene after(with({.name = "a", .zones = {"left"}}, {kLeft}));
  after.now = before.now;
  after.engine.resume(before.engine.open_events(), before.engine.line_counts(), before.tracks, before.now);
  const std::vector<Count> here{{"", "person", 1, 0, 0}, {"left", "person", 1, 0, 0}};
  EXPECT_EQ(after.still().counts, here);
  after.frames(20, {{.at = {0.2f, 0.5f}}});
  EXPECT_EQ(after.told(), Words{"update a"});
}

// Stands in `left` for 8 s of the dwell of 10 s, half-way over the gate, and in an event of "here".
struct Changing : testing::Test {
  Changing() { scene.frames(80, {{.at = {0.4f, 0.49f}}}); }

  EngineOptions options{
      {kLeft}, {kGate}, {{.name = "here"}, {.name = "loiter", .zones = {"left"}, .dwell = std::chrono::seconds(10)}}, 0.5f};
  Scene scene{options};
};

TEST_F(Changing, WhatIsTheSameGoesOn) {
  ASSERT_EQ(scene.told(), Words{"start here"});
  options.rules.insert(options.rules.begin(), {.name = "new", .zones = {"right"}});
  options.zones.insert(options.zones.begin(), kRight);
  EXPECT_TRUE(scene.engine.change(options, scene.now).empty());
  for (int i = 0; i < 20; ++i) EXPECT_EQ(scene.still().counts.size(), 2u) << "the whole picture and left";
  EXPECT_EQ(scene.told(), Words{"start here"});
  scene.still();
  EXPECT_EQ(scene.told(), (Words{"start here", "update here", "start loiter"})) << "it has been there for 10 s";
  scene.frames(5, {{.at = {0.4f, 0.7f}}});
  EXPECT_EQ(scene.engine.line_counts().size(), 1u);
}

TEST_F(Changing, WhatIsAnotherBeginsAnew) {
  options.zones[0].polygon = box_polygon(0, 0, 0.6f, 1);
  options.rules.erase(options.rules.begin());
  options.rules[0].classes = {"person", "unicorn"};
  EXPECT_EQ(scene.engine.change(options, scene.now), Words{"unicorn"});
  for (int i = 0; i < 98; ++i) scene.still();
  EXPECT_EQ(scene.told(), (Words{"start here", "end here"}));
  scene.still(), scene.still();
  EXPECT_EQ(scene.told(), (Words{"start here", "end here", "start loiter"}));
}

TEST(Names, WithoutThemNothingIsFoundAndUnknownOnesAreTold) {
  Scene scene({{{"left", kLeft.polygon, {"unicorn"}}}, {}, {{.name = "a", .classes = {"persn", "car"}}}, 0.5f});
  EXPECT_EQ(scene.unknown, (Words{"persn", "unicorn"}));
  EXPECT_TRUE(scene.engine.set_names("person\ncar\ndog").empty()) << "told once";
  Engine nameless(with({.name = "a"}), [] { return 1u; });
  std::vector<Track> tracks{track_of({})};
  const Findings& findings = nameless.update(1, kMs, 0, tracks);
  EXPECT_EQ(findings.targets.count, 0u);
  EXPECT_TRUE(findings.changes.empty());
}

TEST(Alarm, OnlyRulesThatSaySoDriveTheSentry) {
  Scene scene({{},
               {},
               {{.name = "quiet", .classes = {"car"}, .alarm = false}, {.name = "mute", .classes = {"person"}, .event = false}},
               0.5f});
  EXPECT_EQ(scene.frame({{.id = 1, .class_id = kCar}}).targets.count, 0u);
  EXPECT_EQ(scene.frame({{.id = 1, .class_id = kCar}, {.id = 2}}).targets.count, 1u);
  EXPECT_EQ(scene.told(), Words{"start quiet"});
}

TEST(Alarm, AnObjectCountsOnceHoweverManyRulesItMeets) {
  Scene scene({{}, {}, {{.name = "a"}, {.name = "b"}}, 0.5f});
  EXPECT_EQ(scene.frame({{}}).targets.count, 1u);
}

}  // namespace
}  // namespace vedette::rules
