#include "vision/image_view.h"

namespace vedette::vision {

Result<ImageView> image_view(const FrameInfo& info, std::span<const std::byte> slot) {
  VD_TRY(check_frame(info, slot.size()));
  ImageView view{info.format(), info.matrix(), info.range(), info.width(), info.height(), {}};
  for (int plane = 0; plane < plane_count(info.format()); ++plane) {
    const auto index = static_cast<flatbuffers::uoffset_t>(plane);
    view.planes[index] = {reinterpret_cast<const std::uint8_t*>(slot.data()) + info.plane_offset()->Get(index),
                          info.plane_stride()->Get(index)};
  }
  return view;
}

void Image::reshape(PixelFormat format, std::uint32_t width, std::uint32_t height) {
  VD_ASSERT(plane_count(format) > 0 && width >= 1 && height >= 1 && width <= kMaxSide && height <= kMaxSide,
            "impossible picture");
  view_.format = format;
  view_.width = width;
  view_.height = height;
  std::size_t bytes = 0;
  for (int plane = 0; plane < plane_count(format); ++plane) {
    const auto index = static_cast<std::size_t>(plane);
    const PlaneGeometry extent = plane_extent(format, plane, width, height);
    view_.planes[index].stride = (extent.row_bytes + 63u) & ~std::size_t{63};
    offsets_[index] = bytes;
    bytes += view_.planes[index].stride * ((extent.rows + 1) & ~1u);
  }
  if (pixels_.size() < bytes) pixels_.resize(bytes);
}

void Image::set_color(ColorMatrix matrix, ColorRange range) {
  view_.matrix = matrix;
  view_.range = range;
}

ImageView Image::view() const {
  ImageView view = view_;
  for (int plane = 0; plane < plane_count(view.format); ++plane) {
    const auto index = static_cast<std::size_t>(plane);
    view.planes[index].data = pixels_.data() + offsets_[index];
  }
  return view;
}

MutableImageView writable(Image& image) {
  const ImageView view = image.view();
  MutableImageView out{view.format, view.width, view.height, {}};
  for (int plane = 0; plane < plane_count(view.format); ++plane)
    out.planes[static_cast<std::size_t>(plane)] = {image.plane(plane), image.stride(plane)};
  return out;
}

}  // namespace vedette::vision
