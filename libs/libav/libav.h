// FFmpeg's objects with owners, and its error numbers as words. Thread-bound like what they own.
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

namespace vedette {

struct LibavDeleter {
  void operator()(AVPacket* packet) const { av_packet_free(&packet); }
  void operator()(AVFrame* frame) const { av_frame_free(&frame); }
  void operator()(AVCodecContext* context) const { avcodec_free_context(&context); }
  void operator()(AVFormatContext* context) const { avformat_close_input(&context); }
  void operator()(SwsContext* context) const { sws_freeContext(context); }
};
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

// What av_log would print as a warning or worse goes to `take`, line by line. It knows URLs with their passwords. Process-wide.
using LibavLine = void (*)(std::string_view line);
void set_libav_log(LibavLine take);

}  // namespace vedette
