// Pictures for tests: every byte of every plane from a seeded generator, odd strides, and a double-precision look at a pixel.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "vision/image_view.h"

namespace vedette::vision {

struct TestPicture {
  ImageView view;
  std::vector<std::vector<std::uint8_t>> planes;
};

// `smooth`: a slow gradient instead of noise. Strides are not aligned; planes end with their last pixel, so that a sanitiser
// sees a read beyond.
inline TestPicture make_picture(PixelFormat format, std::uint32_t width, std::uint32_t height, ColorMatrix matrix,
                                ColorRange range, bool smooth = false, std::uint32_t seed = 7) {
  TestPicture picture;
  picture.view = {format, matrix, range, width, height, {}};
  std::mt19937 random(seed);
  const bool rgb = format == PixelFormat::RGB24 || format == PixelFormat::BGR24;
  const unsigned low = range == ColorRange::Limited && !rgb ? 16 : 0;
  const unsigned high = range == ColorRange::Limited && !rgb ? 235 : 255;
  for (int plane = 0; plane < plane_count(format); ++plane) {
    const PlaneGeometry extent = plane_extent(format, plane, width, height);
    const std::size_t stride = extent.row_bytes + 5;
    auto& bytes = picture.planes.emplace_back(stride * (extent.rows - 1) + extent.row_bytes);
    const auto wave = [&](std::size_t i) {
      const auto x = static_cast<double>(i % stride), y = static_cast<double>(i / stride);
      return 0.5 + 0.25 * std::sin(x / 30.0 + plane) + 0.25 * std::cos(y / 25.0);
    };
    for (std::size_t i = 0; i < bytes.size(); ++i)
      bytes[i] = static_cast<std::uint8_t>(smooth ? low + wave(i) * (high - low)
                                                  : static_cast<double>(low + random() % (high - low + 1)));
    picture.view.planes[static_cast<std::size_t>(plane)] = {bytes.data(), stride};
  }
  return picture;
}

// Y, Cb, Cr (or R, G, B) as stored for pixel (x, y): chroma of the nearest sample.
inline std::array<double, 3> stored_at(const ImageView& v, std::uint32_t x, std::uint32_t y) {
  switch (v.format) {
    case PixelFormat::I420:
      return {double(v.row(0, y)[x]), double(v.row(1, y / 2)[x / 2]), double(v.row(2, y / 2)[x / 2])};
    case PixelFormat::NV12:
      return {double(v.row(0, y)[x]), double(v.row(1, y / 2)[x / 2 * 2]), double(v.row(1, y / 2)[x / 2 * 2 + 1])};
    case PixelFormat::YUYV:
      return {double(v.row(0, y)[2 * x]), double(v.row(0, y)[x / 2 * 4 + 1]), double(v.row(0, y)[x / 2 * 4 + 3])};
    case PixelFormat::GRAY8:
      return {double(v.row(0, y)[x]), 128.0, 128.0};
    case PixelFormat::RGB24:
      return {double(v.row(0, y)[3 * x]), double(v.row(0, y)[3 * x + 1]), double(v.row(0, y)[3 * x + 2])};
    case PixelFormat::BGR24:
      return {double(v.row(0, y)[3 * x + 2]), double(v.row(0, y)[3 * x + 1]), double(v.row(0, y)[3 * x])};
    case PixelFormat::Unknown:
      break;
  }
  return {};
}

// RGB in 0..255 of stored values, straight from the definition of YCbCr (BT.601-7, BT.709-6), clamped.
inline std::array<double, 3> rgb_of(const ImageView& v, std::array<double, 3> stored) {
  if (v.format == PixelFormat::RGB24 || v.format == PixelFormat::BGR24) return stored;
  const double kr = v.matrix == ColorMatrix::BT709 ? 0.2126 : 0.299;
  const double kb = v.matrix == ColorMatrix::BT709 ? 0.0722 : 0.114;
  const bool limited = v.range == ColorRange::Limited;
  const double y = limited ? (stored[0] - 16.0) / 219.0 : stored[0] / 255.0;
  const double cb = (stored[1] - 128.0) / (limited ? 224.0 : 255.0);
  const double cr = (stored[2] - 128.0) / (limited ? 224.0 : 255.0);
  const double r = y + 2.0 * (1.0 - kr) * cr;
  const double b = y + 2.0 * (1.0 - kb) * cb;
  const double g = (y - kr * r - kb * b) / (1.0 - kr - kb);
  return {255.0 * std::clamp(r, 0.0, 1.0), 255.0 * std::clamp(g, 0.0, 1.0), 255.0 * std::clamp(b, 0.0, 1.0)};
}

}  // namespace vedette::vision
