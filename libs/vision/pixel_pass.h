// PixelPass: one pass from camera pixels to a model's input tensor: resize, colour, normalise, planar.
//
// Each plane is resampled where it lies, at its own resolution, and becomes RGB only at the tensor's size; the picture is
// read once and nothing of full size is written. Taps and row buffers are made once per picture size, format and region (the last
// 16 are kept), so running again allocates nothing. The loops are vectorised for what the machine has (vision/pixel_rows.h).
// Thread-bound: one object per thread.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "vision/image_view.h"
#include "vision/pixel_rows.h"

namespace vedette::vision {

enum class Fit {
  kStretch,    // the picture fills the tensor, aspect ratio be damned
  kLetterbox,  // aspect ratio kept, top left, the rest is `pad`
};
enum class Filter {
  kBilinear,     // two taps a side at pixel centres, whatever the scale (OpenCV's INTER_LINEAR)
  kAntialiased,  // the triangle widens when minifying (Pillow's BILINEAR, torchvision's antialias=True)
};
enum class ColorOrder { kRgb, kBgr };

// What a model was trained to see. tensor[c][y][x] = (pixel · scale − mean[c]) / deviation[c], pixel 0..255 and whole, channels
// in `order`. A tensor of bytes has the pixel as it is.
struct TensorSpec {
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  Fit fit = Fit::kStretch;
  Filter filter = Filter::kBilinear;
  ColorOrder order = ColorOrder::kRgb;
  Element element = Element::kFloat32;
  std::array<float, 3> pad{114.0f, 114.0f, 114.0f};  // pixel around a letterboxed picture, whole numbers
  float scale = 1.0f;
  std::array<float, 3> mean{0.0f, 0.0f, 0.0f};
  std::array<float, 3> deviation{1.0f, 1.0f, 1.0f};

  std::size_t elements() const { return std::size_t{3} * width * height; }
  std::size_t bytes() const { return elements() * bytes_of(element); }
};

// A part of a picture, in its pixels. Any pixels, not only even ones.
struct Region {
  std::uint32_t x = 0;
  std::uint32_t y = 0;
  std::uint32_t width = 0;
  std::uint32_t height = 0;

  friend bool operator==(const Region&, const Region&) = default;
};

// The part of the tensor that the picture covers, from the top left corner.
struct Content {
  std::uint32_t width = 0;
  std::uint32_t height = 0;
};
Content content_of(const TensorSpec& spec, std::uint32_t width, std::uint32_t height);

struct PixelPlan;

class PixelPass {
 public:
  explicit PixelPass(const TensorSpec& spec);
  ~PixelPass();
  PixelPass(PixelPass&&) noexcept;
  PixelPass& operator=(PixelPass&&) noexcept;

  // Fills `tensor` (exactly spec().bytes() long, aligned to its elements, channel after channel) and returns what the picture
  // covers of it. A view without a format or with sides out of 1..kMaxSide is our own bug.
  Content run(const ImageView& image, std::span<std::byte> tensor);
  // The same of a part of the picture, which isn't empty and lies within it: as if all around it weren't there, but for chroma
  // samples that lie on its border.
  Content run(const ImageView& image, const Region& region, std::span<std::byte> tensor);

  const TensorSpec& spec() const { return spec_; }

 private:
  PixelPlan& plan_for(const ImageView& image, const Region& region);

  TensorSpec spec_;
  const RowKernels* kernels_;
  std::vector<std::unique_ptr<PixelPlan>> plans_;
  std::size_t next_replaced_ = 0;
};

}  // namespace vedette::vision
