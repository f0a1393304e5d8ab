// A record of <cam>/state as a plain struct. Pure function, thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "schema/records.h"

namespace vedette {

// schema::Count: objects of a class in a zone now, or that have crossed a line since counting began.
struct Count {
  std::string place;  // the zone's or line's name; a zone "": the whole picture
  std::string label;
  std::uint32_t inside = 0;
  std::uint64_t into = 0;
  std::uint64_t out_of = 0;

  bool operator==(const Count&) const = default;
};

// schema::State
struct CameraState {
  Mode mode = Mode::Standby;
  Mode previous_mode = Mode::Standby;
  std::uint64_t since_ns = 0;
  std::uint64_t heartbeat_at_ns = 0;
  bool paused = false;
  std::uint64_t last_frame_id = 0;
  std::uint32_t targets = 0;
  bool detections_stale = false;
  bool still = false;
  bool detecting = true;
  std::vector<Count> counts;
  float threshold = 0.0f;
  bool forced = false;
};

// Copied out of shared memory first, then verified. kCorrupt: not one, or of a mode that there isn't. A threshold that isn't a
// number comes as 0.
Result<CameraState> decode_state(std::span<const std::byte> record);

}  // namespace vedette
