#include "stage/topics.h"

#include <algorithm>
#include <bit>

#include "schema/motion.h"
#include "schema/records.h"
#include "schema/tracks.h"

namespace vedette::stage {
namespace {

constexpr std::uint32_t kDetectionsKept = 64;  // so far back find(frame_id) reaches
constexpr std::uint32_t kEventsKept = 256;
constexpr std::uint32_t kMediaKept = 64;
constexpr std::uint64_t kLargestJpeg = 8 << 20;
constexpr std::uint64_t kLargestAccessUnit = 2 << 20;
constexpr std::uint64_t kMbit = 1'000'000 / 8;
constexpr float kAssumedFps = 30.0f;
constexpr float kAudioPackets = 50.0f;  // a second: 20 ms each, AAC at 48 kHz 21 ms
constexpr std::uint32_t kLeastIndex = 1024;
constexpr std::uint32_t kMostIndex = 1 << 18;

bus::RingOptions ring(const Share& share, std::uint64_t schema_id, std::uint64_t slot_bytes) {
  bus::RingOptions options;
  options.schema_id = schema_id;
  options.slot_bytes = slot_bytes;
  options.readers = share.readers;
  options.held_per_reader = share.held_per_reader;
  return options;
}

// With the last `keep` records to find.
bus::RingOptions kept_ring(const Share& share, std::uint64_t schema_id, std::uint64_t slot_bytes, std::uint32_t keep) {
  bus::RingOptions options = ring(share, schema_id, slot_bytes);
  options.keep = keep;
  options.policy = bus::SlotPolicy::kOldestFirst;
  return options;
}

// About frames, by class ids.
bus::RingOptions boxes_ring(const Share& share, std::uint64_t schema_id, std::uint64_t slot_bytes,
                            const std::string& class_names) {
  bus::RingOptions options = kept_ring(share, schema_id, slot_bytes, kDetectionsKept);
  options.metadata = class_names;
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
  return boxes_ring(share, kDetectionsSchema, kDetectionsSlotBytes, class_names);
}
bus::RingOptions tracks_ring(const Share& share, const std::string& class_names) {
  return boxes_ring(share, kTracksSchema, kTracksSlotBytes, class_names);
}
bus::RingOptions motion_ring(const Share& share) { return kept_ring(share, kMotionSchema, kMotionSlotBytes, kDetectionsKept); }

std::string frames_topic(const std::string& input) { return input.empty() ? "frames" : input + "_frames"; }
std::string packets_topic(const std::string& input) { return input.empty() ? "packets" : input + "_packets"; }
std::string source_topic(const std::string& input) { return input.empty() ? "source" : input + "_source"; }

bus::LogOptions packets_log(const Share& share, const PacketsKept& kept) {
  const bool jpegs = kept.codec == Codec::MJPEG;
  const std::uint64_t mbit = kept.max_mbit > 0 ? kept.max_mbit : jpegs ? 50 : 8;
  const auto between = jpegs ? std::chrono::milliseconds{0} : kept.keyframe_interval;
  // The group of pictures that is being written, and the one that pre_roll begins in.
  const auto seconds = static_cast<double>((kept.pre_roll + 2 * between).count()) / 1000;
  const auto wanted = static_cast<std::uint64_t>(seconds * static_cast<double>(mbit * kMbit));
  bus::LogOptions options;
  options.schema_id = kPacketsSchema;
  options.readers = share.readers;
  options.data_bytes = std::max(wanted, 2 * (jpegs ? kLargestJpeg : kLargestAccessUnit));
  options.max_record_bytes = std::min(options.data_bytes / 2, kLargestJpeg);
  // Four times what comes at the highest rate: calm scenes have small packets, and the log then reaches back further.
  const double records = 4 * seconds * static_cast<double>((kept.fps > 0 ? kept.fps : kAssumedFps) + kAudioPackets);
  options.index_entries = std::bit_ceil(static_cast<std::uint32_t>(std::clamp(records, double{kLeastIndex}, double{kMostIndex})));
  return options;
}

bus::LogOptions encoded_log(const Share& share, std::chrono::milliseconds keyframe_interval, std::uint32_t max_mbit) {
  return packets_log(share, {Codec::H264, std::chrono::milliseconds{0}, keyframe_interval, max_mbit});
}

bus::LogOptions ingest_log(const Share& share, std::uint64_t picture_bytes) {
  bus::LogOptions options;
  options.schema_id = kPacketsSchema;
  options.readers = share.readers;
  options.max_record_bytes = std::bit_ceil(std::max<std::uint64_t>(picture_bytes + sizeof(PacketInfo), 1 << 20));
  options.data_bytes = 2 * options.max_record_bytes;
  options.index_entries = 64;
  return options;
}

bus::RingOptions control_ring(const Share& share) { return ring(share, kControlSchema, kMaxRecordBytes); }
bus::RingOptions state_ring(const Share& share) { return ring(share, kStateSchema, kMaxRecordBytes); }
bus::RingOptions source_ring(const Share& share) { return ring(share, kSourceSchema, kMaxRecordBytes); }
bus::RingOptions events_ring(const Share& share) { return kept_ring(share, kEventSchema, kMaxRecordBytes, kEventsKept); }
bus::RingOptions media_ring(const Share& share) { return kept_ring(share, kMediaSchema, kMaxRecordBytes, kMediaKept); }

}  // namespace vedette::stage
