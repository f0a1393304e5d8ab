#include "vision/shrink.h"

#include <algorithm>
#include <vector>

#include "base/check.h"
#include "vision/taps.h"

namespace vedette::vision {
namespace {

struct Size {
  std::uint32_t width, height;
};

Taps taps_of(std::uint32_t from, std::uint32_t to) {
  return make_taps(from, to, static_cast<double>(from) / static_cast<double>(to), 0.0, true);
}

// Across first, into rows of `to.width` floats, then down.
void shrink_plane(const PlaneView& in, const Size& from, const MutablePlane& out, const Size& to) {
  const Taps across = taps_of(from.width, to.width), down = taps_of(from.height, to.height);
  std::vector<float> rows(std::size_t{from.height} * to.width);
  for (std::uint32_t y = 0; y < from.height; ++y) {
    const std::uint8_t* row = in.data + in.stride * y;
    for (std::uint32_t x = 0; x < to.width; ++x) {
      const float* weights = &across.weights[std::size_t{x} * across.count];
      float sum = 0.0f;
      for (std::uint32_t tap = 0; tap < across.count; ++tap) sum += weights[tap] * static_cast<float>(row[across.first[x] + tap]);
      rows[std::size_t{y} * to.width + x] = sum;
    }
  }
  std::vector<float> sums(to.width);
  for (std::uint32_t y = 0; y < to.height; ++y) {
    std::fill(sums.begin(), sums.end(), 0.5f);
    for (std::uint32_t tap = 0; tap < down.count; ++tap) {
      const float weight = down.weights[std::size_t{y} * down.count + tap];
      const float* row = &rows[std::size_t{down.first[y] + tap} * to.width];
      for (std::uint32_t x = 0; x < to.width; ++x) sums[x] += weight * row[x];
    }
    std::uint8_t* written = out.data + out.stride * y;
    for (std::uint32_t x = 0; x < to.width; ++x) written[x] = static_cast<std::uint8_t>(std::clamp(sums[x], 0.0f, 255.0f));
  }
}

}  // namespace

void shrink(const ImageView& in, std::uint32_t width, std::uint32_t height, Image& out) {
  VD_ASSERT(in.format == PixelFormat::I420 && width > 0 && height > 0 && width <= in.width && height <= in.height,
            "shrink: not a smaller I420 picture");
  out.reshape(PixelFormat::I420, width, height);
  out.set_color(in.matrix, in.range);
  for (int plane = 0; plane < 3; ++plane) {
    const auto side = [&](std::uint32_t pixels) { return plane == 0 ? pixels : (pixels + 1) / 2; };
    shrink_plane(in.planes[static_cast<std::size_t>(plane)], {side(in.width), side(in.height)},
                 {out.plane(plane), out.stride(plane)}, {side(width), side(height)});
  }
}

}  // namespace vedette::vision
