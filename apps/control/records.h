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
};

// schema::Event
struct EventRecord {
  std::uint64_t id = 0;
  schema::EventKind kind = schema::EventKind::Alarm;
  std::uint64_t at_ns = 0;
  std::uint64_t wall_at_ns = 0;
  std::uint64_t frame_id = 0;
  std::string label;
  float score = 0.0f;
  std::string text;
};

Bytes encode(const DesiredState& state);
Bytes encode(const CameraState& state);
Bytes encode(const EventRecord& event);  // labels and texts of more than 500 bytes are cut

// Copied out of shared memory first, then verified, every value in its range.
Result<DesiredState> decode_control(std::span<const std::byte> record);
Result<CameraState> decode_state(std::span<const std::byte> record);

// schema::Command and schema::Reply
struct CommandRecord {
  std::string camera;
  schema::CommandKind kind = schema::CommandKind::Pause;
  Mode mode = Mode::Standby;
};
Bytes encode(const CommandRecord& command);
Result<CommandRecord> decode_command(std::span<const std::byte> record);

Bytes encode_reply(bool ok, const std::string& text);

}  // namespace vedette::control
