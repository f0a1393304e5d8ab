#include "record/audio.h"

#include <algorithm>

#include "libav/codecs.h"

namespace vedette::record {
namespace {

constexpr std::int64_t kBitsPerChannel = 48'000;

}  // namespace

Result<std::unique_ptr<AudioToAac>> AudioToAac::open(const PacketInfo& info) {
  const AVCodec* decoder = avcodec_find_decoder(codec_id(info.codec()));
  const AVCodec* encoder = avcodec_find_encoder(AV_CODEC_ID_AAC);
  if (decoder == nullptr || encoder == nullptr)
    return Error{ErrorCode::kNotFound,
                 "this libav has no decoder of " + std::string(to_string(info.codec())) + " or no encoder of AAC"};
  std::unique_ptr<AudioToAac> made(new AudioToAac);
  made->decoder_.reset(avcodec_alloc_context3(decoder));
  made->encoder_.reset(avcodec_alloc_context3(encoder));
  made->decoder_->sample_rate = static_cast<int>(info.sample_rate());
  av_channel_layout_default(&made->decoder_->ch_layout, info.channels());
  int failed = avcodec_open2(made->decoder_.get(), decoder, nullptr);
  AVCodecContext& aac = *made->encoder_;
  aac.sample_rate = static_cast<int>(info.sample_rate());
  // A decoder may know better how many channels its codec has: that of G.722 gives one, whatever the camera says.
  av_channel_layout_copy(&aac.ch_layout, &made->decoder_->ch_layout);
  aac.sample_fmt = AV_SAMPLE_FMT_FLTP;
  aac.time_base = {1, aac.sample_rate};
  aac.bit_rate = kBitsPerChannel * aac.ch_layout.nb_channels;
  aac.flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  aac.thread_count = 1;
  if (failed == 0) failed = avcodec_open2(&aac, encoder, nullptr);
  if (failed != 0) return Error{ErrorCode::kInvalidArgument, "sound can't be turned into AAC: " + libav_text(failed)};
  return made;
}

void AudioToAac::add(std::span<const std::byte> data, const Take& take) {
  if (av_new_packet(packet_.get(), static_cast<int>(data.size())) != 0) return;
  std::transform(data.begin(), data.end(), packet_->data, [](std::byte byte) { return static_cast<std::uint8_t>(byte); });
  if (avcodec_send_packet(decoder_.get(), packet_.get()) == 0) {
    while (avcodec_receive_frame(decoder_.get(), decoded_.get()) == 0) {
      if (decoded_->format != AV_SAMPLE_FMT_S16 || decoded_->ch_layout.nb_channels != encoder_->ch_layout.nb_channels) continue;
      const auto* samples = reinterpret_cast<const std::int16_t*>(decoded_->data[0]);
      samples_.insert(samples_.end(), samples,
                      samples + static_cast<std::ptrdiff_t>(decoded_->nb_samples) * decoded_->ch_layout.nb_channels);
    }
  }
  av_packet_unref(packet_.get());
  encode(false, take);
}

void AudioToAac::finish(const Take& take) {
  encode(true, take);
  if (avcodec_send_frame(encoder_.get(), nullptr) == 0) drain(take);
}

void AudioToAac::encode(bool all, const Take& take) {
  const auto channels = static_cast<std::size_t>(encoder_->ch_layout.nb_channels);
  const auto frame_samples = static_cast<std::size_t>(encoder_->frame_size);
  std::size_t used = 0;  // samples of each channel
  while (true) {
    const std::size_t left = samples_.size() / channels - used;
    const std::size_t count = std::min(left, frame_samples);
    if (count == 0 || (count < frame_samples && !all)) break;
    frame_->nb_samples = static_cast<int>(count);
    frame_->format = encoder_->sample_fmt;
    frame_->sample_rate = encoder_->sample_rate;
    av_channel_layout_copy(&frame_->ch_layout, &encoder_->ch_layout);
    if (av_frame_get_buffer(frame_.get(), 0) != 0) break;
    for (std::size_t channel = 0; channel < channels; ++channel) {
      auto* plane = reinterpret_cast<float*>(frame_->extended_data[channel]);
      for (std::size_t i = 0; i < count; ++i) plane[i] = static_cast<float>(samples_[(used + i) * channels + channel]) / 32768.0f;
    }
    frame_->pts = next_ + static_cast<std::int64_t>(used);
    if (avcodec_send_frame(encoder_.get(), frame_.get()) == 0) drain(take);
    av_frame_unref(frame_.get());
    used += count;
  }
  samples_.erase(samples_.begin(), samples_.begin() + static_cast<std::ptrdiff_t>(used * channels));
  next_ += static_cast<std::int64_t>(used);
}

void AudioToAac::drain(const Take& take) {
  while (avcodec_receive_packet(encoder_.get(), packet_.get()) == 0) {
    take(*packet_);
    av_packet_unref(packet_.get());
  }
}

}  // namespace vedette::record
