#include "vision/pixel_rows.h"

#include <algorithm>
#include <cstring>

// Vectors whose length is known when compiling: blocks are put together from loads. Machines with SVE have NEON.
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "vision/pixel_rows.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <hwy/cache_control.h>

HWY_BEFORE_NAMESPACE();
namespace vedette::vision {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET != HWY_SCALAR

using Bytes = hn::ScalableTag<std::uint8_t>;
using Words = hn::Repartition<std::uint16_t, Bytes>;
using Samples = hn::Repartition<std::int16_t, Bytes>;
using Sums = hn::Repartition<std::int32_t, Bytes>;
using Floats = hn::Repartition<float, Bytes>;
constexpr std::size_t kBlocks = HWY_MAX_BYTES / 16;
constexpr std::size_t kGroup = 4 * kBlocks;  // outputs in a vector of sums

HWY_INLINE std::uint16_t* words(Sample* samples) { return reinterpret_cast<std::uint16_t*>(samples); }
HWY_INLINE const std::uint16_t* words(const Sample* samples) { return reinterpret_cast<const std::uint16_t*>(samples); }

// Two bytes are a word: shifted left, its high part is the first byte; as it is, the second with a 256th of the first, which is
// taken off in the end. The high half of byte · 256 · weight has 7 bits behind the point. It is always rounded down, by half a
// unit on average, so the sums begin with half a unit a tap. kCount 0: known at run time only.
template <std::size_t kCount, bool kPairs>
void blend_rows(const RowBlend& rows, Sample* out, Sample* odd_out) {
  const Words d;
  const std::size_t count = kCount > 0 ? kCount : rows.count;
  hn::Vec<Words> weights[kCount > 0 ? kCount : kMostTaps];
  for (std::size_t k = 0; k < count; ++k) weights[k] = hn::Set(d, rows.weights[k]);
  const auto begin = hn::Set(d, static_cast<std::uint16_t>(count / 2));
  const std::size_t step = hn::Lanes(Bytes()), bytes = rows.bytes, stride = rows.stride;
  const std::uint8_t* const top = rows.top;
  for (std::size_t x = 0; x < bytes; x += step) {
    x = std::min(x, bytes - step);  // the last vector overlaps the one before
    for (std::size_t row = 0; row < rows.next_count; ++row) hwy::Prefetch(rows.next + row * stride + x);
    const std::uint8_t* from = top + x;
    auto even = begin, odd = begin;
    for (std::size_t k = 0; k < count; ++k, from += stride) {
      const auto pair = hn::BitCast(d, hn::LoadU(Bytes(), from));
      even = hn::Add(even, hn::MulHigh(hn::ShiftLeft<8>(pair), weights[k]));
      odd = hn::Add(odd, hn::MulHigh(pair, weights[k]));
    }
    odd = hn::Sub(odd, hn::ShiftRight<8>(even));
    if constexpr (kPairs) {
      hn::StoreU(even, d, words(out) + x / 2);
      hn::StoreU(odd, d, words(odd_out) + x / 2);
    } else {
      hn::StoreInterleaved2(even, odd, d, words(out) + x);
    }
  }
}

template <bool kPairs>
void blend_any(const RowBlend& rows, Sample* out, Sample* odd_out) {
  switch (rows.count) {
    case 1:
      return blend_rows<1, kPairs>(rows, out, odd_out);
    case 2:
      return blend_rows<2, kPairs>(rows, out, odd_out);
    case 3:
      return blend_rows<3, kPairs>(rows, out, odd_out);
    case 4:
      return blend_rows<4, kPairs>(rows, out, odd_out);
    case 5:
      return blend_rows<5, kPairs>(rows, out, odd_out);
    case 6:
      return blend_rows<6, kPairs>(rows, out, odd_out);
    case 7:
      return blend_rows<7, kPairs>(rows, out, odd_out);
    case 8:
      return blend_rows<8, kPairs>(rows, out, odd_out);
    default:
      return blend_rows<0, kPairs>(rows, out, odd_out);
  }
}

// Rows shorter than a vector are copied to where a whole one can be read.
template <bool kPairs>
void blend_checked(const RowBlend& rows, Sample* out, Sample* odd_out) {
  const std::size_t step = hn::Lanes(Bytes());
  if (rows.bytes >= step) return blend_any<kPairs>(rows, out, odd_out);
  std::uint8_t copy[kMostTaps * HWY_MAX_BYTES] = {};
  for (std::uint32_t k = 0; k < rows.count; ++k) std::memcpy(copy + k * step, rows.top + k * rows.stride, rows.bytes);
  blend_any<kPairs>({copy, step, step, rows.weights, rows.count, nullptr, 0}, out, odd_out);
}

void blend(const RowBlend& rows, Sample* out) { blend_checked<false>(rows, out, nullptr); }
void blend_pairs(const RowBlend& rows, Sample* even, Sample* odd) { blend_checked<true>(rows, even, odd); }

void split_pairs(const Sample* row, std::size_t count, Sample* first, Sample* second) {
  const Words d;
  for (std::size_t i = 0; i < count; i += hn::Lanes(d)) {
    hn::Vec<Words> a, b;
    hn::LoadInterleaved2(d, words(row) + 2 * i, a, b);
    hn::StoreU(a, d, words(first) + i);
    hn::StoreU(b, d, words(second) + i);
  }
}

void split_triples(const Sample* row, std::size_t count, Sample* first, Sample* second, Sample* third) {
  const Words d;
  for (std::size_t i = 0; i < count; i += hn::Lanes(d)) {
    hn::Vec<Words> a, b, c;
    hn::LoadInterleaved3(d, words(row) + 3 * i, a, b, c);
    hn::StoreU(a, d, words(first) + i);
    hn::StoreU(b, d, words(second) + i);
    hn::StoreU(c, d, words(third) + i);
  }
}

// A vector of the blocks that block(0), block(1), … give.
template <typename Block>
HWY_INLINE hn::Vec<Samples> of_blocks(Block block) {
#if HWY_MAX_BYTES == 16
  return block(0);
#else
  const hn::FixedTag<std::int16_t, 16> two;
#if HWY_MAX_BYTES == 32
  return hn::Combine(two, block(1), block(0));
#else
  return hn::Combine(Samples(), hn::Combine(two, block(3), block(2)), hn::Combine(two, block(1), block(0)));
#endif
#endif
}

// A vector of eight samples from each of kBlocks places.
HWY_INLINE hn::Vec<Samples> load_eights(const Sample* row, const std::uint32_t* first) {
  const hn::FixedTag<std::int16_t, 8> block;
  return of_blocks([&](std::size_t i) HWY_ATTR { return hn::LoadU(block, row + first[i]); });
}

// A vector of four samples from each of 2 · kBlocks places.
HWY_INLINE hn::Vec<Samples> load_fours(const Sample* row, const std::uint32_t* first) {
  const hn::FixedTag<std::int16_t, 4> half;
  const hn::FixedTag<std::int16_t, 8> block;
  const auto pair = [&](std::size_t i) HWY_ATTR {
    return hn::Combine(block, hn::LoadU(half, row + first[2 * i + 1]), hn::LoadU(half, row + first[2 * i]));
  };
  return of_blocks(pair);
}

// `sums` and products of samples and weights, neighbouring ones added.
HWY_INLINE hn::Vec<Sums> add_products(hn::Vec<Samples> samples, hn::Vec<Samples> weights, hn::Vec<Sums> sums) {
  const Sums d;
  auto rest = hn::Zero(d);
  const auto products = hn::ReorderWidenMulAccumulate(d, samples, weights, hn::Zero(d), rest);
  return hn::Add(sums, hn::RearrangeToOddPlusEven(products, rest));
}

// a0 + a1, b0 + b1, a2 + a3, b2 + b3, …
HWY_INLINE hn::Vec<Sums> add_neighbours(hn::Vec<Sums> a, hn::Vec<Sums> b) {
  return hn::Add(hn::OddEven(b, a), hn::Shuffle2301(hn::OddEven(a, b)));
}

HWY_INLINE void store_sums(hn::Vec<Sums> sums, float* out) {
  const Floats d;
  hn::StoreU(hn::ConvertTo(d, sums), d, out);
}

// Four vectors, a block an output, are transposed and added at once. kChunks 0: known at run time only.
template <std::size_t kRows, std::size_t kChunks>
void pick_eights(const RowTaps& taps, Sample* const* rows, float* const* out) {
  const Sums d;
  const hn::Repartition<std::uint64_t, Sums> wide;
  const std::size_t chunks = kChunks > 0 ? kChunks : taps.chunks, outputs = taps.outputs;
  const std::uint32_t* first = taps.first.data();
  const std::int16_t* weights = taps.weights.data();
  for (std::size_t x = 0; x < outputs; x += kGroup) {
    hn::Vec<Sums> sums[kRows][4];
    for (std::size_t i = 0; i < 4; ++i, first += kBlocks) {
      for (std::size_t row = 0; row < kRows; ++row) sums[row][i] = hn::Zero(d);
      for (std::size_t chunk = 0; chunk < chunks; ++chunk, weights += 8 * kBlocks) {
        const auto weight = hn::LoadU(Samples(), weights);
        for (std::size_t row = 0; row < kRows; ++row)
          sums[row][i] = add_products(load_eights(rows[row] + 8 * chunk, first), weight, sums[row][i]);
      }
    }
    for (std::size_t row = 0; row < kRows; ++row) {
      const auto upper = hn::BitCast(wide, add_neighbours(sums[row][0], sums[row][1]));
      const auto lower = hn::BitCast(wide, add_neighbours(sums[row][2], sums[row][3]));
      const auto crossed = hn::Shuffle01(hn::OddEven(upper, lower));
      store_sums(hn::Add(hn::BitCast(d, hn::OddEven(lower, upper)), hn::BitCast(d, crossed)), out[row] + x);
    }
  }
}

// Two vectors, a block two outputs. kWindows: one load brings the samples of both.
template <std::size_t kRows, bool kWindows>
void pick_fours(const RowTaps& taps, Sample* const* rows, float* const* out) {
  const std::size_t outputs = taps.outputs;
  const std::uint32_t* first = taps.first.data();
  const std::uint8_t* order = taps.order.data();
  const std::int16_t* weights = taps.weights.data();
  const auto load = [&](const Sample* row) HWY_ATTR {
    if constexpr (!kWindows) return load_fours(row, first);
    return hn::TableLookupBytes(load_eights(row, first), hn::BitCast(Samples(), hn::LoadU(Bytes(), order)));
  };
  for (std::size_t x = 0; x < outputs; x += kGroup) {
    hn::Vec<Sums> sums[kRows][2];
    for (std::size_t i = 0; i < 2; ++i, weights += 8 * kBlocks) {
      const auto weight = hn::LoadU(Samples(), weights);
      for (std::size_t row = 0; row < kRows; ++row) sums[row][i] = add_products(load(rows[row]), weight, hn::Zero(Sums()));
      first += kWindows ? kBlocks : 2 * kBlocks;
      order += kWindows ? 16 * kBlocks : 0;
    }
    for (std::size_t row = 0; row < kRows; ++row) store_sums(add_neighbours(sums[row][0], sums[row][1]), out[row] + x);
  }
}

template <std::size_t kRows>
void pick_rows(const RowTaps& taps, Sample* const* rows, float* const* out) {
  switch (taps.chunks) {
    case 0:
      return taps.order.empty() ? pick_fours<kRows, false>(taps, rows, out) : pick_fours<kRows, true>(taps, rows, out);
    case 1:
      return pick_eights<kRows, 1>(taps, rows, out);
    case 2:
      return pick_eights<kRows, 2>(taps, rows, out);
    default:
      return pick_eights<kRows, 0>(taps, rows, out);
  }
}

void pick(const RowTaps& taps, std::span<Sample* const> rows, std::span<float* const> out) {
  switch (rows.size()) {
    case 1:
      return pick_rows<1>(taps, rows.data(), out.data());
    case 2:
      return pick_rows<2>(taps, rows.data(), out.data());
    default:
      return pick_rows<3>(taps, rows.data(), out.data());
  }
}

#endif  // HWY_TARGET != HWY_SCALAR

using Pixels = hn::ScalableTag<float>;

HWY_INLINE void store_elements(hn::Vec<Pixels> pixel, hn::Vec<Pixels> gain, hn::Vec<Pixels> bias, float* to) {
  hn::StoreU(hn::MulAdd(pixel, gain, bias), Pixels(), to);
}
HWY_INLINE void store_elements(hn::Vec<Pixels> pixel, hn::Vec<Pixels> gain, hn::Vec<Pixels> bias, hwy::float16_t* to) {
  const hn::Rebind<hwy::float16_t, Pixels> d;
  hn::StoreU(hn::DemoteTo(d, hn::MulAdd(pixel, gain, bias)), d, to);
}
HWY_INLINE void store_elements(hn::Vec<Pixels> pixel, hn::Vec<Pixels>, hn::Vec<Pixels>, std::uint8_t* to) {
  const hn::Rebind<std::uint8_t, Pixels> d;
  hn::StoreU(hn::DemoteTo(d, hn::NearestInt(pixel)), d, to);
}

template <typename T, bool kYuv>
void color_of(const ColorRow& row) {
  const Pixels d;
  const std::size_t step = hn::Lanes(d);
  const auto zero = hn::Zero(d), most = hn::Set(d, 255.0f);
  const auto scale = hn::Set(d, row.scale);
  const auto red_cr = hn::Set(d, row.red_cr), green_cb = hn::Set(d, row.green_cb), green_cr = hn::Set(d, row.green_cr),
             blue_cb = hn::Set(d, row.blue_cb);
  const auto red_offset = hn::Set(d, row.offset[0]), green_offset = hn::Set(d, row.offset[1]),
             blue_offset = hn::Set(d, row.offset[2]);
  const auto convert = [&](std::size_t x, T* red, T* green, T* blue) HWY_ATTR {
    const auto a = hn::LoadU(d, row.from[0] + x), b = hn::LoadU(d, row.from[1] + x), c = hn::LoadU(d, row.from[2] + x);
    const auto store = [&](hn::Vec<Pixels> value, std::size_t color, T* to) HWY_ATTR {
      const auto pixel = hn::Round(hn::Min(hn::Max(value, zero), most));
      store_elements(pixel, hn::Set(d, row.gain[color]), hn::Set(d, row.bias[color]), to);
    };
    if constexpr (kYuv) {
      store(hn::MulAdd(c, red_cr, hn::MulAdd(a, scale, red_offset)), 0, red);
      store(hn::MulAdd(c, green_cr, hn::MulAdd(b, green_cb, hn::MulAdd(a, scale, green_offset))), 1, green);
      store(hn::MulAdd(b, blue_cb, hn::MulAdd(a, scale, blue_offset)), 2, blue);
    } else {
      store(hn::MulAdd(a, scale, red_offset), 0, red);
      store(hn::MulAdd(b, scale, green_offset), 1, green);
      store(hn::MulAdd(c, scale, blue_offset), 2, blue);
    }
  };
  T* const red = reinterpret_cast<T*>(row.to[0]);
  T* const green = reinterpret_cast<T*>(row.to[1]);
  T* const blue = reinterpret_cast<T*>(row.to[2]);
  std::size_t x = 0;
  for (; x + step <= row.count; x += step) convert(x, red + x, green + x, blue + x);
  if (x == row.count) return;
  T last[3][HWY_MAX_BYTES / sizeof(float)];
  convert(x, last[0], last[1], last[2]);
  const std::size_t bytes = (row.count - x) * sizeof(T);
  std::memcpy(red + x, last[0], bytes);
  std::memcpy(green + x, last[1], bytes);
  std::memcpy(blue + x, last[2], bytes);
}

template <typename T>
void color_as(const ColorRow& row) {
  return row.yuv ? color_of<T, true>(row) : color_of<T, false>(row);
}

void color(const ColorRow& row) {
  switch (row.element) {
    case Element::kFloat32:
      return color_as<float>(row);
    case Element::kFloat16:
      return color_as<hwy::float16_t>(row);
    case Element::kUint8:
      return color_as<std::uint8_t>(row);
  }
}

template <typename T>
void fill_as(float value, std::byte* to, std::size_t count) {
  const Pixels d;
  T elements[HWY_MAX_BYTES / sizeof(float)];
  store_elements(hn::Set(d, value), hn::Set(d, 1.0f), hn::Zero(d), elements);
  std::fill_n(reinterpret_cast<T*>(to), count, elements[0]);
}

void fill(Element element, float value, std::byte* to, std::size_t count) {
  switch (element) {
    case Element::kFloat32:
      return fill_as<float>(value, to, count);
    case Element::kFloat16:
      return fill_as<hwy::float16_t>(value, to, count);
    case Element::kUint8:
      return fill_as<std::uint8_t>(value, to, count);
  }
}

const RowKernels& kernels() {
#if HWY_TARGET == HWY_SCALAR
  static constexpr RowKernels kKernels{0, nullptr, nullptr, nullptr, nullptr, nullptr, &color, &fill};
#else
  static constexpr RowKernels kKernels{kBlocks, &blend, &blend_pairs, &split_pairs, &split_triples, &pick, &color, &fill};
#endif
  return kKernels;
}

}  // namespace HWY_NAMESPACE
}  // namespace vedette::vision
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vedette::vision {

HWY_EXPORT(kernels);
const RowKernels& row_kernels() { return HWY_DYNAMIC_DISPATCH(kernels)(); }

RowTaps::RowTaps(const Taps& taps, std::uint32_t blocks) {
  const std::uint32_t group = 4 * blocks;
  const auto count = static_cast<std::uint32_t>(taps.first.size());
  chunks = taps.count <= 4 ? 0 : (taps.count + 7) / 8;
  outputs = (count + group - 1) / group * group;
  // Behind the last output come copies of it.
  const auto first_of = [&](std::uint32_t output) { return taps.first[std::min(output, count - 1)]; };
  const auto add_weights = [&](std::uint32_t output, std::uint32_t begin, std::uint32_t end) {
    const std::vector<std::uint16_t> whole = whole_weights(taps, std::min(output, count - 1), kPickOne);
    for (std::uint32_t k = begin; k < end; ++k)
      weights.push_back(k < whole.size() ? static_cast<std::int16_t>(whole[k]) : std::int16_t{0});
  };
  bool windows = chunks == 0;
  for (std::uint32_t output = 0; windows && output < outputs; ++output)
    windows = output % 4 >= 2 || first_of(output + 2) + taps.count <= first_of(output) + 8;
  const auto add_order = [&](std::uint32_t from) {
    for (std::uint32_t byte = 2 * from; byte < 2 * from + 8; ++byte) order.push_back(static_cast<std::uint8_t>(byte % 16));
  };

  for (std::uint32_t begin = 0; begin < outputs; begin += group)
    for (std::uint32_t vector = 0; vector < (chunks == 0 ? 2u : 4u); ++vector) {
      for (std::uint32_t block = 0; block < blocks; ++block) {
        const std::uint32_t output = begin + 4 * block + vector;
        first.push_back(first_of(output));
        if (chunks > 0) continue;
        add_weights(output, 0, 4);
        add_weights(output + 2, 0, 4);
        if (!windows) first.push_back(first_of(output + 2));
        if (windows) add_order(0);
        if (windows) add_order(first_of(output + 2) - first_of(output));
      }
      for (std::uint32_t chunk = 0; chunk < chunks; ++chunk)
        for (std::uint32_t block = 0; block < blocks; ++block) add_weights(begin + 4 * block + vector, 8 * chunk, 8 * chunk + 8);
    }
}

}  // namespace vedette::vision
#endif  // HWY_ONCE
