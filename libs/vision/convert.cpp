#include "vision/convert.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "vision/color.h"

namespace vedette::vision {
namespace {

constexpr int kShift = 14;  // fixed point: |coefficient| < 2, |byte| < 256, sums of four stay below 2^31
constexpr int kHalf = 1 << (kShift - 1);

constexpr std::uint32_t half(std::uint32_t side) { return (side + 1) / 2; }
constexpr int fixed(double value) { return static_cast<int>(value * (1 << kShift) + (value < 0 ? -0.5 : 0.5)); }
inline std::uint8_t to_byte(int value) { return static_cast<std::uint8_t>(std::clamp(value >> kShift, 0, 255)); }

// A linear map from one kind of YCbCr to full-range BT.601. Grey stays grey, so chroma doesn't depend on luma.
struct Remap {
  int luma, luma_black, luma_cb, luma_cr;
  int cb_cb, cb_cr, cr_cb, cr_cr;
};

constexpr Remap remap_from(ColorMatrix matrix, ColorRange range) {
  const YuvToRgb rgb = yuv_to_rgb(matrix, range);
  const LumaWeights to = luma_weights(ColorMatrix::BT601);
  const double green = 1.0 - to.red - to.blue;
  const double luma_cb = green * rgb.green_cb + to.blue * rgb.blue_cb;
  const double luma_cr = to.red * rgb.red_cr + green * rgb.green_cr;
  const double cb = 0.5 / (1.0 - to.blue);  // Cb = (B − Y) · cb
  const double cr = 0.5 / (1.0 - to.red);
  return {fixed(rgb.luma),      static_cast<int>(rgb.black),         fixed(luma_cb),
          fixed(luma_cr),       fixed((rgb.blue_cb - luma_cb) * cb), fixed(-luma_cr * cb),
          fixed(-luma_cb * cr), fixed((rgb.red_cr - luma_cr) * cr)};
}

// Luma first: with BT.709 it needs the chroma as it was.
void remap_planes(Image& image, const Remap& map, bool luma_needs_chroma) {
  const ImageView view = image.view();
  for (std::uint32_t y = 0; y < view.height; ++y) {
    std::uint8_t* __restrict row = image.row(0, y);
    if (!luma_needs_chroma) {
      for (std::uint32_t x = 0; x < view.width; ++x) row[x] = to_byte(map.luma * (row[x] - map.luma_black) + kHalf);
      continue;
    }
    const std::uint8_t* __restrict cb = view.row(1, y / 2);
    const std::uint8_t* __restrict cr = view.row(2, y / 2);
    for (std::uint32_t x = 0; x < view.width; ++x)
      row[x] = to_byte(map.luma * (row[x] - map.luma_black) + map.luma_cb * (cb[x / 2] - 128) + map.luma_cr * (cr[x / 2] - 128) +
                       kHalf);
  }
  for (std::uint32_t y = 0; y < half(view.height); ++y) {
    std::uint8_t* __restrict cb = image.row(1, y);
    std::uint8_t* __restrict cr = image.row(2, y);
    for (std::uint32_t x = 0; x < half(view.width); ++x) {
      const int blue = cb[x] - 128;
      const int red = cr[x] - 128;
      cb[x] = to_byte(map.cb_cb * blue + map.cb_cr * red + (128 << kShift) + kHalf);
      cr[x] = to_byte(map.cr_cb * blue + map.cr_cr * red + (128 << kShift) + kHalf);
    }
  }
}

void copy_rows(const ImageView& from, int plane, Image& to, std::uint32_t width, std::uint32_t rows) {
  for (std::uint32_t y = 0; y < rows; ++y) std::memcpy(to.row(plane, y), from.row(plane, y), width);
}

void split_nv12(const ImageView& from, Image& to) {
  copy_rows(from, 0, to, from.width, from.height);
  for (std::uint32_t y = 0; y < half(from.height); ++y) {
    const std::uint8_t* __restrict pairs = from.row(1, y);
    std::uint8_t* __restrict cb = to.row(1, y);
    std::uint8_t* __restrict cr = to.row(2, y);
    for (std::uint32_t x = 0; x < half(from.width); ++x) {
      cb[x] = pairs[2 * x];
      cr[x] = pairs[2 * x + 1];
    }
  }
}

void split_yuyv(const ImageView& from, Image& to) {
  for (std::uint32_t y = 0; y < from.height; ++y) {
    const std::uint8_t* __restrict pixels = from.row(0, y);
    std::uint8_t* __restrict luma = to.row(0, y);
    for (std::uint32_t x = 0; x < from.width; ++x) luma[x] = pixels[2 * x];
  }
  for (std::uint32_t y = 0; y < half(from.height); ++y) {
    const std::uint8_t* __restrict upper = from.row(0, 2 * y);
    const std::uint8_t* __restrict lower = from.row(0, std::min(2 * y + 1, from.height - 1));
    std::uint8_t* __restrict cb = to.row(1, y);
    std::uint8_t* __restrict cr = to.row(2, y);
    for (std::uint32_t x = 0; x < half(from.width); ++x) {
      cb[x] = static_cast<std::uint8_t>((upper[4 * x + 1] + lower[4 * x + 1] + 1) / 2);
      cr[x] = static_cast<std::uint8_t>((upper[4 * x + 3] + lower[4 * x + 3] + 1) / 2);
    }
  }
}

void gray_planes(const ImageView& from, Image& to) {
  copy_rows(from, 0, to, from.width, from.height);
  for (int plane = 1; plane <= 2; ++plane) std::memset(to.plane(plane), 128, to.stride(plane) * half(from.height));
}

// `red`: index of red in a pixel's three bytes.
void rgb_planes(const ImageView& from, Image& to, std::size_t red) {
  constexpr LumaWeights kWeights = luma_weights(ColorMatrix::BT601);
  constexpr double kCb = 0.5 / (1.0 - kWeights.blue);
  constexpr double kCr = 0.5 / (1.0 - kWeights.red);
  constexpr int kRed = fixed(kWeights.red), kBlue = fixed(kWeights.blue), kGreen = (1 << kShift) - kRed - kBlue;
  constexpr int kCbRed = fixed(-kWeights.red * kCb), kCbBlue = fixed(0.5), kCbGreen = -kCbRed - kCbBlue;
  constexpr int kCrRed = fixed(0.5), kCrBlue = fixed(-kWeights.blue * kCr), kCrGreen = -kCrRed - kCrBlue;
  const std::size_t blue = 2 - red;
  for (std::uint32_t y = 0; y < from.height; ++y) {
    const std::uint8_t* __restrict pixels = from.row(0, y);
    std::uint8_t* __restrict luma = to.row(0, y);
    for (std::uint32_t x = 0; x < from.width; ++x)
      luma[x] = to_byte(kRed * pixels[3 * x + red] + kGreen * pixels[3 * x + 1] + kBlue * pixels[3 * x + blue] + kHalf);
  }
  for (std::uint32_t y = 0; y < half(from.height); ++y) {
    const std::uint8_t* upper = from.row(0, 2 * y);
    const std::uint8_t* lower = from.row(0, std::min(2 * y + 1, from.height - 1));
    for (std::uint32_t x = 0; x < half(from.width); ++x) {
      const std::size_t left = 6 * std::size_t{x};
      const std::size_t right = 3 * std::size_t{std::min(2 * x + 1, from.width - 1)};
      const auto sum = [&](std::size_t c) { return upper[left + c] + upper[right + c] + lower[left + c] + lower[right + c]; };
      const int r = sum(red), g = sum(1), b = sum(blue);  // four times the mean: shifted back below
      const auto chroma = [](int weighted) { return to_byte(((weighted + 2) >> 2) + (128 << kShift) + kHalf); };
      to.row(1, y)[x] = chroma(kCbRed * r + kCbGreen * g + kCbBlue * b);
      to.row(2, y)[x] = chroma(kCrRed * r + kCrGreen * g + kCrBlue * b);
    }
  }
}

}  // namespace

bool has_jpeg_planes(const ImageView& image) {
  return image.format == PixelFormat::I420 && image.matrix == ColorMatrix::BT601 && image.range == ColorRange::Full;
}

void to_jpeg_planes(const ImageView& image, Image& out) {
  out.reshape(PixelFormat::I420, image.width, image.height);
  out.set_color(ColorMatrix::BT601, ColorRange::Full);
  switch (image.format) {
    case PixelFormat::I420:
      copy_rows(image, 0, out, image.width, image.height);
      for (int plane = 1; plane <= 2; ++plane) copy_rows(image, plane, out, half(image.width), half(image.height));
      break;
    case PixelFormat::NV12:
      split_nv12(image, out);
      break;
    case PixelFormat::YUYV:
      split_yuyv(image, out);
      break;
    case PixelFormat::GRAY8:
      gray_planes(image, out);
      break;
    case PixelFormat::RGB24:
      rgb_planes(image, out, 0);
      return;
    case PixelFormat::BGR24:
      rgb_planes(image, out, 2);
      return;
    case PixelFormat::Unknown:
      VD_ASSERT(false, "a view without a format");
      return;
  }
  if (image.range == ColorRange::Full && image.matrix == ColorMatrix::BT601) return;
  remap_planes(out, remap_from(image.matrix, image.range), image.matrix == ColorMatrix::BT709);
}

}  // namespace vedette::vision
