#include "bench/baseline/jpeg.h"

#include "baseline_generated.h"
#include "bench/baseline/slot.h"
#include "bench/support/one_process.h"
#include "vision/pixel_pass.h"

namespace vedette::bench {
namespace {

constexpr std::size_t kRgbBytes = std::size_t{kPictureWidth} * kPictureHeight * 3;
constexpr std::size_t kSlotBytes = 8 << 20;
constexpr std::uint32_t kTensorSide = 384;
class RgbDecoder {
 public:
  explicit RgbDecoder(const PictureKind& kind) : picture_(make_picture(kind)), handle_(tjInitDecompress()), rgb_(kRgbBytes) {}
  RgbDecoder(const RgbDecoder&) = delete;
  RgbDecoder& operator=(const RgbDecoder&) = delete;
  ~RgbDecoder() { tjDestroy(handle_); }
  const std::vector<std::uint8_t>& decode() {
    if (tjDecompress2(handle_, picture_.data(), picture_.size(), rgb_.data(), kPictureWidth, 0, kPictureHeight, TJPF_RGB, 0) != 0)
      fail(tjGetErrorStr2(handle_));
    return rgb_;
  }

 private:
  std::vector<unsigned char> picture_;
  tjhandle handle_;
  std::vector<std::uint8_t> rgb_;
};

}  // namespace

Value jpeg_to_tensor_by_rgb(const PictureKind& kind) {
  RgbDecoder decoder(kind);
  baseline::Slot slot(kSlotBytes);
  flatbuffers::FlatBufferBuilder builder(kSlotBytes);
  vision::PixelPass pass(vision::TensorSpec{
      .width = kTensorSide, .height = kTensorSide, .fit = vision::Fit::kLetterbox, .filter = vision::Filter::kAntialiased});
  std::vector<float> tensor(pass.spec().elements());
  std::uint64_t frame_id = 0;
  const auto work = [&] {
    const std::vector<std::uint8_t>& rgb = decoder.decode();
    builder.Clear();
    const auto pixels = builder.CreateVector(rgb.data(), rgb.size());
    builder.Finish(baseline::CreateFrame(builder, ++frame_id, 1, kPictureWidth, kPictureHeight, 1, pixels, 0));
    slot.write({builder.GetBufferPointer(), builder.GetSize()});
    const std::span<const std::uint8_t> message = slot.message();
    flatbuffers::Verifier verifier(message.data(), message.size());
    if (!verifier.VerifyBuffer<baseline::Frame>(nullptr)) fail("the frame isn't whole");
    const auto* frame = flatbuffers::GetRoot<baseline::Frame>(message.data());
    vision::ImageView view{PixelFormat::RGB24, ColorMatrix::BT601, ColorRange::Full, frame->width(), frame->height(), {}};
    view.planes[0] = {frame->pixels()->data(), std::size_t{3} * frame->width()};
    pass.run(view, std::as_writable_bytes(std::span(tensor)));
    keep(tensor.data());
  };
  return time_work(work);
}

Value jpeg_to_slot_by_rgb(const PictureKind& kind) {
  RgbDecoder decoder(kind);
  auto* slot = static_cast<std::uint8_t*>(shared_memory(kRgbBytes));
  const auto work = [&] {
    std::memcpy(slot, decoder.decode().data(), kRgbBytes);
    keep(slot);
  };
  return time_work(work);
}

}  // namespace vedette::bench
