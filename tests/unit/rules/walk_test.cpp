// Random walks: objects wander, are lost, found and gone, with scores around every threshold. Whatever they do, no hysteresis is
// violated, every Start has one End, and counts are what a recount of the whole history gives.
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <random>
#include <set>

#include "rules/engine.h"
#include "rules/sentry.h"
#include "scene.h"

namespace vedette::rules {
namespace {

using schema::EventPhase;

// What was seen of one object, for recounting.
struct Seen {
  std::uint64_t at_ns;
  bool found, sure;
  Point anchor;
  Unit box;
  float score;
  std::uint16_t class_id;
};

struct Wanderer {
  Standing now;
  Point drift;
  bool crosses_lines = true;
  std::vector<Seen> history;
  std::vector<std::uint32_t> zones;  // as said, with each of history
};

class Wandering {
 public:
  Wandering(unsigned seed, EngineOptions options) : options_(options), scene(std::move(options)), random_(seed) {}

  // On this frame nothing moves, and nobody looks.
  void still() { findings = &scene.still(30 + below(4000)); }
  void step() {
    if (objects.size() < 6 && below(12) == 0) arrive();
    for (Wanderer& object : objects) move(object);
    std::erase_if(objects, [&](const Wanderer& object) { return !object.history.empty() && below(150) == 0; });
    std::vector<Standing> standing;
    for (const Wanderer& object : objects) standing.push_back(object.now);
    findings = &scene.frame(standing, 30 + below(400));
    for (std::size_t i = 0; i < objects.size(); ++i) record(objects[i], scene.tracks[i]);
  }

  std::uint64_t below(std::uint64_t n) { return std::uniform_int_distribution<std::uint64_t>(0, n - 1)(random_); }
  float real(float low, float high) { return std::uniform_real_distribution<float>(low, high)(random_); }

  const EngineOptions options_;
  Scene scene;
  const Findings* findings = nullptr;
  std::vector<Wanderer> objects;

 private:
  void arrive() {
    Wanderer object;
    object.now = {.id = ++last_id_,
                  .at = {real(0.1f, 0.9f), real(0.3f, 0.9f)},
                  .score = real(0.3f, 0.9f),
                  .phase = TrackPhase::Tentative,
                  .class_id = static_cast<std::uint16_t>(below(3))};
    object.now.width = real(0.02f, 0.2f);
    object.now.height = real(0.05f, 0.3f);
    objects.push_back(object);
  }
  void move(Wanderer& object) {
    Standing& now = object.now;
    if (below(20) == 0) object.drift = {real(-0.05f, 0.05f), real(-0.05f, 0.05f)};
    if (below(20) == 0) object.drift = {};  // stands, and jitters
    now.at.x = std::clamp(now.at.x + object.drift.x + real(-0.02f, 0.02f), 0.1f, 0.9f);
    now.at.y = std::clamp(now.at.y + object.drift.y + real(-0.02f, 0.02f), 0.3f, 0.95f);
    now.score = std::clamp(now.score + real(-0.1f, 0.1f), 0.3f, 0.9f);
    if (now.phase == TrackPhase::Tentative) {
      if (below(3) == 0) now.phase = TrackPhase::Confirmed;
    } else {
      now.phase = below(6) == 0 ? TrackPhase::Lost : TrackPhase::Confirmed;
    }
  }
  void record(Wanderer& object, const Track& track) const {
    object.history.push_back({scene.now,
                              track.phase() != TrackPhase::Lost,
                              track.phase() != TrackPhase::Tentative,
                              anchor_of(track),
                              {std::max(0.01, double{track.width()}), std::max(0.01, double{track.height()})},
                              track.score(),
                              track.class_id()});
    object.zones.push_back(track.zones());
  }

  std::mt19937 random_;
  std::uint64_t last_id_ = 0;
};

EngineOptions everything() {
  EngineOptions options;
  options.zones = {{"left", box_polygon(0, 0, 0.5f, 1), {}},
                   {"cars", {{0.3f, 0.2f}, {0.9f, 0.4f}, {0.7f, 0.9f}, {0.2f, 0.8f}}, {"car"}},
                   {"nook", {{0.6f, 0.3f}, {0.9f, 0.3f}, {0.6f, 0.9f}}, {}}};
  options.lines = {{"across", {{0.0f, 0.6f}, {1.0f, 0.6f}}}, {"gate", {{0.3f, 0.9f}, {0.6f, 0.4f}}}};
  options.rules = {{.name = "any"},
                   {.name = "left", .classes = {"person", "dog"}, .threshold = 0.6f, .zones = {"left", "nook"}},
                   {.name = "loiter", .zones = {"nook"}, .dwell = std::chrono::seconds(3), .min_size = 0.01f},
                   {.name = "but", .except = {"nook", "cars"}},
                   {.name = "in", .line = "gate", .direction = Direction::kIn},
                   {.name = "crowd", .zones = {"left"}, .at_least = 2, .at_most = 4},
                   {.name = "empty", .at_most = 0}};
  return options;
}

class RandomWalk : public testing::TestWithParam<unsigned> {};

TEST_P(RandomWalk, ZonesChangeOnlyForTwoResultsThatSaySo) {
  Wandering wandering(GetParam(), everything());
  int changes = 0;
  for (int i = 0; i < 4000; ++i) {
    wandering.step();
    for (const Wanderer& object : wandering.objects) {
      const std::size_t last = object.history.size() - 1;
      if (last == 0) continue;
      for (std::size_t zone = 0; zone < 3; ++zone) {
        const bool was = (object.zones[last - 1] >> zone & 1u) != 0, is = (object.zones[last] >> zone & 1u) != 0;
        if (was == is) continue;
        ++changes;
        // It, and the last one before on which it was found, say so; and none of the two made the change before.
        std::size_t before = last - 1;
        while (!object.history[before].found) --before;
        const Polygon& polygon = wandering.options_.zones[zone].polygon;
        for (const std::size_t at : {last, before}) {
          const Seen& seen = object.history[at];
          ASSERT_TRUE(seen.found);
          ASSERT_EQ(contains(polygon, seen.anchor), is);
          if (!is) {
            ASSERT_GT(distance_to_border(polygon, seen.anchor, seen.box), 0.1);
          }
          ASSERT_EQ((object.zones[at == last ? last - 1 : before] >> zone & 1u) != 0, was);
        }
      }
    }
  }
  EXPECT_GT(changes, 100);
}

TEST_P(RandomWalk, LinesCountTheNetCrossing) {
  Wandering wandering(GetParam(), everything());
  std::map<std::pair<std::string, std::uint64_t>, std::int64_t>
      settled;  // by line and object: of its walk up to where it was clear last
  std::map<std::string, std::int64_t> net;
  for (int i = 0; i < 4000; ++i) {
    wandering.step();
    for (const Line& line : wandering.options_.lines)
      for (const Wanderer& object : wandering.objects) {
        const Seen& newest = object.history.back();
        if (!newest.found || !newest.sure || object.history.size() == 1 ||
            distance(line.course, newest.anchor, newest.box) < 0.25)
          continue;
        std::int64_t walked = 0;
        const Seen* before = nullptr;
        for (const Seen& seen : object.history) {
          if (before != nullptr && !seen.found) continue;
          if (before != nullptr) walked += crossing(line.course, before->anchor, seen.anchor);
          before = &seen;
        }
        std::int64_t& known = settled[{line.name, object.now.id}];
        net[line.name] += walked - std::exchange(known, walked);
      }
    std::map<std::string, std::int64_t> said;
    for (const Count& count : wandering.scene.engine.line_counts())
      said[count.place] += static_cast<std::int64_t>(count.into) - static_cast<std::int64_t>(count.out_of);
    for (const Line& line : wandering.options_.lines) ASSERT_EQ(said[line.name], net[line.name]) << "step " << i;
  }
  const std::vector<Count> counts = wandering.scene.engine.line_counts();
  for (const Count& count : counts) EXPECT_GT(count.into + count.out_of, 10u) << count.place;
}

TEST_P(RandomWalk, CountsAreWhatARecountGives) {
  Wandering wandering(GetParam(), everything());
  const std::string labels[] = {"person", "car", "dog"};
  for (int i = 0; i < 2000; ++i) {
    wandering.step();
    std::map<std::pair<std::string, std::string>, std::uint32_t> expected, said;
    for (const Wanderer& object : wandering.objects) {
      float score = object.history[0].score;
      bool good = score >= 0.5f;
      std::uint64_t found_at = object.history[0].at_ns;
      for (std::size_t k = 1; k < object.history.size(); ++k) {
        const Seen& seen = object.history[k];
        if (!seen.found) continue;
        score += (seen.score - score) * static_cast<float>(1 - std::exp(-static_cast<double>(seen.at_ns - found_at) / 1e9 / 0.7));
        found_at = seen.at_ns;
        good = good ? score >= 0.85f * 0.5f : score >= 0.5f;
      }
      if (!good || !object.history.back().sure) continue;
      const std::string& label = labels[object.now.class_id];
      ++expected[{"", label}];
      for (std::size_t zone = 0; zone < 3; ++zone)
        if ((object.zones.back() >> zone & 1u) != 0 && (zone != 1 || label == "car"))
          ++expected[{wandering.options_.zones[zone].name, label}];
    }
    for (const Count& count : wandering.findings->counts)
      if (count.inside > 0) said[{count.place, count.label}] += count.inside;
    ASSERT_EQ(said, expected) << "step " << i;
  }
}

TEST_P(RandomWalk, EveryStartHasOneEndAndNothingHappensTooSoon) {
  Wandering wandering(GetParam(), everything());
  struct Life {
    std::uint64_t started_at_ns = 0;
    int frame = 0;
    double quality = 0;
    int updates = 0;
  };
  std::map<std::uint64_t, Life> open;                                             // by event id
  std::map<std::pair<std::string, std::uint64_t>, std::uint64_t> open_of, ended;  // by rule and object
  std::set<std::uint64_t> ids;
  int starts = 0, ends_of_objects_that_stay = 0;
  for (int i = 0; i < 4000; ++i) {
    wandering.below(10) == 0 ? wandering.still() : wandering.step();
    const std::uint64_t now = wandering.scene.now;
    for (const Change& change : wandering.findings->changes) {
      const std::pair key{change.event.rule, change.event.track_id};
      switch (change.phase) {
        case EventPhase::Start:
          ++starts;
          ASSERT_TRUE(ids.insert(change.event.id).second) << "an id again";
          ASSERT_TRUE(open_of.emplace(key, change.event.id).second) << "two events of one rule and one object";
          if (ended.contains(key)) {
            ASSERT_GE(now - ended[key], to_ns(kSettle));
          }
          open[change.event.id] = {now, i, quality_of(change.event.best), 0};
          break;
        case EventPhase::Update:
          ASSERT_EQ(open_of.at(key), change.event.id);
          ++open.at(change.event.id).updates;
          break;
        case EventPhase::End: {
          ASSERT_EQ(open_of.at(key), change.event.id);
          const Life life = open.at(change.event.id);
          const bool gone = change.event.track_id != 0 &&
                            std::none_of(wandering.objects.begin(), wandering.objects.end(), [&](const Wanderer& object) {
                              return object.now.id == change.event.track_id && object.now.phase != TrackPhase::Lost;
                            });
          if (!gone) {
            ++ends_of_objects_that_stay;
            ASSERT_GE(now - life.started_at_ns, to_ns(kSettle)) << change.event.rule;
            ASSERT_GE(i - life.frame, 2);
          }
          const auto reminders = static_cast<int>((now - life.started_at_ns) / to_ns(kRemindEvery));
          ASSERT_LE(life.updates, reminders + 60) << "updates are rare";
          open.erase(change.event.id);
          open_of.erase(key);
          ended[key] = now;
          break;
        }
        default:
          FAIL();
      }
    }
    ASSERT_EQ(open.size(), wandering.scene.engine.open_events().size());
  }
  for (const Change& change : wandering.scene.stop().changes) {
    ASSERT_EQ(change.phase, EventPhase::End);
    ASSERT_EQ(open.erase(change.event.id), 1u);
  }
  EXPECT_TRUE(open.empty());
  EXPECT_GT(starts, 100);
  EXPECT_GT(ends_of_objects_that_stay, 20);
}

TEST_P(RandomWalk, TheSameWalkGivesTheSameFindings) {
  Wandering one(GetParam(), everything()), other(GetParam(), everything());
  for (int i = 0; i < 500; ++i) {
    one.step();
    other.step();
    ASSERT_EQ(one.findings->counts, other.findings->counts);
    ASSERT_EQ(one.scene.told(), other.scene.told());
    ASSERT_EQ(one.findings->targets.count, other.findings->targets.count);
  }
}

TEST_P(RandomWalk, APersonAcrossTheThresholdNeverFlickersTheMode) {
  // As a detector sees somebody whose score is about the threshold: 0.4 to 0.6, and every fifth time nobody at all.
  std::mt19937 random(GetParam());
  const auto real = [&](float low, float high) { return std::uniform_real_distribution<float>(low, high)(random); };
  Scene scene({{}, {}, {{.name = "sentry", .classes = {"person"}}}, 0.5f});
  Sentry sentry({});
  int alarms = 0, others = 0, changes = 0;
  for (int i = 0; i < 20'000; ++i) {
    const bool found = i < 2 || real(0, 1) > 0.2f;
    const Findings& findings =
        scene.frame({{.score = real(0.4f, 0.6f), .phase = found ? TrackPhase::Confirmed : TrackPhase::Lost}});
    const auto outcome = sentry.observe({scene.frame_id, scene.now, findings.targets.count}, scene.now);
    if (outcome.transition) (outcome.transition->to == Mode::Tracking ? alarms : others)++;
    if (alarms > 0) {
      ASSERT_EQ(sentry.mode(), Mode::Tracking) << i;
    }
    for (const Change& change : findings.changes) changes += change.phase != EventPhase::Update;
  }
  EXPECT_EQ(alarms, 1);
  EXPECT_LE(others, 5) << "Validation, and back from it while the smoothed score isn't there yet";
  EXPECT_LE(changes, 1) << "one event at most, and it doesn't end";
}

INSTANTIATE_TEST_SUITE_P(Random, RandomWalk, testing::Range(0u, 12u));

}  // namespace
}  // namespace vedette::rules
