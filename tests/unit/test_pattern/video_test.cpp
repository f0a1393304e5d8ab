// The test pattern through a video codec at a bitrate that a camera's sub-stream has: every frame's stamp is read back.
#include <gtest/gtest.h>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavutil/opt.h>
}

#include <memory>
#include <vector>

#include "vision/test_pattern.h"

namespace vedette::vision {
namespace {

struct Free {
  void operator()(AVCodecContext* context) const { avcodec_free_context(&context); }
  void operator()(AVFrame* frame) const { av_frame_free(&frame); }
  void operator()(AVPacket* packet) const { av_packet_free(&packet); }
};
using Context = std::unique_ptr<AVCodecContext, Free>;
using Frame = std::unique_ptr<AVFrame, Free>;
using Packet = std::unique_ptr<AVPacket, Free>;

struct Stream {
  int width, height;
  std::int64_t bits_per_second;
};

Context open_encoder(const AVCodec* codec, const Stream& stream) {
  Context context(avcodec_alloc_context3(codec));
  context->width = stream.width;
  context->height = stream.height;
  context->pix_fmt = AV_PIX_FMT_YUV420P;
  context->time_base = {1, 30};
  context->framerate = {30, 1};
  context->bit_rate = stream.bits_per_second;
  context->gop_size = 60;
  av_opt_set(context->priv_data, "preset", "ultrafast", 0);
  av_opt_set(context->priv_data, "tune", "zerolatency", 0);
  return avcodec_open2(context.get(), codec, nullptr) == 0 ? std::move(context) : nullptr;
}

ImageView view_of(const AVFrame& frame) {
  ImageView view{PixelFormat::I420,
                 ColorMatrix::BT601,
                 ColorRange::Limited,
                 static_cast<std::uint32_t>(frame.width),
                 static_cast<std::uint32_t>(frame.height),
                 {}};
  for (std::size_t plane = 0; plane < 3; ++plane)
    view.planes[plane] = {frame.data[plane], static_cast<std::size_t>(frame.linesize[plane])};
  return view;
}

TestStamp stamp_of(int number) {
  return {static_cast<std::uint64_t>(number), 98'765'432'101'234u + static_cast<std::uint64_t>(number) * 33'333'333u};
}

// Draws, encodes, decodes `frames` pictures; the stamps that came out, in order.
void play(AVCodecContext& encoder, AVCodecContext& decoder, int frames, std::vector<TestStamp>& read) {
  const Packet packet(av_packet_alloc());
  const Frame decoded(av_frame_alloc());
  for (int number = 0; number < frames; ++number) {
    const Frame frame(av_frame_alloc());
    frame->format = AV_PIX_FMT_YUV420P;
    frame->width = encoder.width;
    frame->height = encoder.height;
    frame->pts = number;
    ASSERT_EQ(av_frame_get_buffer(frame.get(), 0), 0);
    MutableImageView image{
        PixelFormat::I420, static_cast<std::uint32_t>(encoder.width), static_cast<std::uint32_t>(encoder.height), {}};
    for (std::size_t plane = 0; plane < 3; ++plane)
      image.planes[plane] = {frame->data[plane], static_cast<std::size_t>(frame->linesize[plane])};
    draw_test_pattern(image, ColorRange::Limited, stamp_of(number));
    ASSERT_EQ(avcodec_send_frame(&encoder, frame.get()), 0);
    while (avcodec_receive_packet(&encoder, packet.get()) == 0) {
      ASSERT_EQ(avcodec_send_packet(&decoder, packet.get()), 0);
      av_packet_unref(packet.get());
      while (avcodec_receive_frame(&decoder, decoded.get()) == 0) {
        const auto stamp = read_test_pattern(view_of(*decoded));
        ASSERT_TRUE(stamp.has_value()) << "frame " << read.size();
        read.push_back(*stamp);
      }
    }
  }
}

TEST(TestPatternVideo, EveryFrameIsReadAtLowBitrates) {
  const AVCodec* codec = avcodec_find_encoder_by_name("libx264");
  if (codec == nullptr) GTEST_SKIP() << "this libavcodec has no H.264 encoder (libx264)";
  av_log_set_level(AV_LOG_ERROR);
  for (const Stream& stream : {Stream{1280, 720, 600'000}, Stream{640, 360, 250'000}, Stream{320, 240, 150'000}}) {
    SCOPED_TRACE(stream.width);
    const Context encoder = open_encoder(codec, stream);
    ASSERT_TRUE(encoder);
    const AVCodec* h264 = avcodec_find_decoder(AV_CODEC_ID_H264);
    const Context decoder(avcodec_alloc_context3(h264));
    decoder->thread_count = 1;
    ASSERT_EQ(avcodec_open2(decoder.get(), h264, nullptr), 0);
    std::vector<TestStamp> read;
    play(*encoder, *decoder, 90, read);
    ASSERT_GE(read.size(), 80u);
    for (std::size_t index = 0; index < read.size(); ++index) {
      ASSERT_EQ(read[index].number, index);
      ASSERT_EQ(read[index].at_ns, stamp_of(static_cast<int>(index)).at_ns);
    }
  }
}

}  // namespace
}  // namespace vedette::vision
