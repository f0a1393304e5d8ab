// What the rules find on one frame: targets for the sentry, counts, and events that begin, change or end. Plain data.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "schema/records.h"
#include "schema/state.h"

namespace vedette::rules {

// What drives the sentry.
struct Targets {
  std::uint32_t count = 0;
  std::string label;  // of the best one
  float score = 0.0f;
  std::string absence;  // "nobody at till", for people: that nothing is there is what drives it; "": something is
};

using vedette::Count;

// An object, or a crowd's border, on a frame.
struct Sight {
  std::uint64_t frame_id = 0;  // 0: none
  std::uint64_t captured_at_ns = 0;
  float x = 0, y = 0, width = 0, height = 0;  // parts of the picture
  float score = 0;
};

struct Event {
  std::uint64_t id = 0;
  std::string rule;
  std::string zone;  // the zone or line that it is about; "": the whole picture
  std::string label;
  std::uint64_t track_id = 0;       // 0: of a crowd
  std::uint64_t started_at_ns = 0;  // capture time of its first frame
  Sight best;                       // where it is seen best so far
};

// Of each event: one Start, any number of Updates, one End.
struct Change {
  schema::EventPhase phase = schema::EventPhase::Start;
  std::uint64_t frame_id = 0;  // that tipped it; 0: none
  std::uint32_t number = 0;    // of a crowd: objects at once
  Event event;
  std::string absence;  // of a crowd that is nobody: "nobody", "no person or dog", for people
};

struct Findings {
  Targets targets;
  std::vector<Count> counts;  // that aren't 0, in a fixed order: the whole picture, zones, lines; by class
  std::vector<Change> changes;
};

}  // namespace vedette::rules
