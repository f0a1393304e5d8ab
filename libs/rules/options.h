// What the rules of one camera say. Plain data: the configuration is read straight into it (config/config.h), the Engine works by
// it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "rules/geometry.h"
#include "rules/schedule.h"

namespace vedette::rules {

inline constexpr std::size_t kMostZones = 16;  // of a camera
inline constexpr std::size_t kMostLines = 16;
inline constexpr std::size_t kMostRules = 32;

struct Zone {
  std::string name;
  Polygon polygon;
  std::vector<std::string> objects;  // classes that count here; empty: all
};

// For who looks from its first point to its second, "in" is from left to right, "out" from right to left.
struct Line {
  std::string name;
  Segment course;

  bool operator==(const Line&) const = default;
};

enum class Direction { kAny, kIn, kOut };

// Holds while an object, or a number of them, meets all that it asks for.
struct Rule {
  std::string name;
  std::vector<std::string> classes;         // empty: all (in the configuration: sentry.classes)
  std::optional<float> threshold;           // least score, 0..1; none: EngineOptions::threshold
  std::map<std::string, float> thresholds;  // by class, before `threshold`
  std::vector<std::string> zones;           // it stands in one of these; empty: anywhere
  std::vector<std::string> except;          // and in none of these
  std::string line;                         // or it has just crossed this line
  Direction direction = Direction::kAny;    // that way
  std::chrono::milliseconds dwell{0};       // and has been there (without zones: in the picture) so long
  float min_size = 0.0f;                    // its box, as part of the picture
  float max_size = 1.0f;
  std::optional<std::uint32_t> at_least;  // so many objects do all of that at once: the rule is about their number then
  std::optional<std::uint32_t> at_most;
  Schedule schedule;
  bool alarm = true;  // the sentry is driven by it
  bool event = true;  // it makes events

  bool is_crowd() const { return at_least || at_most; }
  bool operator==(const Rule&) const = default;
};

// Names must differ; a rule's zones and line must be there; at most kMost… of each: else it is our own bug.
struct EngineOptions {
  std::vector<Zone> zones;
  std::vector<Line> lines;
  std::vector<Rule> rules;
  float threshold = 0.5f;  // least score of what is counted in zones and on lines, and of rules that say none
};

// The least score that anything here counts: a tracker must begin objects from there on.
float least_score(const EngineOptions& options);

}  // namespace vedette::rules
