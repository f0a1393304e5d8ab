#include "conformance/sources/decode.h"

#include <cstring>

#include "libav/codecs.h"

namespace vedette::test {

std::optional<vision::TestStamp> stamp_of(const FrameInfo& info, std::span<const std::byte> slot) {
  const auto image = vision::image_view(info, slot);
  if (!image) return std::nullopt;
  return vision::read_test_pattern(*image);
}

PacketDecoder::PacketDecoder() = default;
PacketDecoder::~PacketDecoder() { avcodec_free_context(&codec_); }

void PacketDecoder::open(const PacketView& packet) {
  avcodec_free_context(&codec_);
  codec_ = avcodec_alloc_context3(avcodec_find_decoder(codec_id(packet.info.codec())));
  codec_->thread_count = 1;
  codec_->extradata = static_cast<std::uint8_t*>(av_mallocz(packet.config.size() + AV_INPUT_BUFFER_PADDING_SIZE));
  codec_->extradata_size = static_cast<int>(packet.config.size());
  if (!packet.config.empty()) std::memcpy(codec_->extradata, packet.config.data(), packet.config.size());
  if (avcodec_open2(codec_, codec_->codec, nullptr) < 0) avcodec_free_context(&codec_);
  stream_ = packet.info.stream();
}

bool PacketDecoder::decode(const PacketView& packet, std::vector<Decoded>& out) {
  const bool keyframe = packet.info.keyframe() != 0;
  if (codec_ != nullptr && packet.info.stream() != stream_) flush(out);
  if (codec_ == nullptr && !keyframe) return true;  // not yet
  if (codec_ == nullptr) open(packet);
  if (codec_ == nullptr) return false;
  AVPacket* copy = av_packet_alloc();
  av_new_packet(copy, static_cast<int>(packet.data.size()));
  std::memcpy(copy->data, packet.data.data(), packet.data.size());
  copy->pts = static_cast<std::int64_t>(ids_.size());
  ids_.push_back(packet.info.frame_id());
  const bool taken = avcodec_send_packet(codec_, copy) >= 0;
  av_packet_free(&copy);
  take(out);
  return taken;
}

void PacketDecoder::flush(std::vector<Decoded>& out) {
  if (codec_ == nullptr) return;
  avcodec_send_packet(codec_, nullptr);
  take(out);
  avcodec_free_context(&codec_);
}

void PacketDecoder::take(std::vector<Decoded>& out) {
  AVFrame* frame = av_frame_alloc();
  while (avcodec_receive_frame(codec_, frame) >= 0) {
    vision::ImageView view;
    view.format = frame->format == AV_PIX_FMT_GRAY8 ? PixelFormat::GRAY8 : PixelFormat::I420;
    view.range = frame->color_range == AVCOL_RANGE_JPEG ? ColorRange::Full : ColorRange::Limited;
    view.width = static_cast<std::uint32_t>(frame->width);
    view.height = static_cast<std::uint32_t>(frame->height);
    for (std::size_t plane = 0; plane < 3; ++plane)
      view.planes[plane] = {frame->data[plane], static_cast<std::size_t>(frame->linesize[plane])};
    Decoded decoded;
    decoded.frame_id = ids_.at(static_cast<std::size_t>(frame->pts));
    decoded.width = view.width;
    decoded.height = view.height;
    decoded.stamp = vision::read_test_pattern(view);
    out.push_back(decoded);
  }
  av_frame_free(&frame);
}

}  // namespace vedette::test
