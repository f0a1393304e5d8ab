// A picture to be written whose planes are surrounded by canaries: in front, behind, and between its rows.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "vision/image_view.h"

namespace vedette::vision {

class GuardedPlanes {
 public:
  GuardedPlanes(PixelFormat format, std::uint32_t width, std::uint32_t height, std::size_t gap = 3)
      : image_{format, width, height, {}}, gap_(gap) {
    for (int plane = 0; plane < plane_count(format); ++plane) {
      const PlaneGeometry extent = plane_extent(format, plane, width, height);
      auto& bytes = planes_.emplace_back(kGuard + (extent.row_bytes + gap) * extent.rows + kGuard, kCanary);
      image_.planes[static_cast<std::size_t>(plane)] = {bytes.data() + kGuard, extent.row_bytes + gap};
    }
  }
  const MutableImageView& image() const { return image_; }
  ImageView view(ColorRange range = ColorRange::Full, ColorMatrix matrix = ColorMatrix::BT601) const {
    ImageView view{image_.format, matrix, range, image_.width, image_.height, {}};
    for (std::size_t plane = 0; plane < planes_.size(); ++plane)
      view.planes[plane] = {image_.planes[plane].data, image_.planes[plane].stride};
    return view;
  }
  bool intact() const {
    for (std::size_t plane = 0; plane < planes_.size(); ++plane) {
      const PlaneGeometry extent = plane_extent(image_.format, static_cast<int>(plane), image_.width, image_.height);
      const std::vector<std::uint8_t>& bytes = planes_[plane];
      const auto canaries = [&](std::size_t from, std::size_t count) {
        return std::all_of(bytes.begin() + static_cast<std::ptrdiff_t>(from),
                           bytes.begin() + static_cast<std::ptrdiff_t>(from + count),
                           [](std::uint8_t byte) { return byte == kCanary; });
      };
      if (!canaries(0, kGuard) || !canaries(bytes.size() - kGuard, kGuard)) return false;
      for (std::size_t row = 0; row < extent.rows; ++row)
        if (!canaries(kGuard + row * (extent.row_bytes + gap_) + extent.row_bytes, gap_)) return false;
    }
    return true;
  }
  void fill(std::uint8_t value) {
    for (int plane = 0; plane < plane_count(image_.format); ++plane) {
      const PlaneGeometry extent = plane_extent(image_.format, plane, image_.width, image_.height);
      const MutablePlane& to = image_.planes[static_cast<std::size_t>(plane)];
      for (std::uint32_t y = 0; y < extent.rows; ++y) std::fill_n(to.data + to.stride * y, extent.row_bytes, value);
    }
  }

 private:
  static constexpr std::size_t kGuard = 4096;
  static constexpr std::uint8_t kCanary = 0xA5;
  MutableImageView image_;
  std::size_t gap_;
  std::vector<std::vector<std::uint8_t>> planes_;
};

}  // namespace vedette::vision
