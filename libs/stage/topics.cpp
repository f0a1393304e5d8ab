#include "stage/topics.h"

#include "schema/records.h"

namespace vedette::stage {
namespace {

constexpr std::uint32_t kDetectionsKept = 64;  // so far back find(frame_id) reaches
constexpr std::uint32_t kEventsKept = 64;

bus::RingOptions ring(const Share& share, std::uint64_t schema_id, std::uint64_t slot_bytes) {
  bus::RingOptions options;
  options.schema_id = schema_id;
  options.slot_bytes = slot_bytes;
  options.readers = share.readers;
  options.held_per_reader = share.held_per_reader;
  return options;
}

}  // namespace

bus::RingOptions frames_ring(const Share& share, std::uint64_t slot_bytes, std::uint32_t writer_slots) {
  bus::RingOptions options = ring(share, kFrameSchema, slot_bytes);
  options.keep = 1;
  options.writer_slots = writer_slots;
  options.policy = bus::SlotPolicy::kLowestFree;
  return options;
}

bus::RingOptions detections_ring(const Share& share, const std::string& class_names) {
  bus::RingOptions options = ring(share, kDetectionsSchema, kDetectionsSlotBytes);
  options.keep = kDetectionsKept;
  options.policy = bus::SlotPolicy::kOldestFirst;
  options.metadata = class_names;
  return options;
}

bus::RingOptions control_ring(const Share& share) { return ring(share, kControlSchema, kMaxRecordBytes); }
bus::RingOptions state_ring(const Share& share) { return ring(share, kStateSchema, kMaxRecordBytes); }

bus::RingOptions events_ring(const Share& share) {
  bus::RingOptions options = ring(share, kEventSchema, kMaxRecordBytes);
  options.keep = kEventsKept;
  options.policy = bus::SlotPolicy::kOldestFirst;
  return options;
}

}  // namespace vedette::stage
