// ImageView: a picture that lies somewhere else, described plane by plane; never owns. Image: one that owns its pixels.
// A view made from a bus slot is valid as long as the lease it was made from. Plain data, thread-safe to read.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "schema/frame.h"

namespace vedette::vision {

struct PlaneView {
  const std::uint8_t* data = nullptr;
  std::size_t stride = 0;  // bytes from row to row
};

// Chroma of subsampled formats is sited in the middle of its luma pixels (as in JPEG and MPEG-1); GRAY8 is luma and obeys
// `range`; RGB24 and BGR24 ignore `matrix` and `range`.
struct ImageView {
  PixelFormat format = PixelFormat::Unknown;
  ColorMatrix matrix = ColorMatrix::BT601;
  ColorRange range = ColorRange::Limited;
  std::uint32_t width = 0;  // pixels
  std::uint32_t height = 0;
  std::array<PlaneView, 4> planes;

  const std::uint8_t* row(int plane, std::uint32_t y) const {
    const PlaneView& view = planes[static_cast<std::size_t>(plane)];
    return view.data + view.stride * y;
  }
};

// A picture to be written: planes of somebody else's memory, big enough for its format and size.
struct MutablePlane {
  std::uint8_t* data = nullptr;
  std::size_t stride = 0;  // bytes from row to row
};
struct MutableImageView {
  PixelFormat format = PixelFormat::Unknown;
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  std::array<MutablePlane, 4> planes;
};

// The picture that `info` (a copy of the slot's own record) describes inside `slot`. Checks `info` first: every plane of the
// result lies within `slot`.
Result<ImageView> image_view(const FrameInfo& info, std::span<const std::byte> slot);

// Owned pixels; reshaping to a size it already had allocates nothing.
class Image {
 public:
  // Strides are multiples of 64; behind an odd number of rows there is room for one more. Sides above kMaxSide and Unknown are
  // our own bug. The content afterwards is anything.
  void reshape(PixelFormat format, std::uint32_t width, std::uint32_t height);
  void set_color(ColorMatrix matrix, ColorRange range);

  std::uint8_t* plane(int index) { return pixels_.data() + offsets_[static_cast<std::size_t>(index)]; }
  std::uint8_t* row(int index, std::uint32_t y) { return plane(index) + stride(index) * y; }
  std::size_t stride(int index) const { return view_.planes[static_cast<std::size_t>(index)].stride; }
  // Valid until the next reshape().
  ImageView view() const;

 private:
  ImageView view_;  // its data pointers are filled in by view()
  std::array<std::size_t, 4> offsets_{};
  std::vector<std::uint8_t> pixels_;
};

// The planes of an image of one's own, to be written; valid until its next reshape().
MutableImageView writable(Image& image);

}  // namespace vedette::vision
