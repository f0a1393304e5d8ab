// Encoders of H.264, opened with what all of ours have alike: no B-frames, colours that are said, a keyframe every so often, a
// quality that stays the same where the encoder knows such. Thread-safe; what comes out is thread-bound.
#pragma once

#include <cstdint>

#include "libav/libav.h"
#include "schema/frame.h"

namespace vedette {

struct H264Options {
  int width = 0;  // both even
  int height = 0;
  AVPixelFormat format = AV_PIX_FMT_YUV420P;
  ColorMatrix matrix = ColorMatrix::BT601;
  ColorRange range = ColorRange::Limited;
  AVRational time_base{1, 1'000'000};
  AVRational rate{30, 1};           // pictures a second, about
  int keyframe_every = 60;          // pictures, at most
  int crf = 23;                     // libx264's constant rate factor; who knows none gets as many bits as usually make it
  const char* preset = "veryfast";  // of libx264
  std::int64_t most_bits = 0;       // a second; 0: no limit
  // Each picture comes out at once, parameter sets stand in front of keyframes, a picture of type I is a keyframe. Else parameter
  // sets are the extradata.
  bool live = false;
  int threads = 1;
  AVBufferRef* hardware_frames = nullptr;  // of an encoder that takes no others
};

Result<CodecPtr> open_h264(const AVCodec& codec, const H264Options& options);

// Those that run on the processor, the best one first.
inline constexpr const char* kSoftwareH264[] = {"libx264", "libopenh264"};

}  // namespace vedette
