// OpenEvents: the events that have started and not ended, where each is seen best, and when one was last told of. Owner: Engine.
// Pure, thread-bound.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "rules/findings.h"

namespace vedette::rules {

inline constexpr Nanoseconds kRemindEvery = std::chrono::seconds(10);  // of an open event, by an Update

struct OpenEvent {
  Event event;
  double quality = 0;            // of its best sight
  std::uint64_t told_at_ns = 0;  // capture time of its last change; 0: a predecessor's
};

// How well a sight shows its object: larger, surer, and not cut by the picture's border.
double quality_of(const Sight& sight);

class OpenEvents {
 public:
  OpenEvent& add(Event event, double quality, std::uint64_t at_ns);
  // The first of a rule and a track (of a crowd: 0).
  OpenEvent* find(std::string_view rule, std::uint64_t track_id);
  Event remove(std::uint64_t id);  // one that is open
  const std::vector<OpenEvent>& open() const { return open_; }
  std::vector<Event> all() const;
  void clear() { open_.clear(); }

  // Takes what is seen of it now, if anything is (its frame's id isn't 0); true if it is to be told: seen notably better than
  // before, in another place, or not told of for kRemindEvery.
  static bool follow(OpenEvent& open, const Sight& sight, double quality, const std::string& zone, std::uint64_t at_ns);

 private:
  std::vector<OpenEvent> open_;
};

}  // namespace vedette::rules
