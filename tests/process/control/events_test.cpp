// Events of objects from a real vedette-control: one object, one event, whatever dies; counts and commands that outlive
// everything.
#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <set>

#include "process/control/control_fixture.h"
#include "schema/tracks.h"

namespace vedette::test {
namespace {

using control::EventRecord;
using schema::CommandKind;
using schema::EventKind;
using schema::EventPhase;
using std::chrono::milliseconds;

Detection person(float x, float y, float score = 0.8f) { return Detection(x, y, 0.1f, 0.3f, score, 0, 0); }

class ControlEvents : public ControlTest {
 protected:
  // Events of objects by their id, each checked: a Start, then Updates, then an End.
  std::map<std::uint64_t, std::vector<EventRecord>> object_events() {
    std::map<std::uint64_t, std::vector<EventRecord>> all;
    for (const EventRecord& event : events())
      if (event.phase != EventPhase::Once) all[event.id].push_back(event);
    for (const auto& [id, records] : all) {
      EXPECT_EQ(records.front().phase, EventPhase::Start) << id;
      for (std::size_t i = 1; i < records.size(); ++i) {
        EXPECT_NE(records[i].phase, EventPhase::Start) << id << " starts twice";
        if (i + 1 < records.size()) {
          EXPECT_EQ(records[i].phase, EventPhase::Update) << id << " goes on after its end";
        }
        EXPECT_EQ(records[i].started_wall_at_ns, records[0].started_wall_at_ns) << id;
      }
    }
    return all;
  }
  bool all_ended() {
    const auto all = object_events();
    return std::all_of(all.begin(), all.end(), [](const auto& event) { return event.second.back().phase == EventPhase::End; });
  }
  void see(const std::vector<Detection>& boxes) {
    stages->publish_boxes(stages->publish_frame(), boxes);
    std::this_thread::sleep_for(milliseconds(20));
  }
  // A person walks from `from` to `to` at this height, in steps.
  void walk(float from, float to, float y = 0.35f) {
    constexpr int kSteps = 40;
    for (int i = 0; i <= kSteps; ++i) see({person(from + (to - from) * static_cast<float>(i) / kSteps, y)});
  }
  std::set<std::string> stored() const {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder_ / "storage")) names.insert(entry.path().filename());
    return names;
  }
  std::optional<Count> line_count() {
    for (const Count& count : state().counts)
      if (count.place == "gate") return count;
    return std::nullopt;
  }
};

TEST_F(ControlEvents, APersonWhoComesAndGoesIsOneEventWithTracksBesideIt) {
  start();
  bus::Subscriber tracks(*dir_, {"front", "tracks"}, kTracksSchema);
  ASSERT_TRUE(play_until(1, [&] { return count_events(EventKind::Object, EventPhase::Start) == 1; }));
  Tracks seen;
  ASSERT_TRUE(play_until(1, [&] {
    const bus::Taken taken = tracks.take_newest();
    return taken && read_tracks(taken.lease.bytes(), seen) && taken.lease.frame_id() == seen.info.frame_id();
  }));
  EXPECT_EQ(tracks.metadata(), "person\ncar");
  ASSERT_EQ(seen.tracks.size(), 2u) << "the car too";
  ASSERT_TRUE(play_until(0, [&] { return count_events(EventKind::Object, EventPhase::End) == 1; }));
  const auto all = object_events();
  ASSERT_EQ(all.size(), 1u);
  const EventRecord& start = all.begin()->second.front();
  EXPECT_EQ(start.label, "person");
  EXPECT_TRUE(
      std::any_of(seen.tracks.begin(), seen.tracks.end(), [&](const Track& track) { return track.id() == start.track_id; }));
  EXPECT_NE(start.best_frame_id, 0u);
  EXPECT_NEAR(start.height, 0.4f, 0.01f);
  EXPECT_EQ(program_->count_log("event front object start: person"), 1);
  EXPECT_EQ(program_->count_log("event front object end: person"), 1);
}

TEST_F(ControlEvents, KilledTwoHundredTimesEveryEventBeginsAndEndsOnce) {
  start();
  std::mt19937 random(23);
  std::set<std::uint64_t> visits;
  int visit = 0;
  std::filesystem::create_directories(folder_ / "storage");
  for (const char* file : {"control.json.7-1.part", "overrides.yaml.7-2.part"})
    std::ofstream(folder_ / "storage" / file) << "half";
  for (int round = 0; round < 200; ++round) {
    // One stands there all the time, another one comes and goes.
    const bool visited = round / 10 % 2 == 1;
    visit += visited && round % 10 == 0 ? 1 : 0;
    const std::uint64_t until = monotonic_ns() + random() % 120'000'000;
    do {
      visited ? see({person(0.1f, 0.2f), person(0.6f, 0.2f)}) : see({person(0.1f, 0.2f)});
      (void)events();
    } while (monotonic_ns() < until);
    program_->kill();
    launch();
  }
  ASSERT_TRUE(program_->wait_log("decides for 1 camera")) << program_->log();
  ASSERT_TRUE(eventually([&] {
    see({});
    return all_ended() && count_events(EventKind::Object, EventPhase::End) > 0;
  }));
  const auto all = object_events();
  int standing = 0;
  for (const auto& [id, records] : all) standing += records.front().x < 0.3f ? 1 : 0;
  EXPECT_EQ(standing, 1) << "one person, one event, whatever dies";
  EXPECT_LE(all.size(), 1u + static_cast<std::size_t>(visit));
  EXPECT_GT(all.size(), 1u);
  // Kills that came in the middle of a write too: nothing of it lies about once the same file is written again.
  ASSERT_TRUE(Commander(folder_ / "bus").set("threshold", "0.6")->ok);
  program_->signal(SIGTERM);
  EXPECT_EQ(program_->wait_exit(), 0);
  EXPECT_EQ(stored(), (std::set<std::string>{"control.json", "overrides.yaml"}));
}

TEST_F(ControlEvents, AnEventWhoseObjectIsGoneAfterARestartEnds) {
  start();
  ASSERT_TRUE(play_until(1, [&] { return count_events(EventKind::Object, EventPhase::Start) == 1; }));
  program_->kill();
  start();
  ASSERT_TRUE(eventually([&] {
    see({});
    return all_ended();
  }));
  EXPECT_EQ(object_events().size(), 1u);
}

TEST_F(ControlEvents, PausingAndDetectionOffEndWhatIsOpen) {
  start();
  Commander commander(folder_ / "bus");
  ASSERT_TRUE(play_until(1, [&] { return count_events(EventKind::Object, EventPhase::Start) == 1; }));
  bus::Subscriber tracks(*dir_, {"front", "tracks"}, kTracksSchema);
  Tracks followed;
  const auto follows = [&] {
    const bus::Taken taken = tracks.take_newest();
    return taken && read_tracks(taken.lease.bytes(), followed) && !followed.tracks.empty();
  };
  ASSERT_TRUE(play_until(1, follows));
  ASSERT_TRUE(commander.send(CommandKind::Pause)->ok);
  ASSERT_TRUE(eventually([&] { return (void)follows(), followed.tracks.empty(); })) << "nobody to go on with after a kill";
  ASSERT_TRUE(eventually([&] { return count_events(EventKind::Object, EventPhase::End) == 1; }));
  ASSERT_TRUE(commander.send(CommandKind::Resume)->ok);
  ASSERT_TRUE(play_until(1, [&] { return count_events(EventKind::Object, EventPhase::Start) == 2; }));
  ASSERT_TRUE(commander.send(CommandKind::StopDetecting)->ok);
  ASSERT_TRUE(eventually([&] { return count_events(EventKind::Object, EventPhase::End) == 2; }));
  ASSERT_TRUE(eventually([&] { return !desired().detecting && !state().detecting && state().mode == Mode::Standby; }));
  for (int i = 0; i < 150; ++i) see({person(0.1f, 0.2f)});  // longer than a detector may be silent
  EXPECT_EQ(count_events(EventKind::Object, EventPhase::Start), 2) << "nothing counts";
  EXPECT_EQ(count_events(EventKind::DetectorLost), 0);
  ASSERT_TRUE(commander.send(CommandKind::StartDetecting)->ok);
  ASSERT_TRUE(play_until(1, [&] { return state().detecting && count_events(EventKind::Object, EventPhase::Start) == 3; }));
}

TEST_F(ControlEvents, NobodyIsToldAsASentence) {
  start();
  Commander commander(folder_ / "bus");
  ASSERT_TRUE(commander.set("zones", "[{name: till, polygon: \"0,0 0.5,0 0.5,1 0,1\"}]")->ok);
  ASSERT_TRUE(commander.set("rules", "[{name: unmanned, classes: [person], zones: [till], count: {at_most: 0}}]")->ok);
  ASSERT_TRUE(play_until_mode(0, Mode::Tracking));
  ASSERT_TRUE(play_until(1, [&] { return count_events(EventKind::Crowd, EventPhase::End) == 1; }));
  std::map<std::pair<EventKind, EventPhase>, std::string> texts;
  for (const EventRecord& event : events()) texts[{event.kind, event.phase}] = event.text;
  for (const auto& [kind, text] : std::map<std::pair<EventKind, EventPhase>, std::string>{
           {{EventKind::Alarm, EventPhase::Once}, "nobody at till (frame "},
           {{EventKind::Crowd, EventPhase::Start}, "nobody at till (frame "},
           {{EventKind::Crowd, EventPhase::End}, "nobody at till, over after "}}) {
    EXPECT_TRUE(texts[kind].starts_with(text)) << texts[kind];
  }
}

TEST_F(ControlEvents, ALostDetectorEndsWhatIsOpen) {
  start();
  ASSERT_TRUE(play_until(1, [&] { return count_events(EventKind::Object, EventPhase::Start) == 1; }));
  ASSERT_TRUE(eventually([&] {
    stages->publish_frame();
    std::this_thread::sleep_for(milliseconds(15));
    return count_events(EventKind::DetectorLost) == 1;
  }));
  EXPECT_TRUE(eventually([&] { return count_events(EventKind::Object, EventPhase::End) == 1; }));
}

TEST_F(ControlEvents, ChangesAreCheckedThenInForceAtOnceAndAfterARestart) {
  start();
  EXPECT_FLOAT_EQ(state().threshold, 0.5f);
  Commander commander(folder_ / "bus");
  auto answer = commander.set("zones", "[{name: door, polygon: \"0,0 0.5,0 2,1\"}]");
  ASSERT_TRUE(answer);
  EXPECT_FALSE(answer->ok);
  EXPECT_NE(answer->text.find("value:1:24: cameras.front.zones[0].polygon"), std::string::npos) << answer->text;
  answer = commander.set("threshold", "much");
  EXPECT_NE(answer->text.find("value:1:1: cameras.front.threshold"), std::string::npos) << answer->text;
  answer = commander.set("threshold", "0.2");
  EXPECT_NE(answer->text.find("expected at least detect.threshold, 0.4"), std::string::npos) << answer->text;
  EXPECT_FALSE(commander.set("zones", "[{")->ok);
  EXPECT_FALSE(commander.set("rules", "[{name: a, zones: [nowhere]}]")->ok);
  answer = commander.set("url", "/dev/video7");
  EXPECT_FALSE(answer->ok) << "it takes a restart";
  EXPECT_FALSE(std::filesystem::exists(folder_ / "storage" / "overrides.yaml")) << "nothing of that was kept";

  ASSERT_TRUE(commander.set("zones", "[{name: left, polygon: \"0,0 0.5,0 0.5,1 0,1\"}]")->ok);
  answer = commander.set("rules", "[{name: inside, classes: [person], zones: [left]}]");
  ASSERT_TRUE(answer->ok) << answer->text;
  ASSERT_TRUE(commander.set("threshold", "0.7")->ok);
  EXPECT_TRUE(eventually([&] { return state().threshold > 0.69f; }));
  ASSERT_TRUE(play_until(1, [&] { return count_events(EventKind::Object, EventPhase::Start) == 1; }));
  const EventRecord started = object_events().begin()->second.front();
  EXPECT_EQ(started.rule, "inside");
  EXPECT_EQ(started.zone, "left");
  EXPECT_TRUE(eventually([&] {
    stages->step(1);
    const auto counts = state().counts;
    return std::any_of(counts.begin(), counts.end(), [](const Count& c) { return c.place == "left" && c.inside == 1; });
  }));
  program_->kill();
  start();
  EXPECT_TRUE(program_->wait_log("overrides.yaml overrides cameras.front."));
  EXPECT_FLOAT_EQ(state_after(monotonic_ns()).threshold, 0.7f);
  Commander again(folder_ / "bus");
  ASSERT_TRUE(again.send({"front", CommandKind::Unset, Mode::Standby, "rules", ""})->ok);
  ASSERT_TRUE(play_until(1, [&] { return all_ended() || count_events(EventKind::Object, EventPhase::End) == 1; }))
      << "its rule is gone";
  ASSERT_TRUE(again.send({"front", CommandKind::Unset, Mode::Standby, "threshold", ""})->ok);
  EXPECT_TRUE(eventually([&] { return state().threshold == 0.5f; }));
  ASSERT_TRUE(again.set("rules", "[{name: a, classes: [unicorn]}]")->ok);
  EXPECT_TRUE(program_->wait_log("the model knows no class \"unicorn\""));
}

TEST_F(ControlEvents, IdsGoOnWhereTheClockIsThatOfBefore) {
  constexpr std::uint64_t kGiven = 1ull << 52;
  std::filesystem::create_directories(folder_ / "storage");
  std::ofstream(folder_ / "storage" / "control.json")
      << R"({"cameras": {"front": {"paused": false, "detecting": true, "lines": [], "newest_event_id": 4503599627370496}}})";
  start();
  ASSERT_TRUE(play_until(1, [&] { return count_events(EventKind::Object, EventPhase::Start) == 1; }));
  const std::uint64_t first = object_events().begin()->first;
  EXPECT_GT(first, kGiven);
  ASSERT_TRUE(play_until(0, [&] { return all_ended(); }));
  program_->signal(SIGTERM);
  EXPECT_EQ(program_->wait_exit(), 0);
  start();
  ASSERT_TRUE(play_until(1, [&] { return count_events(EventKind::Object, EventPhase::Start) == 2; }));
  EXPECT_GT(object_events().rbegin()->first, first);
}

TEST_F(ControlEvents, ABrokenOverridesFileRefusesToStart) {
  std::filesystem::create_directories(folder_ / "storage");
  std::ofstream(folder_ / "storage" / "overrides.yaml") << "cameras:\n  front:\n    threshold: 7\n";
  Program refused({VEDETTE_CONTROL, "--config", folder_ / "vedette.yaml", "--bus-dir", folder_ / "bus"});
  EXPECT_EQ(refused.wait_exit(), 78);
  EXPECT_TRUE(refused.wait_log("overrides.yaml:3:16: cameras.front.threshold: \"7\"")) << refused.log();
}

TEST_F(ControlEvents, LinesCountOverKillsAndWithoutTheBus) {
  std::ofstream(folder_ / "vedette.yaml", std::ios::app) << "tracking:\n  lost_time: 300ms\n";
  start({"--set", "cameras.front.timeout=60s"});
  Commander commander(folder_ / "bus");
  ASSERT_TRUE(commander.set("lines", "[{name: gate, points: \"0.5,0.1 0.5,0.9\"}]")->ok);
  walk(0.1f, 0.8f);
  ASSERT_TRUE(eventually([&] { return line_count().has_value(); }));
  const Count once = *line_count();
  EXPECT_EQ(once.into + once.out_of, 1u);
  program_->kill();
  start();
  walk(0.8f, 0.1f);
  ASSERT_TRUE(eventually([&] { return line_count() && line_count()->into == 1 && line_count()->out_of == 1; }));

  ASSERT_TRUE(Commander(folder_ / "bus").send(CommandKind::StopDetecting)->ok);
  program_->signal(SIGTERM);
  EXPECT_EQ(program_->wait_exit(), 0);
  for (const std::string topic : {"control", "state", "events", "tracks"})
    for (const std::string file : {"", ".leases", ".lock"}) std::filesystem::remove(folder_ / "bus" / "front" / (topic + file));
  start();
  EXPECT_TRUE(eventually([&] { return line_count() && line_count()->into == 1 && line_count()->out_of == 1; }));
  EXPECT_TRUE(eventually([&] { return !state().detecting; }));
}

TEST_F(ControlEvents, APersonAcrossTheAlarmThresholdNeverFlickersTheMode) {
  start();
  ASSERT_TRUE(play_until_mode(1, Mode::Tracking));
  std::mt19937 random(7);
  const std::uint64_t until = monotonic_ns() + 4'000'000'000;
  while (monotonic_ns() < until) {
    see({person(0.02f, 0.1f, random() % 2 == 0 ? 0.47f : 0.53f)});
    ASSERT_EQ(state().mode, Mode::Tracking);
  }
  EXPECT_EQ(count_events(EventKind::Standby), 0);
  EXPECT_EQ(count_events(EventKind::Alarm), 1);
}

}  // namespace
}  // namespace vedette::test
