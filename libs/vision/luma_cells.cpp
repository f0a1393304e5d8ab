#include "vision/luma_cells.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "base/check.h"
#include "vision/color.h"

// What stands between BEFORE and AFTER is compiled once for each instruction set; the processor's best is chosen at run time.
// Machines with SVE have NEON.
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "vision/luma_cells.cpp"
#include <hwy/foreach_target.h>

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace vedette::vision::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr LumaWeights kWeights = luma_weights(ColorMatrix::BT601);
constexpr auto kRed = static_cast<std::uint32_t>(kWeights.red * 256 + 0.5);
constexpr auto kBlue = static_cast<std::uint32_t>(kWeights.blue * 256 + 0.5);
constexpr std::uint32_t kGreen = 256 - kRed - kBlue;

#if HWY_TARGET == HWY_SCALAR

// Each of `sums` is of so many neighbouring pixels over all rows.
template <class Luma>
void sum_pixels(const std::uint8_t* top, std::size_t stride, std::size_t rows, std::size_t width, std::size_t pixels,
                std::uint32_t* sums, Luma luma) {
  for (std::size_t x = 0; x < width; ++x) {
    std::uint32_t sum = 0;
    for (std::size_t row = 0; row < rows; ++row) sum += luma(top + row * stride, x);
    sums[x / pixels] = sum + (x % pixels == 0 ? 0 : sums[x / pixels]);
  }
}
void sum_planar(const std::uint8_t* top, std::size_t stride, std::size_t rows, std::size_t width, std::uint32_t* sums) {
  sum_pixels(top, stride, rows, width, 4, sums, [](const std::uint8_t* row, std::size_t x) { return std::uint32_t{row[x]}; });
}
void sum_yuyv(const std::uint8_t* top, std::size_t stride, std::size_t rows, std::size_t width, std::uint32_t* sums) {
  sum_pixels(top, stride, rows, width, 2, sums, [](const std::uint8_t* row, std::size_t x) { return std::uint32_t{row[2 * x]}; });
}
template <std::uint32_t kFirst, std::uint32_t kLast>
void sum_interleaved(const std::uint8_t* top, std::size_t stride, std::size_t rows, std::size_t width, std::uint32_t* sums) {
  sum_pixels(top, stride, rows, width, 4, sums, [](const std::uint8_t* row, std::size_t x) {
    return kFirst * row[3 * x] + kGreen * row[3 * x + 1] + kLast * row[3 * x + 2];
  });
}

#else

using Bytes = hn::ScalableTag<std::uint8_t>;
using Pairs = hn::ScalableTag<std::uint16_t>;
using Quads = hn::ScalableTag<std::uint32_t>;

// Neighbours added, which leaves half as many lanes of twice the width.
template <class V>
HWY_INLINE hn::Vec<Pairs> pair_sums(V bytes) {
  const auto lanes = hn::BitCast(Pairs(), bytes);
  return hn::Add(hn::And(lanes, hn::Set(Pairs(), 0xFF)), hn::ShiftRight<8>(lanes));
}
template <class V>
HWY_INLINE hn::Vec<Quads> quad_sums(V pairs) {
  const auto lanes = hn::BitCast(Quads(), pairs);
  return hn::Add(hn::And(lanes, hn::Set(Quads(), 0xFFFF)), hn::ShiftRight<16>(lanes));
}

// Calls sum(first row, stride) for one vector after the other (of kChannels x lanes bytes) of `row_bytes`; the last one, cut off
// by the row's end, from a copy with zeros behind. Nothing outside the rows is read.
template <std::size_t kChannels, class Sum>
HWY_INLINE void for_each_vector(const std::uint8_t* top, std::size_t stride, std::size_t rows, std::size_t row_bytes, Sum sum) {
  const std::size_t step = kChannels * hn::Lanes(Bytes());
  std::size_t x = 0;
  for (; x + step <= row_bytes; x += step) sum(top + x, stride);
  if (x == row_bytes) return;
  HWY_ALIGN std::uint8_t copy[LumaCells::kMostRowsRead * kChannels * hn::MaxLanes(Bytes())] = {};
  for (std::size_t row = 0; row < rows; ++row) std::memcpy(copy + row * step, top + row * stride + x, row_bytes - x);
  sum(copy, step);
}

// Each of `sums` is of four neighbouring pixels over all rows.
void sum_planar(const std::uint8_t* top, std::size_t stride, std::size_t rows, std::size_t width, std::uint32_t* sums) {
  for_each_vector<1>(top, stride, rows, width, [&](const std::uint8_t* at, std::size_t next) HWY_ATTR {
    auto sum = pair_sums(hn::LoadU(Bytes(), at));
    for (std::size_t row = 1; row < rows; ++row) sum = hn::Add(sum, pair_sums(hn::LoadU(Bytes(), at + row * next)));
    hn::StoreU(quad_sums(sum), Quads(), sums);
    sums += hn::Lanes(Quads());
  });
}

// Of two pixels: every second byte is luma.
void sum_yuyv(const std::uint8_t* top, std::size_t stride, std::size_t rows, std::size_t width, std::uint32_t* sums) {
  const auto luma = hn::Set(Pairs(), 0xFF);
  for_each_vector<1>(top, stride, rows, 2 * width, [&](const std::uint8_t* at, std::size_t next) HWY_ATTR {
    auto sum = hn::And(hn::BitCast(Pairs(), hn::LoadU(Bytes(), at)), luma);
    for (std::size_t row = 1; row < rows; ++row)
      sum = hn::Add(sum, hn::And(hn::BitCast(Pairs(), hn::LoadU(Bytes(), at + row * next)), luma));
    hn::StoreU(quad_sums(sum), Quads(), sums);
    sums += hn::Lanes(Quads());
  });
}

// Of four pixels, in 1/256: each channel for itself, weighted at the end.
template <std::uint32_t kFirst, std::uint32_t kLast>
void sum_interleaved(const std::uint8_t* top, std::size_t stride, std::size_t rows, std::size_t width, std::uint32_t* sums) {
  for_each_vector<3>(top, stride, rows, 3 * width, [&](const std::uint8_t* at, std::size_t next) HWY_ATTR {
    auto first = hn::Zero(Pairs()), green = first, last = first;
    for (std::size_t row = 0; row < rows; ++row) {
      auto a = hn::Zero(Bytes()), b = a, c = a;
      hn::LoadInterleaved3(Bytes(), at + row * next, a, b, c);
      first = hn::Add(first, pair_sums(a));
      green = hn::Add(green, pair_sums(b));
      last = hn::Add(last, pair_sums(c));
    }
    const auto ends =
        hn::Add(hn::Mul(quad_sums(first), hn::Set(Quads(), kFirst)), hn::Mul(quad_sums(last), hn::Set(Quads(), kLast)));
    hn::StoreU(hn::Add(ends, hn::Mul(quad_sums(green), hn::Set(Quads(), kGreen))), Quads(), sums);
    sums += hn::Lanes(Quads());
  });
}

#endif

void sum_rgb(const std::uint8_t* top, std::size_t stride, std::size_t rows, std::size_t width, std::uint32_t* sums) {
  sum_interleaved<kRed, kBlue>(top, stride, rows, width, sums);
}
void sum_bgr(const std::uint8_t* top, std::size_t stride, std::size_t rows, std::size_t width, std::uint32_t* sums) {
  sum_interleaved<kBlue, kRed>(top, stride, rows, width, sums);
}

}  // namespace vedette::vision::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vedette::vision {
namespace {

HWY_EXPORT(sum_planar);
HWY_EXPORT(sum_yuyv);
HWY_EXPORT(sum_rgb);
HWY_EXPORT(sum_bgr);

constexpr std::uint32_t kLeastSide = 4;  // of a cell; all are multiples of it, and of the pixels in a sum

struct Sums {
  std::uint32_t pixels;  // in each
  float one;             // what a pixel of brightness 1 adds
};

Sums sum_rows(const ImageView& image, std::uint32_t y, std::size_t step, std::size_t rows, std::uint32_t* sums) {
  const std::uint8_t* top = image.row(0, y);
  const std::size_t stride = image.planes[0].stride * step, width = image.width;
  switch (image.format) {
    case PixelFormat::I420:
    case PixelFormat::NV12:
    case PixelFormat::GRAY8:
      HWY_DYNAMIC_DISPATCH(sum_planar)(top, stride, rows, width, sums);
      return {4, 1.0f};
    case PixelFormat::YUYV:
      HWY_DYNAMIC_DISPATCH(sum_yuyv)(top, stride, rows, width, sums);
      return {2, 1.0f};
    case PixelFormat::RGB24:
      HWY_DYNAMIC_DISPATCH(sum_rgb)(top, stride, rows, width, sums);
      return {4, 256.0f};
    case PixelFormat::BGR24:
      HWY_DYNAMIC_DISPATCH(sum_bgr)(top, stride, rows, width, sums);
      return {4, 256.0f};
    case PixelFormat::Unknown:
      break;
  }
  VD_ASSERT(false, "a picture without a format");
  return {};
}

// Of luma as it is stored: full = (stored - black) * stretch.
struct Range {
  float black, stretch;
};
Range range_of(const ImageView& image) {
  if (image.format == PixelFormat::RGB24 || image.format == PixelFormat::BGR24) return {0.0f, 1.0f};
  const YuvToRgb conversion = yuv_to_rgb(image.matrix, image.range);
  return {static_cast<float>(conversion.black), static_cast<float>(conversion.luma)};
}

// Each of `totals` is of the next `count` sums.
template <std::uint32_t kCount>
void add_up(const std::uint32_t* sums, std::uint32_t count, std::span<std::int32_t> totals) {
  if (kCount != 0) count = kCount;
  for (std::int32_t& total : totals) {
    std::uint32_t sum = 0;
    for (std::uint32_t index = 0; index < count; ++index) sum += *sums++;
    total = static_cast<std::int32_t>(sum);
  }
}
void add_up(const std::uint32_t* sums, std::uint32_t count, std::span<std::int32_t> totals) {
  switch (count) {  // what loops over a known count are worth: common sizes of cells
    case 1:
      return add_up<1>(sums, count, totals);
    case 2:
      return add_up<2>(sums, count, totals);
    case 3:
      return add_up<3>(sums, count, totals);
    case 6:
      return add_up<6>(sums, count, totals);
    default:
      return add_up<0>(sums, count, totals);
  }
}

// means[i] = totals[i] * scale + offset, rounded.
void to_means(std::span<const std::int32_t> totals, float scale, float offset, std::span<std::uint8_t> means) {
  for (std::size_t index = 0; index < totals.size(); ++index) {
    const float mean = static_cast<float>(totals[index]) * scale + offset;
    means[index] = static_cast<std::uint8_t>(static_cast<std::int32_t>(std::clamp(mean, 0.0f, 255.0f) + 0.5f));
  }
}

}  // namespace

void LumaCells::reshape(std::uint32_t width, std::uint32_t height) {
  VD_ASSERT(width >= 1 && height >= 1 && width <= kMaxSide && height <= kMaxSide, "impossible picture");
  const auto parts = [](std::uint32_t whole, std::uint32_t part) { return (whole + part - 1) / part; };
  width_ = width;
  height_ = height;
  side_ = parts(parts(std::max(width, height), kMostCellsASide), kLeastSide) * kLeastSide;
  row_step_ = parts(side_, kMostRowsRead);
  columns_ = parts(width, side_);
  rows_ = parts(height, side_);
  sums_.assign(parts(width, 2) + hwy::kMaxVectorSize, 0);
  totals_.assign(columns_, 0);
  means_.assign(std::size_t{columns_} * rows_, 0);
}

bool LumaCells::measure(const ImageView& image) {
  const bool other_size = image.width != width_ || image.height != height_;
  if (other_size) reshape(image.width, image.height);
  const Range range = range_of(image);
  const std::uint32_t whole = columns_ - 1;  // cells of full width
  const std::uint32_t last_width = width_ - whole * side_;
  for (std::uint32_t row = 0; row < rows_; ++row) {
    const std::uint32_t height = std::min(side_, height_ - row * side_);
    const std::uint32_t first = std::min(row_step_ / 2, height - 1), read = (height - 1 - first) / row_step_ + 1;
    const Sums sums = sum_rows(image, row * side_ + first, row_step_, read, sums_.data());
    const std::uint32_t a_cell = side_ / sums.pixels;
    add_up(sums_.data(), a_cell, std::span(totals_).first(whole));
    add_up(sums_.data() + whole * a_cell, (last_width + sums.pixels - 1) / sums.pixels, std::span(totals_).last(1));
    const float rows_scale = range.stretch / (sums.one * static_cast<float>(read)), offset = -range.black * range.stretch;
    const std::span<std::uint8_t> means = std::span(means_).subspan(std::size_t{row} * columns_, columns_);
    to_means(std::span(totals_).first(whole), rows_scale / static_cast<float>(side_), offset, means);
    to_means(std::span(totals_).last(1), rows_scale / static_cast<float>(last_width), offset, means.last(1));
  }
  return other_size;
}

}  // namespace vedette::vision
#endif
