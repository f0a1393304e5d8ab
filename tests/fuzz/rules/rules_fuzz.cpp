// Any zones, lines and rules with any tracks at any times: every Start has one End, nothing is counted that isn't there.
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/check.h"
#include "rules/engine.h"

namespace {

using namespace vedette;
using namespace vedette::rules;

// What the bytes say, one choice after the other; all 0 once they are used up.
class Choices {
 public:
  Choices(const std::uint8_t* data, std::size_t size) : data_(data), left_(size) {}
  std::uint32_t below(std::uint32_t n) { return byte() % n; }
  float part() { return static_cast<float>(byte()) / 255.0f; }
  bool more() const { return left_ > 0; }

 private:
  std::uint8_t byte() { return left_ == 0 ? std::uint8_t{0} : (--left_, *data_++); }
  const std::uint8_t* data_;
  std::size_t left_;
};

EngineOptions options_of(Choices& choose) {
  EngineOptions options;
  options.threshold = choose.part();
  for (std::uint32_t i = choose.below(4); i > 0; --i) {
    Zone zone{.name = "zone" + std::to_string(i)};
    for (std::uint32_t points = 3 + choose.below(4); points > 0; --points) zone.polygon.push_back({choose.part(), choose.part()});
    if (choose.below(3) == 0) zone.objects = {"car"};
    options.zones.push_back(std::move(zone));
  }
  for (std::uint32_t i = choose.below(3); i > 0; --i)
    options.lines.push_back({"line" + std::to_string(i), {{choose.part(), choose.part()}, {choose.part(), choose.part()}}});
  for (std::uint32_t i = choose.below(4); i > 0; --i) {
    Rule rule{.name = "rule" + std::to_string(i)};
    if (choose.below(2) == 1) rule.classes = {"person", "unicorn"};
    if (choose.below(2) == 1) rule.threshold = choose.part();
    if (choose.below(2) == 1) rule.dwell = std::chrono::seconds(choose.below(8));
    if (choose.below(4) == 1) rule.min_size = choose.part() / 8;
    if (choose.below(4) == 1) rule.at_least = choose.below(3);
    if (choose.below(4) == 1) rule.at_most = choose.below(3);
    if (choose.below(4) == 1) rule.schedule = {{choose.below(200), 1 + choose.below(100)}};
    rule.alarm = choose.below(4) != 1;
    rule.event = choose.below(4) != 1;
    if (!options.zones.empty() && choose.below(2) == 1)
      rule.zones = {options.zones[choose.below(static_cast<std::uint32_t>(options.zones.size()))].name};
    else if (!options.lines.empty() && choose.below(2) == 1)
      rule.line = options.lines[choose.below(static_cast<std::uint32_t>(options.lines.size()))].name;
    if (!options.zones.empty() && choose.below(4) == 1) rule.except = {options.zones.back().name};
    rule.direction = static_cast<Direction>(choose.below(3));
    options.rules.push_back(std::move(rule));
  }
  return options;
}

std::vector<Track> tracks_of(Choices& choose) {
  std::vector<Track> tracks;
  std::uint64_t id = 0;
  for (std::uint32_t i = choose.below(6); i > 0; --i) {
    id += 1 + choose.below(2);
    const float x = choose.part(), y = choose.part();
    tracks.emplace_back(id, 0, 0, 0, x, y, choose.part() * (1 - x), choose.part() * (1 - y), 0.0f, 0.0f, choose.part(), 0,
                        static_cast<std::uint16_t>(choose.below(4)), static_cast<TrackPhase>(choose.below(3)));
  }
  return tracks;
}

// That events begin once and end once, and which are open.
class Book {
 public:
  void note(const Findings& findings) {
    for (const Change& change : findings.changes) {
      const std::uint64_t id = change.event.id;
      switch (change.phase) {
        case schema::EventPhase::Start:
          VD_ASSERT(open_.emplace(id, change.event.rule).second && id > newest_, "an event that begins again");
          newest_ = id;
          break;
        case schema::EventPhase::Update:
          VD_ASSERT(open_.contains(id) && open_[id] == change.event.rule, "news of an event that isn't open");
          break;
        default:
          VD_ASSERT(change.phase == schema::EventPhase::End && open_.erase(id) == 1, "an end without a beginning");
      }
    }
  }
  void check(const Engine& engine) const { VD_ASSERT(engine.open_events().size() == open_.size(), "events are lost"); }

 private:
  std::map<std::uint64_t, std::string> open_;
  std::uint64_t newest_ = 0;
};

void check_counts(const Findings& findings, std::size_t tracks, std::size_t crowds) {
  for (const Count& count : findings.counts) {
    VD_ASSERT(count.inside <= tracks, "more objects than there are");
    VD_ASSERT(count.inside + count.into + count.out_of > 0, "a count of nothing");
  }
  VD_ASSERT(findings.targets.count <= tracks * (1 + crowds) + crowds, "more targets than there are");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Choices choose(data, size);
  const EngineOptions options = options_of(choose);
  std::size_t crowds = 0;
  for (const Rule& rule : options.rules) crowds += rule.is_crowd();
  std::uint64_t last_id = 0;
  const auto next_id = [&] { return ++last_id; };
  Engine engine(options, next_id);
  (void)engine.set_names("person\ncar\ndog");
  Book book;
  std::uint64_t now = 1'000'000'000'000, frame = 0;
  std::vector<Track> tracks;  // the newest
  while (choose.more()) {
    const std::uint64_t step = choose.below(256) * 20'000'000ull;
    now = choose.below(32) == 1 ? now - step : now + step;
    switch (choose.below(32)) {
      case 1: {  // another engine goes on
        Engine successor(options, next_id);
        (void)successor.set_names("person\ncar\ndog");
        if (choose.below(2) == 0) tracks = tracks_of(choose);
        successor.resume(engine.open_events(), engine.line_counts(), tracks, now);
        engine = std::move(successor);
        break;
      }
      case 2:
        book.note(engine.stop());
        tracks.clear();
        break;
      case 3:
        (void)engine.set_names(choose.below(2) == 0 ? "car" : "dog\nperson\ncar");
        break;
      case 4: {
        const Findings& findings = engine.still(++frame, now, choose.below(256));
        book.note(findings);
        check_counts(findings, tracks.size(), crowds);
        break;
      }
      case 5:
        (void)engine.change(options, now);
        break;
      default: {
        tracks = tracks_of(choose);
        const Findings& findings = engine.update(++frame, now, choose.below(256), tracks);
        for (const Track& track : tracks) VD_ASSERT(track.zones() < 1u << options.zones.size(), "a zone that isn't there");
        book.note(findings);
        check_counts(findings, tracks.size(), crowds);
      }
    }
    book.check(engine);
  }
  book.note(engine.stop());
  book.check(engine);
  VD_ASSERT(engine.open_events().empty(), "events are open though nobody looks");
  return 0;
}
