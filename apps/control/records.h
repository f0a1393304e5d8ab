// What control writes and reads as FlatBuffers tables, as plain structs: encode to bytes, decode from a copy.
// Pure functions, thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "rules/findings.h"
#include "schema/event.h"
#include "schema/records.h"

namespace vedette::control {

using Bytes = std::vector<std::byte>;

// schema::Control
struct DesiredState {
  Mode mode = Mode::Standby;
  float detect_fps = 0.0f;
  bool paused = false;
  std::uint64_t session = 0;
  std::uint64_t heartbeat_at_ns = 0;
  bool forced = false;
  bool detecting = true;
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
  std::vector<rules::Count> counts;
  float threshold = 0.0f;
};

using vedette::decode_event;
using vedette::EventRecord;

Bytes encode(const DesiredState& state);
Bytes encode(const CameraState& state);  // of its counts as many as a record holds: lines', then zones'
Bytes encode(const EventRecord& event);  // texts of more than 500 bytes are cut

// Copied out of shared memory first, then verified, every value in its range.
Result<DesiredState> decode_control(std::span<const std::byte> record);
Result<CameraState> decode_state(std::span<const std::byte> record);

// schema::Reply; longer texts are cut there too.
Bytes encode_reply(bool ok, const std::string& text);

}  // namespace vedette::control
