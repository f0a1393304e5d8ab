// FFmpeg's objects with owners, its error numbers as words, and MP4 files. Thread-bound like what they own.
#pragma once

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavcodec/bsf.h>
#include <libavformat/avformat.h>
#include <libavutil/imgutils.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>
}

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace vedette {

struct LibavDeleter {
  void operator()(AVPacket* packet) const { av_packet_free(&packet); }
  void operator()(AVFrame* frame) const { av_frame_free(&frame); }
  void operator()(AVCodecContext* context) const { avcodec_free_context(&context); }
  void operator()(AVFormatContext* context) const { avformat_close_input(&context); }
  void operator()(SwsContext* context) const { sws_freeContext(context); }
};
struct LibavCloseOutput {
  void operator()(AVFormatContext* output) const;
};
using OutputPtr = std::unique_ptr<AVFormatContext, LibavCloseOutput>;
using PacketPtr = std::unique_ptr<AVPacket, LibavDeleter>;
using FramePtr = std::unique_ptr<AVFrame, LibavDeleter>;
using CodecPtr = std::unique_ptr<AVCodecContext, LibavDeleter>;
using FormatPtr = std::unique_ptr<AVFormatContext, LibavDeleter>;
using ScalerPtr = std::unique_ptr<SwsContext, LibavDeleter>;

// "Invalid data found when processing input".
inline std::string libav_text(int error) {
  char text[AV_ERROR_MAX_STRING_SIZE] = {};
  av_strerror(error, text, sizeof text);
  return text;
}

// With the code of the system's error where it is one, else kInvalidArgument; "<what>: <words>".
Error libav_error(const std::string& what, int error);

// An MP4 that is written: first the streams are added to what make_mp4() gives, then the file is begun, filled and ended. Errors
// name the path. `faststart`: the index in front, so that it plays while it is loaded; costs writing the file twice.
Result<OutputPtr> make_mp4(const std::string& path);
Result<> begin_mp4(AVFormatContext& output, const std::string& path, bool faststart);
Result<> end_mp4(AVFormatContext& output, const std::string& path);

// What av_log would print as a warning or worse goes to `take`, line by line. It knows URLs with their passwords. Process-wide.
using LibavLine = void (*)(std::string_view line);
void set_libav_log(LibavLine take);

}  // namespace vedette
