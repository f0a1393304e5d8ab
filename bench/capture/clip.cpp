#include "bench/capture/clip.h"

extern "C" {
#include <libavformat/avformat.h>
}

#include <cmath>
#include <cstdio>

#include "bench/support/jpeg_picture.h"

namespace vedette::bench {
namespace {

void check(int error, const char* what) {
  if (error < 0) fail(std::string("can't write the clip: ") + what);
}

}  // namespace

int write_clip(const std::string& path, const Clip& clip) {
  const std::vector<unsigned char> picture = make_picture(kSoft, clip.width, clip.height);
  AVFormatContext* format = nullptr;
  check(avformat_alloc_output_context2(&format, nullptr, "matroska", path.c_str()), "no matroska in this libavformat");
  AVStream* stream = avformat_new_stream(format, nullptr);
  if (stream == nullptr) fail("can't write the clip: no memory");
  stream->codecpar->codec_type = AVMEDIA_TYPE_VIDEO;
  stream->codecpar->codec_id = AV_CODEC_ID_MJPEG;
  stream->codecpar->width = clip.width;
  stream->codecpar->height = clip.height;
  stream->codecpar->format = AV_PIX_FMT_YUVJ420P;
  stream->avg_frame_rate = av_d2q(clip.fps, 1000);
  stream->time_base = {1, 1000};
  check(avio_open(&format->pb, path.c_str(), AVIO_FLAG_WRITE), path.c_str());
  check(avformat_write_header(format, nullptr), "its head");
  AVPacket* packet = av_packet_alloc();
  const auto count = static_cast<int>(std::lround(clip.seconds * clip.fps));
  for (int number = 0; number < count; ++number) {
    check(av_new_packet(packet, static_cast<int>(picture.size())), "no memory");
    std::copy(picture.begin(), picture.end(), packet->data);
    const AVRational milliseconds{1, 1000};
    packet->pts = packet->dts = av_rescale_q(std::llround(number * 1000 / clip.fps), milliseconds, stream->time_base);
    packet->duration = av_rescale_q(std::llround(1000 / clip.fps), milliseconds, stream->time_base);
    packet->flags = AV_PKT_FLAG_KEY;
    check(av_interleaved_write_frame(format, packet), "a packet");
  }
  check(av_write_trailer(format), "its end");
  av_packet_free(&packet);
  avio_closep(&format->pb);
  avformat_free_context(format);
  return 0;
}

int write_picture(const std::string& path, int width, int height) {
  const std::vector<unsigned char> picture = make_picture(kSoft, width, height);
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (file == nullptr || std::fwrite(picture.data(), 1, picture.size(), file) != picture.size() || std::fclose(file) != 0)
    fail("can't write " + path);
  return 0;
}

}  // namespace vedette::bench
