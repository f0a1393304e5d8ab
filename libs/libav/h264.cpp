#include "libav/h264.h"

#include <algorithm>
#include <cmath>

#include "libav/pixels.h"

namespace vedette {
namespace {

// Bits of a pixel at crf 23: a usual rate for H.264. Six steps of crf are twice as much or half of it.
constexpr double kBitsPerPixel = 0.1;
constexpr double kUsualCrf = 23, kStepsToDouble = 6;

std::int64_t usual_bits(const H264Options& options) {
  const double pixels = static_cast<double>(options.width) * options.height * av_q2d(options.rate);
  const auto bits = static_cast<std::int64_t>(pixels * kBitsPerPixel * std::exp2((kUsualCrf - options.crf) / kStepsToDouble));
  return options.most_bits > 0 ? std::min(bits, options.most_bits) : bits;
}

// What isn't a key of this encoder is left over, and that is no mistake.
void set_live(AVDictionary*& keys, std::string_view name) {
  if (name == "libx264") av_dict_set(&keys, "tune", "zerolatency", 0);
  av_dict_set(&keys, "forced-idr", "1", 0);
  av_dict_set(&keys, "zerolatency", "1", 0);        // h264_nvenc
  av_dict_set(&keys, "delay", "0", 0);              // h264_nvenc
  av_dict_set(&keys, "async_depth", "1", 0);        // h264_vaapi
  av_dict_set(&keys, "allow_skip_frames", "0", 0);  // libopenh264
}

}  // namespace

Result<CodecPtr> open_h264(const AVCodec& codec, const H264Options& options) {
  CodecPtr opened(avcodec_alloc_context3(&codec));
  if (!opened) return Error{ErrorCode::kResourceExhausted, "no memory for an encoder"};
  AVCodecContext& h264 = *opened;
  h264.width = options.width;
  h264.height = options.height;
  h264.pix_fmt = options.format;
  h264.color_range = av_range(options.range);
  h264.colorspace = av_matrix(options.matrix);
  h264.time_base = options.time_base;
  h264.framerate = options.rate;
  h264.gop_size = options.keyframe_every;
  h264.max_b_frames = 0;
  h264.thread_count = options.threads;
  if (options.most_bits > 0) {
    h264.rc_max_rate = options.most_bits;
    h264.rc_buffer_size = static_cast<int>(std::min<std::int64_t>(options.most_bits, INT32_MAX));  // a second of it
  }
  if (!options.live) h264.flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  if (options.hardware_frames != nullptr) h264.hw_frames_ctx = av_buffer_ref(options.hardware_frames);
  AVDictionary* keys = nullptr;
  if (std::string_view(codec.name) == "libx264") {
    av_dict_set(&keys, "preset", options.preset, 0);
    av_dict_set_int(&keys, "crf", options.crf, 0);
  } else {
    h264.bit_rate = usual_bits(options);
  }
  if (options.live) set_live(keys, codec.name);
  const int failed = avcodec_open2(&h264, &codec, &keys);
  av_dict_free(&keys);
  if (failed < 0) return libav_error(codec.name, failed);
  return opened;
}

}  // namespace vedette
