// The slots of every topic that a stage of ours writes, in one place: the stages open their topics with these, and who asks how
// much memory a configuration needs (vedette doctor) gets the same numbers. Pure functions, thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "bus/log.h"
#include "schema/packet.h"

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
// <cam>/motion: small, and found by frame id as detections are.
bus::RingOptions motion_ring(const Share& share);
// <cam>/tracks: found by frame id too; `class_names` as of the detections.
bus::RingOptions tracks_ring(const Share& share, const std::string& class_names);
// The topics of a camera's input by its name (InputConfig::name): "" has "frames" and "packets", "record" has "record_frames" and
// "record_packets".
std::string frames_topic(const std::string& input);
std::string packets_topic(const std::string& input);
// Of an input's connection: "source", "record_source".
std::string source_topic(const std::string& input);
// What came to the gateway by HTTP; written by it alone.
inline constexpr char kIngestTopic[] = "ingest";

// How much of a bitstream is kept: the config's keys of a camera.
struct PacketsKept {
  Codec codec = Codec::H264;  // of the pictures
  std::chrono::milliseconds pre_roll{5000};
  std::chrono::milliseconds keyframe_interval{2000};  // MJPEG: counts as 0, each picture is a keyframe
  std::uint32_t max_mbit = 0;                         // 0: 50 for MJPEG, 8 else
  float fps = 0.0f;                                   // 0: unknown
};

// <cam>/packets: whoever comes at any moment finds pre_roll from a keyframe on, while the camera sends no more than max_mbit. One
// record is half of it at most, and at least a picture that such a camera may send: 8 MiB of JPEG (3840x2160 at its best is about
// 6), 2 MiB of anything else.
bus::LogOptions packets_log(const Share& share, const PacketsKept& kept);
// <cam>/encoded: H.264 of a camera that sends no bitstream, while somebody asks for it. Two groups of pictures, so that whoever
// comes finds the one that is being written; a picture has half of it at most.
inline constexpr char kEncodedTopic[] = "encoded";
bus::LogOptions encoded_log(const Share& share, std::chrono::milliseconds keyframe_interval, std::uint32_t max_mbit);
// <cam>/ingest: two pictures or more of up to `picture_bytes` each; it is made for the first size, and grows.
inline constexpr std::uint64_t kIngestPictureBytes = 2 << 20;
bus::LogOptions ingest_log(const Share& share, std::uint64_t picture_bytes);

// <cam>/control, <cam>/state, <cam>/source: only what holds now; <cam>/events: the last 256 records, so that a program that was
// restarted finds what it missed; <cam>/media: the last 64.
bus::RingOptions control_ring(const Share& share);
bus::RingOptions state_ring(const Share& share);
bus::RingOptions source_ring(const Share& share);
bus::RingOptions events_ring(const Share& share);
bus::RingOptions media_ring(const Share& share);

}  // namespace vedette::stage
