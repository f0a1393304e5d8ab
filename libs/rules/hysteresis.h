// The small memories that keep conditions from flickering. What they promise stands in rules/engine.h. Pure, thread-bound.
#pragma once

#include <cstdint>

#include "base/clock.h"
#include "rules/geometry.h"

namespace vedette::rules {

inline constexpr Nanoseconds kSettle = std::chrono::seconds(1);         // what a condition needs to change, besides 2 results
inline constexpr Nanoseconds kAfterCrossing = std::chrono::seconds(5);  // so long a rule about a line holds
inline constexpr Nanoseconds kDwellSurvives = std::chrono::seconds(5);  // being lost

// On from `enter` on, until `leave`.
class Latch {
 public:
  explicit Latch(bool on = false) : on_(on) {}
  void update(bool enter, bool leave) { on_ = on_ ? !leave : enter; }
  bool on() const { return on_; }

 private:
  bool on_;
};

// Follows a condition once it has been otherwise for two results in a row, over kSettle.
class Settled {
 public:
  // eager: the first time it is on at once. on: it goes on from before.
  explicit Settled(bool eager, bool on = false) : eager_(eager && !on), on_(on) {}

  void update(bool condition, std::uint64_t at_ns);
  bool on() const { return on_; }

 private:
  bool eager_;
  bool on_;
  std::uint32_t otherwise_ = 0;  // results in a row
  std::uint64_t since_ns_ = 0;   // of the first of them
};

// One object and one zone.
class ZoneWatch {
 public:
  // seen: the object's first anchor is within; before: a predecessor had it inside.
  ZoneWatch(const Polygon& polygon, Point anchor, bool before, std::uint64_t at_ns);

  // Where the object was found; `box`: how large it is.
  void see(const Polygon& polygon, Point anchor, const Unit& box, std::uint64_t at_ns);
  void dwell_from(std::uint64_t at_ns) { since_ns_ = at_ns; }

  bool inside() const { return inside_; }
  std::uint64_t since_ns() const { return since_ns_; }  // if inside: of the first result that was

 private:
  bool inside_;
  std::uint32_t otherwise_ = 0;  // results in a row
  std::uint64_t since_ns_;
  std::uint64_t otherwise_since_ns_ = 0;
};

// One object and one line.
class LineWatch {
 public:
  // It went from `from` to `to`. True if it is clear of the line now.
  bool step(const Segment& line, Point from, Point to, const Unit& box);
  // Crossings to the right minus crossings to the left since the last take().
  int take();

 private:
  int net_ = 0;
};

}  // namespace vedette::rules
