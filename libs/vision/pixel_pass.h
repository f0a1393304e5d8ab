// PixelPass: one pass from camera pixels to a model's input tensor: resize, colour, normalise, planar f32.
//
// Each plane is resampled where it lies, at its own resolution, and becomes RGB only at the tensor's size; the picture is
// read once and nothing of full size is written. Taps and row buffers are made once per picture size and format (the last 16
// are kept), so running again allocates nothing. Thread-bound: one object per thread.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "vision/image_view.h"

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
// in `order`.
struct TensorSpec {
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  Fit fit = Fit::kStretch;
  Filter filter = Filter::kBilinear;
  ColorOrder order = ColorOrder::kRgb;
  float pad = 114.0f;  // pixel value around a letterboxed picture
  float scale = 1.0f;
  std::array<float, 3> mean{0.0f, 0.0f, 0.0f};
  std::array<float, 3> deviation{1.0f, 1.0f, 1.0f};

  std::size_t elements() const { return std::size_t{3} * width * height; }
};

// The part of the tensor that the picture covers, from the top left corner.
struct Content {
  std::uint32_t width = 0;
  std::uint32_t height = 0;
};
Content content_of(const TensorSpec& spec, std::uint32_t width, std::uint32_t height);

class PixelPass {
 public:
  explicit PixelPass(const TensorSpec& spec);
  ~PixelPass();
  PixelPass(PixelPass&&) noexcept;
  PixelPass& operator=(PixelPass&&) noexcept;

  // Fills `tensor` (exactly spec().elements() long, channel after channel) and returns what the picture covers of it. A view
  // without a format or with sides out of 1..kMaxSide is our own bug.
  Content run(const ImageView& image, std::span<float> tensor);

  const TensorSpec& spec() const { return spec_; }

 private:
  struct Plan;
  Plan& plan_for(const ImageView& image);

  TensorSpec spec_;
  std::vector<std::unique_ptr<Plan>> plans_;
  std::size_t next_replaced_ = 0;
};

}  // namespace vedette::vision
