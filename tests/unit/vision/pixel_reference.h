// What a pixel pass should give, in double precision and straight from the definitions: every sample of a row or column is asked
// for its weight, rows are resampled, then columns, then the colour's formula. Pixels unrounded.
#pragma once

#include "pictures.h"
#include "vision/pixel_pass.h"

namespace vedette::vision {

struct WeightedSample {
  std::uint32_t index;
  double weight;
};

// The samples that make up an output centred at pixel `center` of the region [begin, end) of pixels, `step` pixels an output; a
// sample covers `sub` pixels.
inline std::vector<WeightedSample> samples_at(double center, double step, std::uint32_t begin, std::uint32_t end,
                                              std::uint32_t sub, Filter filter) {
  const std::uint32_t first = begin / sub, last = (end - 1) / sub;
  const double at = center / sub, nearest = std::clamp(at - 0.5, double(first), double(last)), radius = std::max(step / sub, 1.0);
  std::vector<WeightedSample> all;
  double sum = 0;
  for (std::uint32_t i = std::max(first, std::uint32_t(std::max(at - radius - 1, 0.0))); i <= last && i < at + radius + 1; ++i) {
    const double weight = filter == Filter::kBilinear ? std::max(0.0, 1.0 - std::abs(double(i) - nearest))
                                                      : std::max(0.0, 1.0 - std::abs(i + 0.5 - at) / radius);
    if (weight > 0) all.push_back({i, weight});
    sum += weight;
  }
  for (WeightedSample& sample : all) sample.weight /= sum;
  return all;
}

// Y, Cb, Cr (or R, G, B) number `c` as stored, by the sample's own coordinates.
inline double sample_at(const ImageView& v, std::size_t c, std::size_t x, std::uint32_t y) {
  const auto plane = static_cast<int>(c);
  switch (v.format) {
    case PixelFormat::I420:
      return v.row(plane, y)[x];
    case PixelFormat::NV12:
      return c == 0 ? v.row(0, y)[x] : v.row(1, y)[2 * x + c - 1];
    case PixelFormat::YUYV:
      return c == 0 ? v.row(0, y)[2 * x] : v.row(0, y)[4 * x + 2 * c - 1];
    case PixelFormat::GRAY8:
      return c == 0 ? v.row(0, y)[x] : 128;
    case PixelFormat::RGB24:
      return v.row(0, y)[3 * x + c];
    case PixelFormat::BGR24:
      return v.row(0, y)[3 * x + 2 - c];
    case PixelFormat::Unknown:
      break;
  }
  return NAN;
}

// Pixels 0..255 of the tensor, in its order of channels; `pad` where the picture isn't. Of large pictures `every` so many rows,
// the others are NAN.
inline std::vector<double> reference(const ImageView& v, const Region& region, const TensorSpec& spec, std::uint32_t every = 1) {
  const Content content = content_of(spec, region.width, region.height);
  const bool half_x = v.format == PixelFormat::I420 || v.format == PixelFormat::NV12 || v.format == PixelFormat::YUYV;
  const bool half_y = v.format == PixelFormat::I420 || v.format == PixelFormat::NV12;
  const double step_x = double(region.width) / content.width, step_y = double(region.height) / content.height;
  std::vector<std::array<double, 3>> stored(std::size_t{content.width} * content.height);
  for (std::size_t c = 0; c < 3; ++c) {
    const std::uint32_t sub_x = c > 0 && half_x ? 2 : 1, sub_y = c > 0 && half_y ? 2 : 1;
    std::vector<std::vector<WeightedSample>> columns;
    for (std::uint32_t x = 0; x < content.width; ++x)
      columns.push_back(samples_at(region.x + (x + 0.5) * step_x, step_x, region.x, region.x + region.width, sub_x, spec.filter));
    std::vector<double> row(v.width / sub_x + 1);
    for (std::uint32_t y = 0; y < content.height; y += every) {
      const auto rows = samples_at(region.y + (y + 0.5) * step_y, step_y, region.y, region.y + region.height, sub_y, spec.filter);
      for (std::uint32_t x = region.x / sub_x; x <= (region.x + region.width - 1) / sub_x; ++x) {
        row[x] = 0;
        for (const WeightedSample& sample : rows) row[x] += sample.weight * sample_at(v, c, x, sample.index);
      }
      for (std::uint32_t x = 0; x < content.width; ++x)
        for (const WeightedSample& sample : columns[x]) stored[y * content.width + x][c] += sample.weight * row[sample.index];
    }
  }
  std::vector<double> pixels;
  for (const float pad : spec.pad) pixels.resize(pixels.size() + spec.elements() / 3, pad);
  for (std::uint32_t y = 0; y < content.height; ++y)
    for (std::uint32_t x = 0; x < content.width; ++x) {
      const std::array<double, 3> rgb =
          y % every == 0 ? rgb_of(v, stored[y * content.width + x]) : std::array<double, 3>{NAN, NAN, NAN};
      for (std::size_t place = 0; place < 3; ++place)
        pixels[(place * spec.height + y) * spec.width + x] = rgb[spec.order == ColorOrder::kRgb ? place : 2 - place];
    }
  return pixels;
}

}  // namespace vedette::vision
