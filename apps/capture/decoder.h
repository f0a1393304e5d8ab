// LibavDecoder: FFmpeg's decoders, into slots where the codec allows, by hardware where there is some.
//
// Thread-bound. Pictures come out in the order of showing; each says which packet it came from by the tag that was sent with it.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "capture/packet.h"
#include "capture/slots.h"

namespace vedette::capture {

struct DecoderOptions {
  std::string where = "auto";  // auto, cpu, vaapi, v4l2m2m, cuda
  bool latency_first = true;   // no frame threads: each of them delays the picture by one
};

class LibavDecoder {
 public:
  // `slots` outlives it. Hardware that isn't there or can't this codec: the processor decodes, and fallback() says why.
  static Result<std::unique_ptr<LibavDecoder>> open(const VideoStream& stream, const DecoderOptions& options, Slots& slots);

  // False: the packet is damaged. All pictures must have been taken before.
  bool send(const AVPacket& packet, std::uint64_t tag);
  void send_end();
  // The next picture, or null: none yet. Valid until the next call. Damaged ones are left out and counted.
  const AVFrame* next();
  std::uint64_t tag() const;  // of the picture that next() gave
  void reset();               // forgets all: the next packet is a keyframe

  std::uint64_t bad() const { return bad_; }
  const std::string& where() const { return where_; }  // "cpu", "vaapi", …
  // Hardware that was there when it was opened can't what the stream has become: the processor goes on.
  bool refused() const { return refused_; }
  const std::string& fallback() const { return fallback_; }  // why not where it was asked for; empty: it is

 private:
  explicit LibavDecoder(Slots& slots) : slots_(slots) {}
  Result<> open_codec(const VideoStream& stream, const DecoderOptions& options, const AVCodec* codec);
  bool use_hardware(const AVCodec* codec, const std::string& where);
  const AVFrame* from_hardware();
  static AVPixelFormat choose_format(AVCodecContext* codec, const AVPixelFormat* offered);

  Slots& slots_;
  struct BufferDeleter {
    void operator()(AVBufferRef* buffer) const { av_buffer_unref(&buffer); }
  };
  std::unique_ptr<AVBufferRef, BufferDeleter> device_;
  AVPixelFormat hardware_format_ = AV_PIX_FMT_NONE;
  CodecPtr codec_;
  FramePtr frame_{av_frame_alloc()};
  FramePtr host_{av_frame_alloc()};  // what hardware decoded, brought into memory
  PacketPtr packet_{av_packet_alloc()};
  struct Sent {
    std::int64_t pts = 0;
    std::uint64_t tag = 0;
  };
  std::array<Sent, 64> sent_{};  // last
  std::size_t next_sent_ = 0;
  std::string where_ = "cpu";
  std::string fallback_;
  std::atomic<bool> refused_{false};  // set by the decoder's threads
  std::uint64_t bad_ = 0;
};

}  // namespace vedette::capture
