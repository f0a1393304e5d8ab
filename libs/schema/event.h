// A record of <cam>/events as a plain struct. Pure function, thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "base/result.h"
#include "schema/records.h"

namespace vedette {

// schema::Event, field by field.
struct EventRecord {
  std::uint64_t id = 0;
  schema::EventKind kind = schema::EventKind::Alarm;
  std::uint64_t at_ns = 0;
  std::uint64_t wall_at_ns = 0;
  std::uint64_t frame_id = 0;
  std::string label;
  float score = 0.0f;
  std::string text;
  schema::EventPhase phase = schema::EventPhase::Once;
  std::string rule;
  std::string zone;
  std::uint64_t track_id = 0;
  std::uint64_t started_at_ns = 0;
  std::uint64_t started_wall_at_ns = 0;
  std::uint64_t best_frame_id = 0;
  std::uint64_t best_captured_at_ns = 0;
  float x = 0.0f;  // of the box; width 0: none
  float y = 0.0f;
  float width = 0.0f;
  float height = 0.0f;
};

// Copied out of shared memory first, then verified. kCorrupt: not one, or of a kind or phase that there isn't. A score comes
// between 0 and 1 (0 for one that isn't a number); a box that isn't a part of a picture counts as none.
Result<EventRecord> decode_event(std::span<const std::byte> record);

}  // namespace vedette
