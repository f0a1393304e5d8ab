// Encoder: pictures of one kind in, H.264 out: no delay, no B-frames, parameter sets in front of each keyframe.
//
// Pictures are read where they lie (I420, NV12, and GRAY8 with a grey chroma of ours beside it); other formats, and whatever a
// hardware encoder can't take, are converted first. A lease given with a picture is held until the encoder has read it.
// Thread-bound.
#pragma once

#include <cstdint>
#include <memory>

#include "bus/ring.h"
#include "encode/way.h"
#include "libav/libav.h"
#include "vision/image_view.h"

namespace vedette::encode {

// What all pictures of a stream have alike.
struct Shape {
  PixelFormat format = PixelFormat::I420;
  ColorMatrix matrix = ColorMatrix::BT601;
  ColorRange range = ColorRange::Limited;
  std::uint32_t width = 0;  // even: an odd last column or row is left out
  std::uint32_t height = 0;

  bool operator==(const Shape&) const = default;
};
Shape shape_of(const vision::ImageView& picture);

struct EncoderOptions {
  float fps = 30.0f;  // about
  std::uint32_t quality = 70;
  std::uint32_t max_mbit = 8;
  int effort = 0;  // steps down, up to kLeastEffort: less work for a picture and more bytes, with a software encoder
};
inline constexpr int kLeastEffort = 2;

class Encoder {
 public:
  // kInvalidArgument: a picture too small to be encoded, or of a size that the encoder doesn't take.
  static Result<std::unique_ptr<Encoder>> open(const Way& way, const Shape& shape, const EncoderOptions& options);

  // `picture` has the shape; `lease`, if there is one, is what it lies in. Stamps grow.
  Result<> send(const vision::ImageView& picture, bus::Lease lease, std::int64_t pts_us, bool keyframe);
  void send_end();  // what is still inside comes out; nothing can be sent any more
  // Null: none yet. Valid until the next call. Its pts is that of its picture.
  const AVPacket* next();

  const Shape& shape() const { return shape_; }

 private:
  Encoder(const Way& way, const Shape& shape) : way_(way), shape_(shape) {}
  Result<> open_codec(const EncoderOptions& options);
  Result<> lay_out(const vision::ImageView& picture, bus::Lease lease);
  Result<> upload();
  bool takes(PixelFormat format) const;

  const Way way_;
  const Shape shape_;
  BufferPtr hardware_frames_;
  CodecPtr codec_;
  FramePtr frame_{av_frame_alloc()};     // the picture's planes
  FramePtr uploaded_{av_frame_alloc()};  // the same in the hardware's memory
  PacketPtr packet_{av_packet_alloc()};
  vision::Image converted_;
  ScalerPtr scaler_;
};

}  // namespace vedette::encode
