// News: what control, record and capture publish about one camera, copied out of shared memory, checked, as plain structs.
// Pure functions, thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "schema/event.h"
#include "schema/records.h"
#include "schema/state.h"

namespace vedette::notify {

// schema::Event
struct Event : EventRecord {
  std::string camera;
};

// schema::State without what changes all the time.
struct State {
  Mode mode = Mode::Standby;
  Mode previous_mode = Mode::Standby;
  std::uint64_t since_ns = 0;  // monotonic
  std::uint32_t targets = 0;
  float threshold = 0.0f;
  bool paused = false;
  bool detecting = true;
  bool detections_stale = false;
  bool still = false;
  bool forced = false;
  std::vector<Count> counts;
  bool operator==(const State&) const = default;
};

// schema::Source
struct Source {
  schema::SourceStatus status = schema::SourceStatus::Opening;
  std::string about;
  std::string error;
  bool operator==(const Source&) const = default;
};

// schema::Media
struct Media {
  std::string camera;
  std::uint64_t event_id = 0;
  schema::MediaKind kind = schema::MediaKind::Snapshot;
  std::string path;
  std::uint64_t bytes = 0;
  std::uint32_t duration_ms = 0;
  std::uint64_t at_ns = 0;  // monotonic
};

Result<Event> read_event(const std::string& camera, std::span<const std::byte> record);
Result<State> read_state(std::span<const std::byte> record);
Result<Source> read_source(std::span<const std::byte> record);
Result<Media> read_media(const std::string& camera, std::span<const std::byte> record);

}  // namespace vedette::notify
