// Scene: feeds an engine frame by frame, and keeps what it said of events.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "rules/engine.h"

namespace vedette::rules {

inline constexpr std::uint64_t kMs = 1'000'000;
inline constexpr std::uint16_t kPerson = 0, kCar = 1;

// An object that stands at `at` (the middle of its lower edge).
struct Standing {
  std::uint64_t id = 1;
  Point at{0.5f, 0.5f};
  float score = 0.8f;
  TrackPhase phase = TrackPhase::Confirmed;
  std::uint16_t class_id = kPerson;
  float width = 0.1f, height = 0.2f;
};

inline Track track_of(const Standing& object, std::uint64_t first_at_ns = 0) {
  const float x = std::clamp(object.at.x - object.width / 2, 0.0f, 1.0f), y = std::clamp(object.at.y - object.height, 0.0f, 1.0f);
  const float width = std::min(object.width, 1.0f - x);
  return Track(object.id, first_at_ns, 0, 0, x, y, width, object.at.y - y, 0.0f, 0.0f, object.score, 0, object.class_id,
               object.phase);
}

class Scene {
 public:
  explicit Scene(EngineOptions options) : engine(std::move(options), [this] { return ++last_event_id; }) {
    unknown = engine.set_names("person\ncar\ndog");
  }

  const Findings& frame(const std::vector<Standing>& objects, std::uint64_t step_ms = 100) {
    now += step_ms * kMs;
    tracks.clear();
    for (const Standing& object : objects) tracks.push_back(track_of(object));
    return keep(engine.update(++frame_id, now, minute, tracks));
  }
  // The same for a while.
  const Findings& frames(int count, const std::vector<Standing>& objects, std::uint64_t step_ms = 100) {
    for (int i = 1; i < count; ++i) frame(objects, step_ms);
    return frame(objects, step_ms);
  }
  const Findings& still(std::uint64_t step_ms = 100) {
    now += step_ms * kMs;
    return keep(engine.still(++frame_id, now, minute));
  }
  const Findings& stop() { return keep(engine.stop()); }

  // "start night", "end night" …, of all frames.
  std::vector<std::string> told() const {
    std::vector<std::string> words;
    for (const Change& change : changes) words.push_back(std::string(to_string(change.phase)) + " " + change.event.rule);
    return words;
  }

  std::uint64_t last_event_id = 100;
  Engine engine;
  std::vector<std::string> unknown;
  std::vector<Track> tracks;
  std::vector<Change> changes;
  std::uint64_t now = 100'000 * kMs;
  std::uint64_t frame_id = 1000;
  std::uint32_t minute = 0;

 private:
  const Findings& keep(const Findings& findings) {
    changes.insert(changes.end(), findings.changes.begin(), findings.changes.end());
    return findings;
  }
};

inline Polygon box_polygon(float left, float top, float right, float bottom) {
  return {{left, top}, {right, top}, {right, bottom}, {left, bottom}};
}

using Words = std::vector<std::string>;

inline const Zone kLeft{"left", box_polygon(0, 0, 0.5f, 1), {}};
inline const Zone kRight{"right", box_polygon(0.5f, 0, 1, 1), {}};

inline EngineOptions with(Rule rule, std::vector<Zone> zones = {}, std::vector<Line> lines = {}) {
  return {std::move(zones), std::move(lines), {std::move(rule)}, 0.5f};
}

// From left to right in the picture: "in" is downwards.
inline const Line kGate{"gate", {{0.2f, 0.5f}, {0.8f, 0.5f}}};

}  // namespace vedette::rules
