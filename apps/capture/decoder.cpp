#include "capture/decoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <thread>

extern "C" {
#include <libavutil/hwcontext.h>
}

namespace vedette::capture {
namespace {

constexpr unsigned kMaxThreads = 8;
// The largest picture of H.264 and H.265 (level 6.2) has 36 million; a damaged or hostile stream may claim to be 16384x16384, and
// to need 16 of those at once.
constexpr std::int64_t kMostPixels = 8192 * 8192;

struct Hardware {
  const char* name;     // as in the configuration
  AVHWDeviceType type;  // NONE: a decoder of its own, by name
  const char* sign;     // a file that is there where such hardware is
};
constexpr Hardware kHardware[] = {
    {"vaapi", AV_HWDEVICE_TYPE_VAAPI, "/dev/dri/renderD128"},
    {"cuda", AV_HWDEVICE_TYPE_CUDA, "/dev/nvidiactl"},
    {"v4l2m2m", AV_HWDEVICE_TYPE_NONE, "/dev/video10"},  // where Raspberry Pis have their decoder
};

bool may_use(AVCodecID id) { return id == AV_CODEC_ID_H264 || id == AV_CODEC_ID_HEVC; }

#if LIBAVCODEC_VERSION_MAJOR >= 60
void set_tag(AVCodecContext&, AVPacket& packet, std::uint64_t tag) { packet.opaque = reinterpret_cast<void*>(tag); }
std::uint64_t tag_of(const AVFrame& frame) { return reinterpret_cast<std::uint64_t>(frame.opaque); }
#else
void set_tag(AVCodecContext& codec, AVPacket&, std::uint64_t tag) { codec.reordered_opaque = static_cast<std::int64_t>(tag); }
std::uint64_t tag_of(const AVFrame& frame) { return static_cast<std::uint64_t>(frame.reordered_opaque); }
#endif

}  // namespace

Result<std::unique_ptr<LibavDecoder>> LibavDecoder::open(const VideoStream& stream, const DecoderOptions& options, Slots& slots) {
  const AVCodecID id = stream.parameters->codec_id;
  std::unique_ptr<LibavDecoder> decoder(new LibavDecoder(slots));
  std::string why;
  for (const Hardware& hardware : kHardware) {
    if (!may_use(id) || (options.where != hardware.name && options.where != "auto")) continue;
    const bool is_there = std::filesystem::exists(hardware.sign);
    if (options.where == "auto" && !is_there) continue;
    const AVCodec* codec = hardware.type != AV_HWDEVICE_TYPE_NONE
                               ? avcodec_find_decoder(id)
                               : avcodec_find_decoder_by_name(fmt::format("{}_v4l2m2m", avcodec_get_name(id)).c_str());
    if (codec != nullptr && decoder->use_hardware(codec, hardware.name) && decoder->open_codec(stream, options, codec).ok()) {
      decoder->where_ = hardware.name;
      return decoder;
    }
    decoder = std::unique_ptr<LibavDecoder>(new LibavDecoder(slots));
    why = fmt::format("{} can't decode {} here{}", hardware.name, avcodec_get_name(id),
                      is_there ? "" : fmt::format(" (there is no {})", hardware.sign));
  }
  if (!may_use(id) && options.where != "auto" && options.where != "cpu")
    why = fmt::format("{} isn't decoded by {}", avcodec_get_name(id), options.where);
  const AVCodec* codec = avcodec_find_decoder(id);
  if (codec == nullptr)
    return Error{ErrorCode::kInvalidArgument, fmt::format("there is no decoder for {}", avcodec_get_name(id))};
  VD_TRY(decoder->open_codec(stream, options, codec));
  decoder->fallback_ = std::move(why);
  return decoder;
}

bool LibavDecoder::use_hardware(const AVCodec* codec, const std::string& where) {
  const AVHWDeviceType type = av_hwdevice_find_type_by_name(where.c_str());
  if (type == AV_HWDEVICE_TYPE_NONE) return where == "v4l2m2m";
  for (int i = 0;; ++i) {
    const AVCodecHWConfig* config = avcodec_get_hw_config(codec, i);
    if (config == nullptr) return false;
    if (config->device_type != type || !(config->methods & AV_CODEC_HW_CONFIG_METHOD_HW_DEVICE_CTX)) continue;
    hardware_format_ = config->pix_fmt;
    break;
  }
  AVBufferRef* device = nullptr;
  if (av_hwdevice_ctx_create(&device, type, nullptr, nullptr, 0) < 0) return false;
  device_.reset(device);
  return true;
}

Result<> LibavDecoder::open_codec(const VideoStream& stream, const DecoderOptions& options, const AVCodec* codec) {
  codec_.reset(avcodec_alloc_context3(codec));
  if (!codec_) return Error{ErrorCode::kResourceExhausted, "no memory for a decoder"};
  int error = avcodec_parameters_to_context(codec_.get(), stream.parameters);
  if (error < 0) return Error{ErrorCode::kCorrupt, "the decoder refuses the stream's parameters: " + libav_text(error)};
  codec_->pkt_timebase = stream.time_base;
  codec_->thread_count = static_cast<int>(std::clamp(std::thread::hardware_concurrency(), 1u, kMaxThreads));
  codec_->thread_type = options.latency_first ? FF_THREAD_SLICE : FF_THREAD_FRAME | FF_THREAD_SLICE;
  codec_->codec = codec;
  codec_->max_pixels = kMostPixels;
#if LIBAVCODEC_VERSION_MAJOR >= 60
  codec_->flags |= AV_CODEC_FLAG_COPY_OPAQUE;
#endif
  if (device_) {
    codec_->hw_device_ctx = av_buffer_ref(device_.get());
    codec_->opaque = this;
    codec_->get_format = choose_format;
  } else if (Slots::decodes_into_slots(*codec_)) {
    codec_->opaque = &slots_;
    codec_->get_buffer2 = Slots::get_buffer;
#if LIBAVCODEC_VERSION_MAJOR < 60
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
    codec_->thread_safe_callbacks = 1;  // what newer libraries take for granted
#pragma GCC diagnostic pop
#endif
  }
  error = avcodec_open2(codec_.get(), codec, nullptr);
  if (error < 0) return Error{ErrorCode::kCorrupt, "can't open the decoder: " + libav_text(error)};
  return {};
}

AVPixelFormat LibavDecoder::choose_format(AVCodecContext* codec, const AVPixelFormat* offered) {
  auto* self = static_cast<LibavDecoder*>(codec->opaque);
  for (const AVPixelFormat* format = offered; *format != AV_PIX_FMT_NONE; ++format)
    if (*format == self->hardware_format_) return *format;
  self->refused_ = true;
  return avcodec_default_get_format(codec, offered);  // this stream's profile isn't the hardware's: on the processor
}

bool LibavDecoder::send(const AVPacket& packet, std::uint64_t tag) {
  av_packet_unref(packet_.get());
  if (av_packet_ref(packet_.get(), &packet) < 0) return false;
  set_tag(*codec_, *packet_, tag);
  sent_[next_sent_++ % sent_.size()] = {packet.pts, tag};
  const bool good = avcodec_send_packet(codec_.get(), packet_.get()) >= 0;
  bad_ += good ? 0 : 1;
  return good;
}

void LibavDecoder::send_end() { avcodec_send_packet(codec_.get(), nullptr); }
void LibavDecoder::reset() { avcodec_flush_buffers(codec_.get()); }

// V4L2 M2M decoders carry nothing through but the time stamp, rounded to microseconds.
std::uint64_t LibavDecoder::tag() const {
  if (const std::uint64_t tag = tag_of(*frame_); tag != 0 || frame_->pts == AV_NOPTS_VALUE) return tag;
  const auto distance = [this](const Sent& sent) {
    if (sent.tag == 0 || sent.pts == AV_NOPTS_VALUE) return UINT64_MAX;
    const std::int64_t later = std::max(sent.pts, frame_->pts), earlier = std::min(sent.pts, frame_->pts);
    return static_cast<std::uint64_t>(later) - static_cast<std::uint64_t>(earlier);
  };
  return std::min_element(sent_.begin(), sent_.end(), [&](const Sent& a, const Sent& b) { return distance(a) < distance(b); })
      ->tag;
}

const AVFrame* LibavDecoder::next() {
  for (;;) {
    const int error = avcodec_receive_frame(codec_.get(), frame_.get());
    if (error == AVERROR(EAGAIN) || error == AVERROR_EOF) return nullptr;
    const bool damaged = error < 0 || frame_->decode_error_flags != 0 || (frame_->flags & AV_FRAME_FLAG_CORRUPT) != 0;
    if (!damaged) {
      if (frame_->format != hardware_format_ || !device_) return frame_.get();
      if (const AVFrame* host = from_hardware()) return host;
    }
    ++bad_;
    if (error < 0 && error != AVERROR_INVALIDDATA) return nullptr;
  }
}

const AVFrame* LibavDecoder::from_hardware() {
  av_frame_unref(host_.get());
  if (av_hwframe_transfer_data(host_.get(), frame_.get(), 0) < 0) return nullptr;
  av_frame_copy_props(host_.get(), frame_.get());
  return host_.get();
}

}  // namespace vedette::capture
