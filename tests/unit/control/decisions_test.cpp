// Decisions with a clock of the test's own: what is decided of boxes, over changes of rules, names and process.
#include "control/decisions.h"

#include <algorithm>
#include <random>

#include <gtest/gtest.h>

namespace vedette::control {
namespace {

constexpr std::uint64_t kStep = 100'000'000;

class DecisionsOf : public ::testing::Test {
 protected:
  DecisionsOf() {
    options_.rules.rules = {{.name = "people", .classes = {"person"}}};
    options_.sentry.validate_time = Nanoseconds(0);
    options_.sentry.lose_time = Nanoseconds(0);
    options_.sentry.lose_frames = 5;
  }

  Decisions make() {
    return Decisions(options_, [this] { return ++next_event_; });
  }

  // The next result, 100 ms later; `persons` side by side, each at `score`.
  Decisions::Decided see(Decisions& decisions, int persons, float score = 0.8f) {
    Detections record;
    at_ns_ += kStep;
    record.info.mutate_frame_id(++frame_);
    record.info.mutate_captured_at_ns(at_ns_);
    for (int i = 0; i < persons; ++i)
      record.boxes.emplace_back(0.05f + 0.3f * static_cast<float>(i), 0.2f, 0.1f, 0.4f, score, std::uint16_t{0},
                                std::uint16_t{0});
    const Decisions::Decided decided = decisions.take(record, {at_ns_, 0});
    if (decided.counted == rules::Counted::kYes) collect(decisions);
    return decided;
  }
  void see_often(Decisions& decisions, int persons, int results) {
    for (int i = 0; i < results; ++i) see(decisions, persons);
  }
  // A frame that the detector was spared, 100 ms later.
  Decisions::Decided still(Decisions& decisions) {
    at_ns_ += kStep;
    const Decisions::Decided decided = decisions.still(++frame_, at_ns_, {at_ns_, 0});
    collect(decisions);
    return decided;
  }
  void collect(const Decisions& decisions) {
    for (const rules::Change& change : decisions.findings().changes)
      if (change.phase != schema::EventPhase::Update) changes_.push_back(change);
  }
  int count(schema::EventPhase phase) const {
    return static_cast<int>(std::count_if(changes_.begin(), changes_.end(), [&](const auto& c) { return c.phase == phase; }));
  }

  DecisionOptions options_;
  std::uint64_t next_event_ = 0;
  std::uint64_t frame_ = 1000;
  std::uint64_t at_ns_ = 50'000'000'000;
  std::vector<rules::Change> changes_;
};

using schema::EventPhase;

TEST_F(DecisionsOf, APersonThatComesAndGoesIsOneEvent) {
  Decisions decisions = make();
  EXPECT_TRUE(decisions.set_names("person\ncar").unknown.empty());
  see(decisions, 1);
  EXPECT_EQ(decisions.findings().targets.count, 1u) << "an alarm doesn't wait for the tracker to be sure";
  EXPECT_EQ(decisions.sentry().mode(), Mode::Validation);
  see_often(decisions, 1, 40);
  EXPECT_EQ(decisions.sentry().mode(), Mode::Tracking);
  ASSERT_EQ(count(EventPhase::Start), 1);
  EXPECT_EQ(changes_.front().event.label, "person");
  see_often(decisions, 0, 100);
  EXPECT_EQ(decisions.sentry().mode(), Mode::Standby);
  EXPECT_EQ(count(EventPhase::End), 1);
  EXPECT_TRUE(decisions.tracks().empty());
}

TEST_F(DecisionsOf, OldAndRepeatedResultsReachNobody) {
  Decisions decisions = make();
  decisions.set_names("person");
  see_often(decisions, 1, 10);
  frame_ -= 3;
  const std::uint64_t before = at_ns_;
  EXPECT_EQ(see(decisions, 2).counted, rules::Counted::kRepeated);
  EXPECT_EQ(decisions.tracks().size(), 1u);
  frame_ += 10, at_ns_ = before;
  Detections stale;
  stale.info.mutate_frame_id(++frame_);
  stale.info.mutate_captured_at_ns(at_ns_);
  EXPECT_EQ(decisions.take(stale, {at_ns_ + 3'000'000'000, 0}).counted, rules::Counted::kStale);
  EXPECT_EQ(decisions.tracks().size(), 1u);
}

TEST_F(DecisionsOf, OtherRulesKeepObjectsAndEndTheEventsOfThoseThatAreGone) {
  Decisions decisions = make();
  decisions.set_names("person");
  see_often(decisions, 1, 20);
  ASSERT_EQ(count(EventPhase::Start), 1);
  const std::uint64_t id = decisions.tracks()[0].id();
  rules::EngineOptions same = options_.rules;
  same.threshold = 0.6f;
  EXPECT_TRUE(decisions.set_rules(same, options_.tracker).empty());
  still(decisions);
  EXPECT_EQ(decisions.threshold(), 0.6f);
  see_often(decisions, 1, 20);
  ASSERT_EQ(decisions.tracks().size(), 1u);
  EXPECT_EQ(decisions.tracks()[0].id(), id);
  EXPECT_EQ(changes_.size(), 1u) << "the rule is still there: its event goes on";
  decisions.set_rules({.zones = {}, .lines = {}, .rules = {{.name = "others", .classes = {"person"}}}}, options_.tracker);
  still(decisions);
  see_often(decisions, 1, 20);
  EXPECT_EQ(decisions.tracks()[0].id(), id);
  EXPECT_EQ(count(EventPhase::End), 1);
  EXPECT_EQ(count(EventPhase::Start), 2);
}

TEST_F(DecisionsOf, ARuleThatComesToHoldWhileNothingMovesWakesTheSentry) {
  options_.rules.rules[0].dwell = std::chrono::seconds(10);
  Decisions decisions = make();
  decisions.set_names("person");
  see_often(decisions, 1, 20);
  int transitions = 0;
  for (int i = 0; i < 79; ++i) transitions += still(decisions).transition ? 1 : 0;
  EXPECT_EQ(transitions, 0);
  EXPECT_EQ(decisions.sentry().mode(), Mode::Standby);
  for (int i = 0; i < 100; ++i) transitions += still(decisions).transition ? 1 : 0;
  EXPECT_EQ(transitions, 1);
  EXPECT_EQ(decisions.sentry().mode(), Mode::Validation) << "no alarm until the detector has looked";
  EXPECT_EQ(count(EventPhase::Start), 1);
}

TEST_F(DecisionsOf, StillFramesOfBeforeAndOfTheFutureDontCount) {
  Decisions decisions = make();
  decisions.set_names("person");
  see_often(decisions, 1, 20);
  EXPECT_EQ(decisions.still(frame_, at_ns_, {at_ns_, 0}).counted, rules::Counted::kRepeated);
  EXPECT_EQ(decisions.still(frame_ + 1, at_ns_, {at_ns_ + 3'000'000'000, 0}).counted, rules::Counted::kStale);
  EXPECT_EQ(decisions.still(frame_ + 1, at_ns_ + 3'000'000'000, {at_ns_, 0}).counted, rules::Counted::kFromFuture);
}

TEST_F(DecisionsOf, AnotherModelsNamesEndAll) {
  Decisions decisions = make();
  decisions.set_names("person");
  see_often(decisions, 1, 20);
  const std::uint64_t id = decisions.tracks()[0].id();
  EXPECT_TRUE(decisions.set_names("person").ended.empty());
  const Decisions::Named named = decisions.set_names("car\nperson");
  ASSERT_EQ(named.ended.size(), 1u);
  EXPECT_EQ(named.ended[0].phase, EventPhase::End);
  see(decisions, 1);
  EXPECT_EQ(decisions.findings().targets.count, 0u) << "class 0 is a car now";
  ASSERT_EQ(decisions.tracks().size(), 1u);
  EXPECT_GT(decisions.tracks()[0].id(), id);
}

TEST_F(DecisionsOf, ASuccessorGoesOnWithIdsTracksAndEvents) {
  Decisions decisions = make();
  decisions.set_names("person");
  see_often(decisions, 2, 20);
  ASSERT_EQ(count(EventPhase::Start), 2);
  Tracks left;
  left.info.mutate_captured_at_ns(at_ns_);
  left.info.mutate_next_id(static_cast<std::uint32_t>(decisions.next_track_id()));
  left.tracks.assign(decisions.tracks().begin(), decisions.tracks().end());
  std::vector<rules::Event> open;
  for (const rules::Change& change : changes_) open.push_back(change.event);

  Decisions successor = make();
  successor.set_names("person");
  successor.resume(left, open, std::vector<rules::Count>{});
  EXPECT_EQ(still(successor).counted, rules::Counted::kYes);
  EXPECT_EQ(count(EventPhase::End), 0) << "both are there while nothing moves";
  see_often(successor, 1, 20);
  EXPECT_EQ(count(EventPhase::Start), 2) << "nobody is told of twice";
  see_often(successor, 1, 60);
  EXPECT_EQ(count(EventPhase::End), 1) << "the one who isn't there any more";
  see_often(successor, 0, 60);
  EXPECT_EQ(count(EventPhase::End), 2);
  see_often(successor, 1, 20);
  ASSERT_EQ(successor.tracks().size(), 1u);
  EXPECT_GE(successor.tracks()[0].id(), left.info.next_id()) << "no id twice";
}

TEST_F(DecisionsOf, APersonAcrossTheAlarmThresholdDoesntFlickerTheMode) {
  Decisions decisions = make();
  decisions.set_names("person");
  options_.sentry.lose_frames = 10;
  int transitions = 0;
  std::mt19937 random(3);
  for (int i = 0; i < 600; ++i) transitions += see(decisions, 1, random() % 2 == 0 ? 0.57f : 0.46f).transition ? 1 : 0;
  EXPECT_EQ(transitions, 2) << "to Validation, to Tracking";
  EXPECT_EQ(count(EventPhase::Start), 1);
  EXPECT_EQ(count(EventPhase::End), 0);
}

}  // namespace
}  // namespace vedette::control
