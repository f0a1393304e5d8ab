#include "bench/vedette/jpeg.h"

#include "bench/support/frame_in_slot.h"
#include "bench/support/one_process.h"
#include "bench/vedette/topic.h"
#include "schema/frame.h"
#include "vision/jpeg_planes.h"
#include "vision/pixel_pass.h"

namespace vedette::bench {
namespace {

// A camera as capture has it: a ring of slots for full pictures, a decoder.
class Camera {
 public:
  explicit Camera(const PictureKind& kind)
      : picture_(make_picture(kind)),
        writer_(directory_, frames_of(frame_layout(PixelFormat::I420, kPictureWidth, kPictureHeight).slot_bytes)) {}

  const Bus& directory() const { return directory_; }

  // Decodes into a loaned slot and publishes it. `side`: what is wanted, 0: all there is.
  void publish(int side) {
    const auto file = std::as_bytes(std::span(picture_));
    const vision::JpegHeader header = must(decoder_.read_header(file));
    const auto wanted = static_cast<std::uint32_t>(side);
    const int denominator = vision::jpeg_scale(header.width, header.height, wanted, wanted);
    const std::uint32_t width = vision::scaled_side(header.width, denominator);
    const std::uint32_t height = vision::scaled_side(header.height, denominator);
    const std::span<std::byte> slot = writer_.loan(frame_layout(header.format, width, height).slot_bytes);
    FrameInSlot frame(slot, header.format, width, height);
    frame.info.mutate_source_width(header.width);
    frame.info.mutate_source_height(header.height);
    if (auto decoded = decoder_.decode(file, header, denominator, frame.image); !decoded.ok()) fail(decoded.error().text);
    std::memcpy(slot.data(), &frame.info, sizeof frame.info);
    writer_.publish();
  }

 private:
  Bus directory_;
  std::vector<unsigned char> picture_;
  Writer writer_;
  vision::JpegPlanesDecoder decoder_;
};

}  // namespace

Value jpeg_to_tensor(const PictureKind& kind) {
  Camera camera(kind);
  camera.publish(kTensorSide);
  Reader reader(camera.directory());
  vision::PixelPass pass(vision::TensorSpec{
      .width = kTensorSide, .height = kTensorSide, .fit = vision::Fit::kLetterbox, .filter = vision::Filter::kAntialiased});
  std::vector<float> tensor(pass.spec().elements());
  const auto work = [&] {
    camera.publish(kTensorSide);
    const std::span<const std::byte> slot = reader.take();
    if (slot.empty()) fail("the frame isn't there");
    FrameInfo info;
    std::memcpy(&info, slot.data(), sizeof info);
    pass.run(must(vision::image_view(info, slot)), std::as_writable_bytes(std::span(tensor)));
    keep(tensor.data());
    reader.release();
  };
  return time_work(work);
}

Value jpeg_to_planes(const PictureKind& kind) {
  Camera camera(kind);
  return time_work([&] { camera.publish(0); });
}

Value jpeg_to_planes_seldom(const PictureKind& kind) {
  Camera camera(kind);
  for (int warm_up = 0; warm_up < 3; ++warm_up) camera.publish(0);
  return time_seldom([&] { camera.publish(0); });
}

}  // namespace vedette::bench
