#include "record/clip.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "libav/codecs.h"
#include "store/tree.h"

namespace vedette::record {
namespace {

constexpr std::uint64_t kAwaitSoundNs = 1'000'000'000;  // as far as sound of a stream begins behind its first picture
constexpr std::int64_t kJumpNs = 1'000'000'000;         // stamps and capture time differ by so much more: the stamps began anew
constexpr AVRational kNs{1, 1'000'000'000};
constexpr AVRational kVideoBase{1, 90'000};
constexpr std::int64_t kAssumedFrameNs = 1'000'000'000 / 30;

bool set_extradata(AVCodecParameters& parameters, std::span<const std::byte> bytes) {
  parameters.extradata = static_cast<std::uint8_t*>(av_mallocz(bytes.size() + AV_INPUT_BUFFER_PADDING_SIZE));
  if (parameters.extradata == nullptr) return false;
  std::memcpy(parameters.extradata, bytes.data(), bytes.size());
  parameters.extradata_size = static_cast<int>(bytes.size());
  return true;
}

// What an MP4 says of Opus: RFC 7845 section 5.1, one or two channels.
std::array<std::byte, 19> opus_head(std::uint16_t channels) {
  constexpr std::uint32_t kRate = 48'000;
  std::array<std::byte, 19> head{};
  std::memcpy(head.data(), "OpusHead", 8);
  head[8] = std::byte{1};
  head[9] = static_cast<std::byte>(channels);
  for (std::size_t i = 0; i < 4; ++i) head[12 + i] = static_cast<std::byte>(kRate >> (8 * i));
  return head;
}

}  // namespace

Result<std::unique_ptr<ClipFile>> ClipFile::create(std::string path, const PacketView& first, const ClipOptions& options) {
  if (codec_id(first.info.codec()) == AV_CODEC_ID_NONE || is_audio(first.info.codec()))
    return Error{ErrorCode::kInvalidArgument,
                 path + ": " + std::string(to_string(first.info.codec())) + " can't be recorded; expected H264, H265 or MJPEG"};
  VD_TRY(store::make_folder_for(path));
  std::unique_ptr<ClipFile> clip(new ClipFile(std::move(path), options));
  clip->stream_ = first.info.stream();
  clip->origin_ns_ = first.info.captured_at_ns();
  clip->origin_wall_ns_ = first.info.wall_at_ns();
  clip->info_.first_frame_id = first.info.frame_id();
  clip->info_.codec = avcodec_get_name(codec_id(first.info.codec()));
  return clip;
}

ClipFile::~ClipFile() {
  if (!output_) return;
  output_.reset();
  ::unlink((path_ + std::string(store::kPart)).c_str());
}

Result<> ClipFile::add(const PacketView& packet) {
  if (output_) return write(packet);
  waiting_.push_back({packet.info, {packet.config.begin(), packet.config.end()}, {packet.data.begin(), packet.data.end()}});
  const bool long_enough = packet.info.captured_at_ns() > origin_ns_ + kAwaitSoundNs;
  if (!is_audio(packet.info.codec()) && !long_enough) return {};
  VD_TRY(open());
  return write_pending();
}

AVStream* ClipFile::add_video(const PacketView& packet) {
  AVStream* stream = avformat_new_stream(output_.get(), nullptr);
  if (stream == nullptr) return nullptr;
  AVCodecParameters& parameters = *stream->codecpar;
  parameters.codec_type = AVMEDIA_TYPE_VIDEO;
  parameters.codec_id = codec_id(packet.info.codec());
  parameters.width = static_cast<int>(packet.info.width());
  parameters.height = static_cast<int>(packet.info.height());
  // Parameter sets outside the pictures: what Apple's players want; others take both.
  if (parameters.codec_id == AV_CODEC_ID_HEVC) parameters.codec_tag = MKTAG('h', 'v', 'c', '1');
  stream->time_base = kVideoBase;
  return set_extradata(parameters, packet.config) ? stream : nullptr;
}

void ClipFile::add_audio() {
  const auto found =
      std::find_if(waiting_.begin(), waiting_.end(), [](const Waiting& waiting) { return is_audio(waiting.info.codec()); });
  if (found == waiting_.end()) return;
  const PacketInfo& info = found->info;
  if (info.sample_rate() == 0 || info.channels() == 0 || info.channels() > 2)
    return void(info_.sound_missing = "of an unknown kind");
  if (info.codec() == Codec::AAC && found->config.empty()) return void(info_.sound_missing = "AAC without its configuration");
  if (!is_mp4_audio(info.codec())) {
    auto opened = AudioToAac::open(info);
    if (!opened) return void(info_.sound_missing = opened.error().text);
    to_aac_ = *std::move(opened);
  }
  audio_ = avformat_new_stream(output_.get(), nullptr);
  if (audio_ == nullptr) return void(info_.sound_missing = "out of memory");
  AVCodecParameters& parameters = *audio_->codecpar;
  audio_->time_base = {1, static_cast<int>(info.sample_rate())};
  if (to_aac_) return void(avcodec_parameters_from_context(&parameters, &to_aac_->encoder()));
  parameters.codec_type = AVMEDIA_TYPE_AUDIO;
  parameters.codec_id = codec_id(info.codec());
  parameters.sample_rate = static_cast<int>(info.sample_rate());
  av_channel_layout_default(&parameters.ch_layout, info.channels());
  // Samples of a packet where all have as many: a player's index needs it.
  if (info.codec() == Codec::AAC) parameters.frame_size = 1024;
  const auto head = opus_head(info.channels());
  set_extradata(parameters,
                info.codec() == Codec::OPUS ? std::span<const std::byte>(head) : std::span<const std::byte>(found->config));
}

Result<> ClipFile::open() {
  VD_ASSIGN(output_, make_mp4(path_ + std::string(store::kPart)));
  video_ = add_video(waiting_.front().view());
  if (video_ == nullptr) return Error{ErrorCode::kResourceExhausted, path_ + ": out of memory"};
  add_audio();
  return begin_mp4(*output_, path_, options_.faststart);
}

Result<> ClipFile::write_pending() {
  for (const Waiting& waiting : std::exchange(waiting_, {})) VD_TRY(write(waiting.view()));
  return {};
}

Result<> ClipFile::write(const PacketView& packet) {
  return is_audio(packet.info.codec()) ? write_audio(packet) : write_video(packet);
}

// The clip's time is the source's own, which is even; where that begins anew (a file's next round), it goes on by capture time.
std::int64_t ClipFile::offset_ns(Anchor& anchor, const PacketInfo& info) const {
  const auto captured_ns = static_cast<std::int64_t>(info.captured_at_ns());
  const std::int64_t delta_ns = captured_ns - info.pts_ns();
  if (!anchor.set || std::abs(delta_ns - anchor.delta_ns) > kJumpNs) {
    anchor.set = true;
    anchor.delta_ns = delta_ns;
    anchor.offset_ns = info.pts_ns() - (captured_ns - static_cast<std::int64_t>(origin_ns_));
  }
  return anchor.offset_ns;
}

Result<> ClipFile::write_video(const PacketView& packet) {
  const PacketInfo& info = packet.info;
  const std::int64_t offset = offset_ns(video_anchor_, info);
  const std::int64_t pts_ns = info.pts_ns() - offset;
  const std::int64_t dts_ns = std::min(info.dts_ns() == AV_NOPTS_VALUE ? info.pts_ns() : info.dts_ns(), info.pts_ns()) - offset;
  if (info.duration_ns() != 0)
    frame_ns_ = info.duration_ns();
  else if (pts_ns > last_pts_ns_)
    frame_ns_ = pts_ns - last_pts_ns_;
  last_pts_ns_ = pts_ns;
  packet_->data = const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(packet.data.data()));
  packet_->size = static_cast<int>(packet.data.size());
  packet_->stream_index = video_->index;
  packet_->pts = av_rescale_q(pts_ns, kNs, video_->time_base);
  packet_->dts = av_rescale_q(dts_ns, kNs, video_->time_base);
  packet_->duration = av_rescale_q(frame_ns_ > 0 ? frame_ns_ : kAssumedFrameNs, kNs, video_->time_base);
  packet_->flags = info.keyframe() == 1 ? AV_PKT_FLAG_KEY : 0;
  end_ns_ = std::max(end_ns_, pts_ns + (frame_ns_ > 0 ? frame_ns_ : kAssumedFrameNs));
  info_.until_ns = std::max(info_.until_ns, info.captured_at_ns());
  return write(*packet_, video_anchor_);
}

Result<> ClipFile::write_audio(const PacketView& packet) {
  const PacketInfo& info = packet.info;
  if (audio_ == nullptr) {
    if (info_.sound_missing.empty()) info_.sound_missing = "it began later than the picture";
    return {};
  }
  // On the pictures' clock as long as that is the same.
  const std::int64_t delta_ns = static_cast<std::int64_t>(info.captured_at_ns()) - info.pts_ns();
  if (!audio_anchor_.set && video_anchor_.set && std::abs(delta_ns - video_anchor_.delta_ns) <= kJumpNs) {
    const std::int64_t last = audio_anchor_.last_dts;
    audio_anchor_ = video_anchor_;
    audio_anchor_.last_dts = last;
  }
  const std::int64_t at_ns = info.pts_ns() - offset_ns(audio_anchor_, info);
  const bool begun = audio_anchor_.last_dts != AV_NOPTS_VALUE;
  if (at_ns < 0 && !begun) return {};
  const std::int64_t at = av_rescale_q(at_ns, kNs, audio_->time_base);
  if (to_aac_) {
    if (!begun) audio_anchor_.last_dts = (aac_start_ = at) - 1;
    Result<> written;
    to_aac_->add(packet.data, [&](AVPacket& encoded) {
      encoded.stream_index = audio_->index;
      encoded.pts += aac_start_, encoded.dts += aac_start_;
      if (written) written = write(encoded, audio_anchor_);
    });
    return written;
  }
  packet_->data = const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(packet.data.data()));
  packet_->size = static_cast<int>(packet.data.size());
  packet_->stream_index = audio_->index;
  packet_->pts = packet_->dts = at;
  packet_->duration = av_rescale_q(info.duration_ns(), kNs, audio_->time_base);
  packet_->flags = AV_PKT_FLAG_KEY;
  return write(*packet_, audio_anchor_);
}

Result<> ClipFile::write(AVPacket& packet, Anchor& anchor) {
  if (anchor.last_dts != AV_NOPTS_VALUE && packet.dts <= anchor.last_dts) packet.dts = anchor.last_dts + 1;
  packet.pts = std::max(packet.pts, packet.dts);
  anchor.last_dts = packet.dts;
  const int failed = av_write_frame(output_.get(), &packet);
  if (failed < 0) return libav_error(path_, failed);
  if (output_->pb->error < 0) return libav_error(path_, output_->pb->error);
  return {};
}

Result<ClipInfo> ClipFile::finish() {
  if (!output_) {
    if (waiting_.empty()) return Error{ErrorCode::kInvalidArgument, path_ + ": a clip without a picture"};
    VD_TRY(open());
    VD_TRY(write_pending());
  }
  if (to_aac_) {
    Result<> written;
    to_aac_->finish([&](AVPacket& encoded) {
      encoded.stream_index = audio_->index;
      encoded.pts += aac_start_, encoded.dts += aac_start_;
      if (written) written = write(encoded, audio_anchor_);
    });
    VD_TRY(std::move(written));
  }
  VD_TRY(end_mp4(*output_, path_));
  VD_TRY(store::settle(path_));
  output_.reset();
  info_.duration_ms = end_ns_ / 1'000'000;
  info_.bytes = store::file_bytes(path_);
  return info_;
}

}  // namespace vedette::record
