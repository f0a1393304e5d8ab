// The pixel pass on any picture, region and tensor, with the best and any other instruction set that this machine has. First the
// numbers below, a byte or two each; the rest are pixels, repeated. Planes and tensor are allocated to the byte, so that a
// sanitiser sees a step outside. Both must agree, but for what rounding turns over.
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#include <hwy/highway.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <memory>

#include "base/check.h"
#include "vision/pixel_pass.h"

using namespace vedette;
using namespace vedette::vision;

namespace {

// Reads the input's bytes one after the other, then zeros.
class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}
  std::uint32_t byte() { return at_ < size_ ? data_[at_++] : 0u; }
  std::uint32_t below(std::uint32_t limit) {
    const std::uint32_t high = byte();
    return (high << 8 | byte()) % limit;
  }
  std::uint8_t pixel() {
    if (size_ == 0) return 0;
    if (at_ >= size_) at_ = size_ / 2;
    return data_[at_++];
  }

 private:
  const std::uint8_t* data_;
  std::size_t size_;
  std::size_t at_ = 0;
};

// Most sides are small, some are so large that there are too many taps for fixed point. Pictures of more pixels than kMostPixels
// take the fuzzer's time and show nothing else.
constexpr std::uint32_t kMostPixels = 1 << 14;
std::uint32_t side_of(Input& input) { return 1 + input.below(input.byte() % 16 == 0 ? 3000 : 150); }

struct Picture {
  ImageView view;
  std::array<std::unique_ptr<std::uint8_t[]>, 4> planes;
};

Picture read_picture(Input& input) {
  constexpr PixelFormat kFormats[] = {PixelFormat::I420,  PixelFormat::NV12,  PixelFormat::YUYV,
                                      PixelFormat::GRAY8, PixelFormat::RGB24, PixelFormat::BGR24};
  Picture picture;
  ImageView& view = picture.view;
  view.format = kFormats[input.byte() % 6];
  view.matrix = input.byte() % 2 == 0 ? ColorMatrix::BT601 : ColorMatrix::BT709;
  view.range = input.byte() % 2 == 0 ? ColorRange::Limited : ColorRange::Full;
  view.width = side_of(input);
  view.height = side_of(input);
  const std::size_t gap = input.byte() % 70;
  for (int plane = 0; plane < plane_count(view.format); ++plane) {
    const PlaneGeometry extent = plane_extent(view.format, plane, view.width, view.height);
    const auto index = static_cast<std::size_t>(plane);
    const std::size_t stride = extent.row_bytes + gap, bytes = stride * (extent.rows - 1) + extent.row_bytes;
    picture.planes[index] = std::make_unique<std::uint8_t[]>(bytes);
    view.planes[index] = {picture.planes[index].get(), stride};
  }
  return picture;
}

void fill(Picture& picture, Input& input) {
  for (int plane = 0; plane < plane_count(picture.view.format); ++plane) {
    const PlaneGeometry extent = plane_extent(picture.view.format, plane, picture.view.width, picture.view.height);
    const auto index = static_cast<std::size_t>(plane);
    for (std::uint32_t y = 0; y < extent.rows; ++y)
      for (std::uint32_t x = 0; x < extent.row_bytes; ++x)
        picture.planes[index][picture.view.planes[index].stride * y + x] = input.pixel();
  }
}

TensorSpec read_spec(Input& input) {
  TensorSpec spec{.width = 1 + input.below(130), .height = 1 + input.below(40)};
  spec.fit = input.byte() % 2 == 0 ? Fit::kStretch : Fit::kLetterbox;
  spec.filter = input.byte() % 2 == 0 ? Filter::kBilinear : Filter::kAntialiased;
  spec.order = input.byte() % 2 == 0 ? ColorOrder::kRgb : ColorOrder::kBgr;
  constexpr Element kElements[] = {Element::kFloat32, Element::kFloat16, Element::kUint8};
  spec.element = kElements[input.byte() % 3];
  return spec;
}

std::unique_ptr<std::byte[]> run(std::int64_t target, const TensorSpec& spec, const ImageView& view, const Region& region) {
  hwy::SetSupportedTargetsForTest(target);
  hwy::GetChosenTarget().DeInit();
  auto tensor = std::make_unique<std::byte[]>(spec.bytes());
  std::memset(tensor.get(), 0xFF, spec.bytes());  // not a number
  const Content content = PixelPass(spec).run(view, region, {tensor.get(), spec.bytes()});
  VD_ASSERT(content.width >= 1 && content.width <= spec.width && content.height >= 1 && content.height <= spec.height, "content");
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().DeInit();
  return tensor;
}

double element_at(const TensorSpec& spec, const std::byte* tensor, std::size_t index) {
  const std::byte* at = tensor + index * bytes_of(spec.element);
  if (spec.element == Element::kUint8) return static_cast<double>(*at);
  if (spec.element == Element::kFloat32) {
    float value = 0;
    std::memcpy(&value, at, sizeof value);
    return static_cast<double>(value);
  }
  std::uint16_t bits = 0;
  std::memcpy(&bits, at, sizeof bits);
  VD_ASSERT((bits >> 10 & 31) != 31, "a half float that is no number");
  return std::ldexp((bits >> 10) == 0 ? bits & 1023 : 1024 + (bits & 1023), std::max(bits >> 10 & 31, 1) - 25);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  Picture picture = read_picture(input);
  const TensorSpec spec = read_spec(input);
  if (picture.view.width * picture.view.height > kMostPixels) return 0;
  const std::uint32_t x = input.below(picture.view.width), y = input.below(picture.view.height);
  const Region region{x, y, 1 + input.below(picture.view.width - x), 1 + input.below(picture.view.height - y)};
  const std::size_t other = input.byte();
  fill(picture, input);

  static const std::vector<std::int64_t> kTargets = hwy::SupportedAndGeneratedTargets();
  std::unique_ptr<std::byte[]> first;
  for (const std::int64_t target : {kTargets.front(), kTargets[other % kTargets.size()]}) {
    auto tensor = run(target, spec, picture.view, region);
    for (std::size_t i = 0; i < spec.elements(); ++i) {
      const double pixel = element_at(spec, tensor.get(), i);
      VD_ASSERT(pixel >= 0 && pixel <= 255 && pixel == std::floor(pixel), "no pixel");
      VD_ASSERT(!first || std::abs(pixel - element_at(spec, first.get(), i)) <= 1, "instruction sets differ");
    }
    if (!first) first = std::move(tensor);
  }
  return 0;
}
