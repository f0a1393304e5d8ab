#include "record/still.h"

#include <array>
#include <cstdlib>
#include <cstring>

#include "libav/codecs.h"
#include "schema/packet.h"
#include "vision/jpeg.h"

namespace vedette::record {
namespace {

constexpr std::size_t kMostPackets = 1000;         // behind a keyframe
constexpr std::uint64_t kReorderNs = 250'000'000;  // pictures that are shown earlier may come so much later

std::uint64_t distance(std::uint64_t a, std::uint64_t b) { return a > b ? a - b : b - a; }

Error no_picture() { return Error{ErrorCode::kNotFound, "the picture isn't kept any more"}; }

// All of the group that may be shown at `at_ns` or before.
class Decoder {
 public:
  Decoder(Codec codec, std::uint64_t at_ns) : at_ns_(at_ns) {
    const AVCodec* decoder = avcodec_find_decoder(codec_id(codec));
    if (decoder == nullptr) return;
    codec_.reset(avcodec_alloc_context3(decoder));
    codec_->thread_count = 1;
    if (avcodec_open2(codec_.get(), decoder, nullptr) != 0) codec_.reset();
  }
  bool works() const { return codec_ != nullptr; }

  void add(const PacketView& packet, std::vector<std::byte>& buffer) {
    buffer.assign(packet.config.begin(), packet.config.end());
    buffer.insert(buffer.end(), packet.data.begin(), packet.data.end());
    if (av_new_packet(packet_.get(), static_cast<int>(buffer.size())) != 0) return;
    std::memcpy(packet_->data, buffer.data(), buffer.size());
    const std::size_t slot = sent_++ % infos_.size();
    infos_[slot] = packet.info;
    packet_->pts = static_cast<std::int64_t>(slot);
    if (avcodec_send_packet(codec_.get(), packet_.get()) == 0) receive();
    av_packet_unref(packet_.get());
  }
  void finish() {
    if (avcodec_send_packet(codec_.get(), nullptr) == 0) receive();
  }
  Result<Still> still() {
    if (!best_->data[0]) return no_picture();
    Still still{best_info_.frame_id(), best_info_.captured_at_ns(), {}, {}};
    if (!to_i420(*best_, still.picture)) return Error{ErrorCode::kNotFound, "its pictures are of a kind that can't be converted"};
    return still;
  }

 private:
  void receive() {
    while (avcodec_receive_frame(codec_.get(), frame_.get()) == 0) {
      const auto slot = static_cast<std::size_t>(frame_->pts) % infos_.size();
      const bool damaged = (frame_->flags & AV_FRAME_FLAG_CORRUPT) != 0 || frame_->decode_error_flags != 0;
      const std::uint64_t captured_ns = infos_[slot].captured_at_ns();
      if (!damaged && (!best_->data[0] || distance(captured_ns, at_ns_) < distance(best_info_.captured_at_ns(), at_ns_))) {
        best_info_ = infos_[slot];
        av_frame_unref(best_.get());
        av_frame_move_ref(best_.get(), frame_.get());
      }
      av_frame_unref(frame_.get());
    }
  }

  std::uint64_t at_ns_;
  CodecPtr codec_;
  FramePtr frame_{av_frame_alloc()}, best_{av_frame_alloc()};
  PacketPtr packet_{av_packet_alloc()};
  std::array<PacketInfo, 64> infos_{};
  std::size_t sent_ = 0;
  PacketInfo best_info_;
};

// The JPEG nearest to `at_ns`.
Result<Still> take_jpeg(bus::LogReader& reader, std::uint64_t at_ns, std::vector<std::byte> record) {
  Still best;
  do {
    const auto packet = packet_view(record);
    if (!packet || packet->info.codec() != Codec::MJPEG) continue;
    const std::uint64_t captured_ns = packet->info.captured_at_ns();
    if (best.jpeg.empty() || distance(captured_ns, at_ns) < distance(best.captured_at_ns, at_ns)) {
      best.jpeg.assign(packet->data.begin(), packet->data.end());
      best.frame_id = packet->info.frame_id();
      best.captured_at_ns = captured_ns;
    }
    if (captured_ns >= at_ns) break;
  } while (reader.take_next(record));
  vision::JpegDecoder decoder;
  VD_TRY(decoder.decode_i420(std::as_bytes(std::span(best.jpeg)), best.picture));
  return best;
}

}  // namespace

bool to_i420(const AVFrame& frame, vision::Image& out) {
  out.reshape(PixelFormat::I420, static_cast<std::uint32_t>(frame.width), static_cast<std::uint32_t>(frame.height));
  const bool full = frame.color_range == AVCOL_RANGE_JPEG || frame.format == AV_PIX_FMT_YUVJ420P;
  out.set_color(frame.colorspace == AVCOL_SPC_BT709 ? ColorMatrix::BT709 : ColorMatrix::BT601,
                full ? ColorRange::Full : ColorRange::Limited);
  const ScalerPtr scaler(sws_getContext(frame.width, frame.height, static_cast<AVPixelFormat>(frame.format), frame.width,
                                        frame.height, full ? AV_PIX_FMT_YUVJ420P : AV_PIX_FMT_YUV420P, SWS_POINT, nullptr,
                                        nullptr, nullptr));
  if (!scaler) return false;
  std::array<std::uint8_t*, 4> planes{out.plane(0), out.plane(1), out.plane(2), nullptr};
  const std::array<int, 4> strides{static_cast<int>(out.stride(0)), static_cast<int>(out.stride(1)),
                                   static_cast<int>(out.stride(2)), 0};
  return sws_scale(scaler.get(), frame.data, frame.linesize, 0, frame.height, planes.data(), strides.data()) == frame.height;
}

Result<Still> take_still(bus::LogReader& reader, std::uint64_t at_ns) {
  std::vector<std::byte> record, buffer;
  std::optional<Decoder> decoder;
  for (std::size_t packets = 0; packets < kMostPackets && reader.take_next(record); ++packets) {
    const auto packet = packet_view(record);
    if (!packet || is_audio(packet->info.codec())) continue;
    if (packet->info.codec() == Codec::MJPEG) return take_jpeg(reader, at_ns, std::move(record));
    if (!decoder) {
      if (packet->info.keyframe() != 1) continue;
      decoder.emplace(packet->info.codec(), at_ns);
      if (!decoder->works())
        return Error{ErrorCode::kNotFound, "this libav has no decoder of " + std::string(to_string(packet->info.codec()))};
    }
    decoder->add(*packet, buffer);
    if (packet->info.captured_at_ns() > at_ns + kReorderNs) break;
  }
  if (!decoder) return no_picture();
  decoder->finish();
  return decoder->still();
}

}  // namespace vedette::record
