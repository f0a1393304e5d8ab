// RowKernels: the inner loops of PixelPass, one row at a time, in fixed point, for each instruction set that Highway knows and
// the compiler can emit (SSSE3, SSE4, AVX2, AVX-512, NEON); the best that the machine has is chosen at run time. AVX-512 was
// compiled and never run: no machine of the project has it. Pure functions, thread-safe.
//
// A plane's rows are blended first (bytes, as they lie), the one row that comes of it is resampled across, then becomes colour.
// Samples between the two are whole numbers: a byte times kSampleOne. Every kernel reads exactly the bytes it is told of a
// picture; rows of our own have kRowSlack elements behind their last, which are read and written and mean nothing.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "vision/taps.h"

namespace vedette::vision {

// What the tensor's elements are.
enum class Element {
  kFloat32,
  kFloat16,  // IEEE 754 binary16
  kUint8,    // the pixel as it is: a model that takes bytes normalises by itself
};
constexpr std::size_t bytes_of(Element element) {
  return element == Element::kFloat32 ? 4 : element == Element::kFloat16 ? 2 : 1;
}

using Sample = std::int16_t;
inline constexpr int kSampleOne = 128;
inline constexpr std::uint32_t kMostTaps = 32;  // more taps a sample, and their weights are too coarse in 16 bits
inline constexpr std::size_t kRowSlack = 128;

// Rows to blend: `count` of them, `stride` bytes apart, `bytes` of each; weights sum to kBlendOne.
inline constexpr std::uint32_t kBlendOne = 1u << 15;
struct RowBlend {
  const std::uint8_t* top = nullptr;
  std::size_t stride = 0;
  std::size_t bytes = 0;
  const std::uint16_t* weights = nullptr;
  std::uint32_t count = 0;
  // Rows that are needed next, as far apart and as long: they are fetched into the cache meanwhile.
  const std::uint8_t* next = nullptr;
  std::uint32_t next_count = 0;
};

// Taps across a row, arranged for vectors of `blocks` times 128 bits: of a group of 4 · blocks outputs each vector holds some, a
// few samples of each. Weights sum to kPickOne.
inline constexpr std::uint32_t kPickOne = 32767;
struct RowTaps {
  RowTaps() = default;
  RowTaps(const Taps& taps, std::uint32_t blocks);

  std::uint32_t outputs = 0;  // rounded up to whole groups
  // Eights of taps an output, each a block; four vectors make a group. 0: at most four taps, two outputs share a block, and two
  // vectors make a group.
  std::uint32_t chunks = 0;
  // The first sample of each block; of each half block, if the two outputs of one don't lie within eight samples (no `order`).
  std::vector<std::uint32_t> first;
  std::vector<std::uint8_t> order;  // which bytes of those eight samples make up the block
  std::vector<std::int16_t> weights;
};

// A row of the tensor: three rows of components at the tensor's width, Y, Cb, Cr (`yuv`) or R, G, B, and how they become colour:
// pixel = component · scale + offset for RGB, else the matrix; clamped to 0..255 and rounded (training resized bytes too, and
// average precision shows the difference), then · gain + bias.
struct ColorRow {
  std::array<const float*, 3> from{};
  bool yuv = false;
  float scale = 1.0f, red_cr = 0.0f, green_cb = 0.0f, green_cr = 0.0f, blue_cb = 0.0f;
  std::array<float, 3> offset{}, gain{}, bias{};  // of R, G, B
  Element element = Element::kFloat32;
  std::array<std::byte*, 3> to{};  // R, G, B
  std::size_t count = 0;
};

struct RowKernels {
  std::uint32_t blocks;  // 128-bit blocks in a vector; 0: none, and of these functions only the last two are there
  void (*blend)(const RowBlend& rows, Sample* out);
  // Bytes 0, 2, 4, … to `even`, the others to `odd`.
  void (*blend_pairs)(const RowBlend& rows, Sample* even, Sample* odd);
  // `count` pairs, or triples, of samples.
  void (*split_pairs)(const Sample* row, std::size_t count, Sample* first, Sample* second);
  void (*split_triples)(const Sample* row, std::size_t count, Sample* first, Sample* second, Sample* third);
  // One to three rows that lie alike. Sums in units of 1 / (kSampleOne · kPickOne).
  void (*pick)(const RowTaps& taps, std::span<Sample* const> rows, std::span<float* const> out);
  void (*color)(const ColorRow& row);
  // `count` elements of that value.
  void (*fill)(Element element, float value, std::byte* to, std::size_t count);
};

// Of the instruction set that is best on this machine.
const RowKernels& row_kernels();

}  // namespace vedette::vision
