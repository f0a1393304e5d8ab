#include "support/cameras/encoder.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>

extern "C" {
#include <libavutil/opt.h>
}

#include "vision/test_pattern.h"

namespace vedette::test {
namespace {

constexpr int kTimesPerSecond = 90'000;

const char* encoder_name(const std::string& codec) {
  if (codec == "h264") return "libx264";
  if (codec == "h265") return "libx265";
  return "mjpeg";
}

// Of mp4, mkv and flv; others have the parameter sets at each keyframe.
bool needs_global_header(const SceneStream& stream) {
  if (stream.wrap == "flv") return true;
  const AVOutputFormat* format = stream.wrap == "file" ? av_guess_format(nullptr, stream.to.c_str(), nullptr) : nullptr;
  return format != nullptr && (format->flags & AVFMT_GLOBALHEADER) != 0;
}

int check(const char* what, int error) {
  if (error < 0) scene_failed(what, error);
  return error;
}

vision::MutableImageView view_of(AVFrame& frame) {
  vision::MutableImageView view;
  view.format = PixelFormat::I420;
  view.width = static_cast<std::uint32_t>(frame.width);
  view.height = static_cast<std::uint32_t>(frame.height);
  for (std::size_t plane = 0; plane < 3; ++plane) {
    view.planes[plane] = {frame.data[plane], static_cast<std::size_t>(frame.linesize[plane])};
  }
  return view;
}

}  // namespace

void scene_failed(const char* what, int error) {
  char text[AV_ERROR_MAX_STRING_SIZE] = {};
  av_strerror(error, text, sizeof text);
  std::fprintf(stderr, "%s: %s\n", what, text);
  std::exit(1);
}

SceneEncoder::SceneEncoder(const SceneStream& stream, double fps)
    : stream_(stream), fps_(fps), frame_(av_frame_alloc()), packet_(av_packet_alloc()) {
  open_codec();
  if (stream_.wrap == "ts") open_muxer();
}

SceneEncoder::~SceneEncoder() {
  if (muxer_ != nullptr) {
    std::uint8_t* rest = nullptr;
    avio_close_dyn_buf(muxer_->pb, &rest);
    av_free(rest);
    avformat_free_context(muxer_);
  }
  avcodec_free_context(&codec_);
  av_frame_free(&frame_);
  av_packet_free(&packet_);
}

void SceneEncoder::open_codec() {
  avcodec_free_context(&codec_);
  const AVCodec* encoder = avcodec_find_encoder_by_name(encoder_name(stream_.codec));
  if (encoder == nullptr) scene_failed(encoder_name(stream_.codec), AVERROR_ENCODER_NOT_FOUND);
  const bool mjpeg = stream_.codec == "mjpeg";
  codec_ = avcodec_alloc_context3(encoder);
  codec_->width = stream_.sizes[size_].width;
  codec_->height = stream_.sizes[size_].height;
  codec_->pix_fmt = mjpeg ? AV_PIX_FMT_YUVJ420P : AV_PIX_FMT_YUV420P;
  codec_->color_range = mjpeg ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
  codec_->time_base = {1, kTimesPerSecond};
  codec_->framerate = av_d2q(fps_, 1000);
  codec_->gop_size = mjpeg ? 1 : stream_.gop;
  codec_->max_b_frames = mjpeg ? 0 : stream_.b_frames;
  codec_->thread_count = 1;
  if (mjpeg) {
    codec_->flags |= AV_CODEC_FLAG_QSCALE;
    codec_->global_quality = 4 * FF_QP2LAMBDA;
  }
  // As cameras' chips: no look-ahead, keyframes at a fixed distance.
  av_opt_set(codec_->priv_data, "huffman", "default", 0);  // RTP has no room for other tables
  av_opt_set(codec_->priv_data, "preset", "ultrafast", 0);
  if (stream_.b_frames == 0) av_opt_set(codec_->priv_data, "tune", "zerolatency", 0);
  av_opt_set(codec_->priv_data, "crf", "20", 0);
  av_opt_set(codec_->priv_data, "x264-params", "scenecut=0:rc-lookahead=0:sync-lookahead=0", 0);
  av_opt_set(codec_->priv_data, "x265-params", "log-level=none:scenecut=0:pools=none:frame-threads=1", 0);
  if (needs_global_header(stream_)) codec_->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  check("avcodec_open2", avcodec_open2(codec_, encoder, nullptr));
  av_frame_unref(frame_);
  frame_->format = codec_->pix_fmt;
  frame_->width = codec_->width;
  frame_->height = codec_->height;
  check("av_frame_get_buffer", av_frame_get_buffer(frame_, 0));
}

void SceneEncoder::open_muxer() {
  check("mpegts", avformat_alloc_output_context2(&muxer_, nullptr, "mpegts", nullptr));
  AVStream* stream = avformat_new_stream(muxer_, nullptr);
  check("parameters", avcodec_parameters_from_context(stream->codecpar, codec_));
  stream->time_base = codec_->time_base;
  // Whoever joins at a keyframe finds the tables there.
  av_opt_set(muxer_->priv_data, "mpegts_flags", "+pat_pmt_at_frames", 0);
  muxer_->flush_packets = 1;
  check("avio_open_dyn_buf", avio_open_dyn_buf(&muxer_->pb));
  check("avformat_write_header", avformat_write_header(muxer_, nullptr));
}

void SceneEncoder::next_size() {
  if (stream_.sizes.size() < 2) return;
  size_ = (size_ + 1) % stream_.sizes.size();
  drawn_.clear();  // what the encoder still held is lost
  open_codec();
}

void SceneEncoder::encode(std::uint64_t number, std::uint64_t at_ns, const std::function<void(SceneRecord)>& out) {
  if (first_at_ns_ == 0) first_at_ns_ = at_ns;
  check("av_frame_make_writable", av_frame_make_writable(frame_));
  const ColorRange range = codec_->color_range == AVCOL_RANGE_JPEG ? ColorRange::Full : ColorRange::Limited;
  vision::draw_test_pattern(view_of(*frame_), range, {number, at_ns});
  frame_->pts = std::max(next_pts_, av_rescale(static_cast<std::int64_t>(at_ns - first_at_ns_), kTimesPerSecond, 1'000'000'000));
  frame_->quality = codec_->global_quality;
  next_pts_ = frame_->pts + 1;
  drawn_.emplace_back(frame_->pts, at_ns);
  if (drawn_.size() > 64) drawn_.pop_front();
  check("avcodec_send_frame", avcodec_send_frame(codec_, frame_));
  take_packets(out);
}

void SceneEncoder::flush(const std::function<void(SceneRecord)>& out) {
  check("avcodec_send_frame", avcodec_send_frame(codec_, nullptr));
  take_packets(out);
}

void SceneEncoder::take_packets(const std::function<void(SceneRecord)>& out) {
  while (avcodec_receive_packet(codec_, packet_) == 0) {
    SceneRecord record;
    for (const auto& [pts, at_ns] : drawn_)
      if (pts == packet_->pts) record.head.pts_ns = at_ns;
    const std::int64_t back = av_rescale(packet_->pts - packet_->dts, 1'000'000'000, kTimesPerSecond);
    record.head.dts_ns = record.head.pts_ns - static_cast<std::uint64_t>(back);
    record.head.keyframe = (packet_->flags & AV_PKT_FLAG_KEY) != 0 ? 1 : 0;
    if (garbage_) spoil(*packet_);
    damage(*packet_);
    record.bytes = wrap(*packet_);
    av_packet_unref(packet_);
    out(std::move(record));
  }
}

// Noise behind the headers: of each coded slice (parameter sets stay), of the JPEG file.
void SceneEncoder::spoil(AVPacket& packet) const {
  check("av_packet_make_writable", av_packet_make_writable(&packet));
  std::uint8_t* const data = packet.data;
  auto state = static_cast<std::uint32_t>(packet.pts) | 1;
  bool noise = stream_.codec == "mjpeg";
  for (int i = 4; i < packet.size - 2; ++i) {
    if (stream_.codec != "mjpeg" && data[i - 3] == 0 && data[i - 2] == 0 && data[i - 1] == 1) {
      noise = stream_.codec == "h264" ? (data[i] & 31) <= 5 : (data[i] >> 1) < 32;
      // Of the slice's header an index that there can't be: what follows isn't even begun.
      const int body = i + (stream_.codec == "h264" ? 1 : 2);
      if (noise && body + 1 < packet.size) data[body] = stream_.codec == "h264" ? 0x00 : 0x80, data[body + 1] = 0x08;
      i = body + 1;
      continue;
    }
    const bool start_code = data[i] == 0 && data[i + 1] == 0 && (data[i + 2] <= 1);
    if (!noise || (start_code && stream_.codec != "mjpeg")) continue;
    state = state * 1664525 + 1013904223;
    data[i] = static_cast<std::uint8_t>(((state >> 24) & 0x7f) | 8);  // neither start code nor marker comes of it
  }
}

// One of several kinds of damage to one of so many packets; what comes out is the same for the same seed.
void SceneEncoder::damage(AVPacket& packet) {
  const auto dice = [&](std::uint32_t sides) { return static_cast<std::uint32_t>(random_() % sides); };
  if (dice(100) >= static_cast<std::uint32_t>(stream_.damage) || packet.size < 64) return;
  check("av_packet_make_writable", av_packet_make_writable(&packet));
  const auto size = static_cast<std::uint32_t>(packet.size);
  const std::uint32_t any = dice(4);
  switch (stream_.damage_kind < 0 ? any : static_cast<std::uint32_t>(stream_.damage_kind)) {
    case 0:  // cut off
      av_shrink_packet(&packet, static_cast<int>(16 + dice(size - 16)));
      break;
    case 1:  // single bits
      for (std::uint32_t i = 0; i < 8; ++i) packet.data[dice(size)] ^= static_cast<std::uint8_t>(1U << dice(8));
      break;
    case 2:  // a piece of noise
      for (std::uint32_t i = dice(size - 16), end = std::min(size, i + 200); i < end; ++i)
        packet.data[i] = static_cast<std::uint8_t>(dice(256));
      break;
    default:  // noise behind it that looks like more of the same: a NAL unit, or a JPEG's marker with a length beyond the end
      check("av_grow_packet", av_grow_packet(&packet, 100));
      for (std::uint32_t i = size; i < size + 100; ++i) packet.data[i] = static_cast<std::uint8_t>(dice(256));
      packet.data[size] = packet.data[size + 1] = 0;
      packet.data[size + 2] = 1;
      break;
  }
}

std::vector<std::uint8_t> SceneEncoder::wrap(AVPacket& packet) {
  if (muxer_ == nullptr) return {packet.data, packet.data + packet.size};
  av_packet_rescale_ts(&packet, codec_->time_base, muxer_->streams[0]->time_base);
  packet.stream_index = 0;
  check("av_write_frame", av_write_frame(muxer_, &packet));
  check("av_write_frame", av_write_frame(muxer_, nullptr));
  std::uint8_t* bytes = nullptr;
  const int size = avio_close_dyn_buf(muxer_->pb, &bytes);
  std::vector<std::uint8_t> wrapped(bytes, bytes + size);
  av_free(bytes);
  check("avio_open_dyn_buf", avio_open_dyn_buf(&muxer_->pb));
  return wrapped;
}

}  // namespace vedette::test
