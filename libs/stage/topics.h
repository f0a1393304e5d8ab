// The slots of every topic that a stage of ours writes, in one place: the stages open their topics with these, and who asks how
// much memory a configuration needs (vedette doctor) gets the same numbers. Pure functions, thread-safe.
#pragma once

#include <cstdint>
#include <string>

#include "bus/ring.h"

namespace vedette::stage {

// Of the whole bus: config's `bus.readers` and `bus.held_per_reader`.
struct Share {
  std::uint32_t readers = 16;
  std::uint32_t held_per_reader = 2;
};

// <cam>/frames: slots as large as its source's pictures, and as many of the writer's as its decoder has out at once.
bus::RingOptions frames_ring(const Share& share, std::uint64_t slot_bytes, std::uint32_t writer_slots);
// <cam>/detections: `class_names` are its metadata.
bus::RingOptions detections_ring(const Share& share, const std::string& class_names);
// <cam>/control, <cam>/state: only what holds now; <cam>/events: the last 64.
bus::RingOptions control_ring(const Share& share);
bus::RingOptions state_ring(const Share& share);
bus::RingOptions events_ring(const Share& share);

}  // namespace vedette::stage
