// AudioToAac: sound that MP4 in a browser can't carry (G.711, G.722) as AAC, by libav's decoders and its own encoder.
// Thread-bound.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "libav/libav.h"
#include "schema/packet.h"

namespace vedette::record {

// MP4 carries it as it is.
inline bool is_mp4_audio(Codec codec) { return codec == Codec::AAC || codec == Codec::MP3 || codec == Codec::OPUS; }

class AudioToAac {
 public:
  // kNotFound where this libav can't.
  static Result<std::unique_ptr<AudioToAac>> open(const PacketInfo& info);

  const AVCodecContext& encoder() const { return *encoder_; }
  using Take = std::function<void(AVPacket& packet)>;  // its stamps in 1 / sample rate, from the first sample on
  void add(std::span<const std::byte> data, const Take& take);
  void finish(const Take& take);

 private:
  AudioToAac() = default;
  void encode(bool all, const Take& take);
  void drain(const Take& take);

  CodecPtr decoder_;
  CodecPtr encoder_;
  FramePtr decoded_{av_frame_alloc()};
  FramePtr frame_{av_frame_alloc()};
  PacketPtr packet_{av_packet_alloc()};
  std::vector<std::int16_t> samples_;  // interleaved, not encoded yet
  std::int64_t next_ = 0;              // number of the first of them
};

}  // namespace vedette::record
