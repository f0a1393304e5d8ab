// What a source gives, and what it says of its streams. Plain data; valid until the source is read again.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "capture/timing.h"
#include "libav/libav.h"
#include "schema/packet.h"

namespace vedette::capture {

struct Packet {
  enum class Kind {
    kVideo,    // a compressed picture: `data`
    kAudio,    // `data`
    kPicture,  // a picture that never was compressed: Source::write_picture() or take_slot()
  };
  Kind kind = Kind::kVideo;
  std::span<const std::byte> data;
  AVPacket* av = nullptr;  // where it came from FFmpeg: for the decoder, and to keep by reference
  bool keyframe = true;
  std::int64_t pts_ns = kNoTimestamp;   // the source's own clock; when it is to be shown
  std::int64_t dts_ns = kNoTimestamp;   // when it is to be decoded
  std::uint32_t duration_ns = 0;        // 0: unknown
  std::uint64_t arrived_ns = 0;         // CLOCK_MONOTONIC
  std::uint64_t captured_at_ns = 0;     // CLOCK_MONOTONIC, where the source knows (a device, a drawn picture); 0: map pts_ns
  std::uint64_t camera_wall_at_ns = 0;  // the camera's own wall clock; 0: it doesn't say

  // kPicture
  PixelFormat format = PixelFormat::Unknown;
  ColorMatrix matrix = ColorMatrix::BT601;
  ColorRange range = ColorRange::Limited;
  std::uint32_t width = 0;
  std::uint32_t height = 0;
};

struct VideoStream {
  Codec codec = Codec::Unknown;                   // Unknown: none that <cam>/packets carries (VP9, PNG, raw pictures)
  const AVCodecParameters* parameters = nullptr;  // for the decoder; null: pictures, or JPEG that isn't FFmpeg's
  AVRational time_base{1, 1'000'000'000};
  bool intra_only = true;   // each packet is a picture of its own: may be skipped undecoded
  std::uint32_t width = 0;  // as far as known
  std::uint32_t height = 0;
  std::int64_t frame_duration_ns = 0;  // 0: unknown
  std::int64_t reorder_ns = 0;         // how far ahead of its showing a packet comes (B-frames)
  std::span<const std::byte> config;   // H.264, H.265: parameter sets, Annex B
  std::string description;             // "h264 1280x720, 25 fps"
};

struct AudioStream {
  Codec codec = Codec::Unknown;  // Unknown: no sound, or none that <cam>/packets carries
  std::uint32_t sample_rate = 0;
  std::uint16_t channels = 0;
  std::span<const std::byte> config;
};

}  // namespace vedette::capture
