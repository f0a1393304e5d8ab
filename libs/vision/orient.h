// What a camera that hangs upside down, or must not show everything, needs: a copy of a picture, flipped, turned, and black where
// it is masked. Pure functions but for Mask, which keeps what it computed for a size. Thread-bound.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "vision/image_view.h"

namespace vedette::vision {

// Flipped first, then turned clockwise.
struct Orientation {
  bool flip_horizontal = false;
  bool flip_vertical = false;
  std::uint32_t rotate = 0;  // 0, 90, 180, 270 degrees
  bool none() const { return !flip_horizontal && !flip_vertical && rotate == 0; }
  bool turns() const { return rotate == 90 || rotate == 270; }  // width and height change places
};

// Relative to the picture that is masked: 0, 0 its top left corner, 1, 1 its bottom right one.
struct MaskPoint {
  float x = 0;
  float y = 0;
};
using MaskPolygon = std::vector<MaskPoint>;  // at least 3; even-odd rule; points outside the picture are fine

// Blackens polygons. Every pixel that a polygon has a part of, and every chroma sample of such a pixel, is black. A polygon with
// a point that is no number hides the whole picture: what it was meant to hide isn't known.
class Mask {
 public:
  Mask() = default;
  explicit Mask(std::vector<MaskPolygon> polygons) : polygons_(std::move(polygons)) {}
  bool empty() const { return polygons_.empty(); }
  // In place; black as `range` has it. Reuses what it computed for the size it was called with last.
  void apply(const MutableImageView& image, ColorRange range);

 private:
  void rasterise(std::uint32_t width, std::uint32_t height);
  std::vector<MaskPolygon> polygons_;
  std::uint32_t width_ = 0, height_ = 0;
  struct Span {
    std::uint32_t row, begin, end;
  };
  std::vector<Span> spans_;  // of luma pixels
};

// What orient() writes for a picture of `format`: YUYV that is turned or flipped becomes I420, all else stays.
PixelFormat oriented_format(PixelFormat format, const Orientation& orientation);
// Copies `in` into `out` (oriented_format(), sides changed if it turns()). No allocation. Wrong formats or sizes are our own bug.
void orient(const ImageView& in, const Orientation& orientation, const MutableImageView& out);

}  // namespace vedette::vision
