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
#include "schema/event.h"
#include "schema/records.h"
#include "schema/state.h"

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

using vedette::CameraState;
using vedette::decode_event;
using vedette::decode_state;
using vedette::EventRecord;

Bytes encode(const DesiredState& state);
Bytes encode(const CameraState& state);  // of its counts as many as a record holds: lines', then zones'
Bytes encode(const EventRecord& event);  // texts of more than 500 bytes are cut

// Copied out of shared memory first, then verified, every value in its range.
Result<DesiredState> decode_control(std::span<const std::byte> record);

// schema::Reply; longer texts are cut there too.
Bytes encode_reply(bool ok, const std::string& text);

}  // namespace vedette::control
