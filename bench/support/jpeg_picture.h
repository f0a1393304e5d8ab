// The two pictures that the benchmarks of cameras use, as a camera would send them: 1080p, MJPEG, 4:2:0. Noise of many sizes as
// in natural scenes; the same on every machine.
//   detailed: down to single pixels, quality 85 (587 KB)
//   soft: a picture out of focus, nothing finer than sixteen pixels but a little grain, quality 90 (198 KB)
// Header-only, thread-bound.
#pragma once

#include <turbojpeg.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string_view>
#include <vector>

#include "bench/support/result.h"

namespace vedette::bench {

inline constexpr int kPictureWidth = 1920, kPictureHeight = 1080;

struct PictureKind {
  double finest = 1;  // pixels of the smallest structure
  double grain = 0;   // levels
  int quality = 85;
};
inline constexpr PictureKind kDetailed{1, 0, 85};
inline constexpr PictureKind kSoft{16, 0.7, 90};

// A hash of a lattice point, -1 to 1.
inline float lattice(std::uint32_t x, std::uint32_t y, std::uint32_t seed) {
  std::uint32_t h = x * 0x9E37'79B1u ^ y * 0x85EB'CA77u ^ seed * 0xC2B2'AE3Du;
  h = (h ^ h >> 15) * 0x2C1B'3C6Du;
  h = (h ^ h >> 12) * 0x297A'2D39u;
  return static_cast<float>((h ^ h >> 15) >> 8) / 8388608.0f - 1.0f;
}

// Adds noise whose structures are `size` pixels large: lattice points with smooth ways between them.
inline void add_noise(std::vector<float>& plane, int width, int height, double size, float amplitude, std::uint32_t seed) {
  struct Step {
    std::uint32_t index;
    float weight;
  };
  const auto steps = [size](int count) {
    std::vector<Step> all;
    for (int i = 0; i < count; ++i) {
      const double at = i / size, part = at - std::floor(at);
      all.push_back({static_cast<std::uint32_t>(at), static_cast<float>(part * part * (3 - 2 * part))});
    }
    return all;
  };
  const std::vector<Step> columns = steps(width), rows = steps(height);
  const std::size_t lattice_width = columns.back().index + 2;
  std::vector<float> upper(lattice_width), lower(lattice_width);
  for (int y = 0; y < height; ++y) {
    const Step& row = rows[static_cast<std::size_t>(y)];
    for (std::uint32_t x = 0; x < lattice_width; ++x) {
      upper[x] = lattice(x, row.index, seed);
      lower[x] = lattice(x, row.index + 1, seed);
      upper[x] += (lower[x] - upper[x]) * row.weight;
    }
    float* out = plane.data() + std::size_t(y) * std::size_t(width);
    for (int x = 0; x < width; ++x) {
      const Step& column = columns[static_cast<std::size_t>(x)];
      out[x] += amplitude * (upper[column.index] + (upper[column.index + 1] - upper[column.index]) * column.weight);
    }
  }
}

inline std::vector<unsigned char> make_plane(int width, int height, double finest, double coarsest, float contrast, double grain,
                                             std::uint32_t seed) {
  std::vector<float> plane(std::size_t(width) * std::size_t(height), 128.0f);
  // In a natural scene amplitude falls with frequency: each size has a little less than the one above it.
  float amplitude = contrast;
  for (double size = coarsest; size >= finest; size /= 2, amplitude *= 0.86f)
    add_noise(plane, width, height, size, amplitude, seed + static_cast<std::uint32_t>(size));
  if (grain > 0) add_noise(plane, width, height, 1, static_cast<float>(grain), seed + 1000);
  std::vector<unsigned char> bytes(plane.size());
  std::transform(plane.begin(), plane.end(), bytes.begin(),
                 [](float value) { return static_cast<unsigned char>(std::clamp(value, 0.0f, 255.0f)); });
  return bytes;
}

inline std::vector<unsigned char> make_picture(const PictureKind& kind, int width = kPictureWidth, int height = kPictureHeight) {
  const std::vector<unsigned char> luma = make_plane(width, height, kind.finest, 512, 40, kind.grain, 1);
  const int half_width = (width + 1) / 2, half_height = (height + 1) / 2;
  const std::vector<unsigned char> cb =
      make_plane(half_width, half_height, std::max(2.0, kind.finest), 256, 17, kind.grain / 2, 2);
  const std::vector<unsigned char> cr =
      make_plane(half_width, half_height, std::max(2.0, kind.finest), 256, 17, kind.grain / 2, 3);
  const unsigned char* planes[3] = {luma.data(), cb.data(), cr.data()};
  const tjhandle handle = tjInitCompress();
  unsigned char* file = nullptr;
  unsigned long bytes = 0;
  if (handle == nullptr ||
      tjCompressFromYUVPlanes(handle, planes, width, nullptr, height, TJSAMP_420, &file, &bytes, kind.quality, 0) != 0)
    fail("can't make the test picture");
  std::vector<unsigned char> copy(file, file + bytes);
  tjFree(file);
  tjDestroy(handle);
  return copy;
}

// The picture as RGB24, tightly packed.
inline std::vector<unsigned char> rgb_of(const std::vector<unsigned char>& picture, int width = kPictureWidth,
                                         int height = kPictureHeight) {
  std::vector<unsigned char> rgb(std::size_t(width) * std::size_t(height) * 3);
  const tjhandle handle = tjInitDecompress();
  if (handle == nullptr || tjDecompress2(handle, picture.data(), picture.size(), rgb.data(), width, 0, height, TJPF_RGB, 0) != 0)
    fail("can't decode the test picture");
  tjDestroy(handle);
  return rgb;
}

}  // namespace vedette::bench
