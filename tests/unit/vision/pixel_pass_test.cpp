#include "vision/pixel_pass.h"

#include <gtest/gtest.h>

#include "pictures.h"

namespace vedette::vision {
namespace {

constexpr PixelFormat kFormats[] = {PixelFormat::I420,  PixelFormat::NV12,  PixelFormat::YUYV,
                                    PixelFormat::GRAY8, PixelFormat::RGB24, PixelFormat::BGR24};

// Weight of sample `i` of `count` for an output centred at `center` (in samples), by the definition of the filters.
double weight_of(std::int64_t i, std::int64_t count, double center, double step, Filter filter) {
  if (filter == Filter::kBilinear) {
    const double position = std::clamp(center - 0.5, 0.0, double(count - 1));
    return std::max(0.0, 1.0 - std::abs(double(i) - position));
  }
  const double radius = std::max(step, 1.0);
  const auto weight = [&](std::int64_t k) { return std::max(0.0, 1.0 - std::abs(double(k) + 0.5 - center) / radius); };
  double sum = 0;
  for (std::int64_t k = 0; k < count; ++k) sum += weight(k);
  return weight(i) / sum;
}

// One resampled component in double precision: every sample of the plane is asked for its weight.
double resampled(const ImageView& v, std::size_t component, std::uint32_t sub_x, std::uint32_t sub_y, double x, double y,
                 double step_x, double step_y, Filter filter) {
  const std::int64_t columns = (v.width + sub_x - 1) / sub_x, rows = (v.height + sub_y - 1) / sub_y;
  double sum = 0;
  for (std::int64_t j = 0; j < rows; ++j) {
    const double wy = weight_of(j, rows, y, step_y, filter);
    if (wy == 0) continue;
    for (std::int64_t i = 0; i < columns; ++i) {
      const double wx = weight_of(i, columns, x, step_x, filter);
      if (wx == 0) continue;
      sum += wx * wy * stored_at(v, std::uint32_t(i) * sub_x, std::uint32_t(j) * sub_y)[component];
    }
  }
  return sum;
}

// The whole pass, pixel by pixel.
std::vector<double> reference(const ImageView& v, const TensorSpec& spec) {
  const Content content = content_of(spec, v.width, v.height);
  const bool half_x = v.format == PixelFormat::I420 || v.format == PixelFormat::NV12 || v.format == PixelFormat::YUYV;
  const bool half_y = v.format == PixelFormat::I420 || v.format == PixelFormat::NV12;
  std::vector<double> tensor(spec.elements());
  for (std::uint32_t y = 0; y < spec.height; ++y)
    for (std::uint32_t x = 0; x < spec.width; ++x) {
      std::array<double, 3> rgb{spec.pad, spec.pad, spec.pad};
      if (x < content.width && y < content.height) {
        std::array<double, 3> stored{};
        for (std::size_t c = 0; c < 3; ++c) {
          const std::uint32_t sx = c > 0 && half_x ? 2 : 1, sy = c > 0 && half_y ? 2 : 1;
          const double step_x = double(v.width) / content.width / sx, step_y = double(v.height) / content.height / sy;
          stored[c] = resampled(v, c, sx, sy, (x + 0.5) * step_x, (y + 0.5) * step_y, step_x, step_y, spec.filter);
        }
        rgb = rgb_of(v, stored);
      }
      for (std::size_t place = 0; place < 3; ++place) {
        const double pixel = rgb[spec.order == ColorOrder::kRgb ? place : 2 - place];
        tensor[(place * spec.height + y) * spec.width + x] = (pixel * spec.scale - spec.mean[place]) / spec.deviation[place];
      }
    }
  return tensor;
}

// In steps of a byte: how far `tensor` is from `exact`, and (the second) from whole pixel values.
std::pair<double, double> largest_difference(const std::vector<float>& tensor, const std::vector<double>& exact,
                                             const TensorSpec& spec) {
  double off = 0, broken = 0;
  for (std::size_t i = 0; i < tensor.size(); ++i) {
    const std::size_t c = i / (std::size_t{spec.width} * spec.height);
    const auto pixel = [&](double value) { return (value * spec.deviation[c] + spec.mean[c]) / spec.scale; };
    if (!std::isfinite(tensor[i])) return {INFINITY, INFINITY};
    off = std::max(off, std::abs(pixel(tensor[i]) - pixel(exact[i])));
    broken = std::max(broken, std::abs(pixel(tensor[i]) - std::round(pixel(tensor[i]))));
  }
  return {off, broken};
}

struct Case {
  std::uint32_t width, height;
  TensorSpec spec;
};

std::vector<Case> cases() {
  const TensorSpec plain{.width = 13, .height = 9};
  TensorSpec smooth = plain, bgr = plain, boxed = plain;
  smooth.filter = Filter::kAntialiased;
  smooth.scale = 1.0f / 255.0f;
  smooth.mean = {0.485f, 0.456f, 0.406f};
  smooth.deviation = {0.229f, 0.224f, 0.225f};
  bgr.order = ColorOrder::kBgr;
  bgr.mean = {103.53f, 116.28f, 123.675f};
  bgr.deviation = {57.375f, 57.12f, 58.395f};
  boxed.fit = Fit::kLetterbox;
  boxed.order = ColorOrder::kBgr;
  std::vector<Case> all;
  for (const auto& [width, height] :
       {std::pair{26u, 18u}, {33u, 27u}, {13u, 9u}, {7u, 5u}, {1u, 1u}, {2u, 3u}, {64u, 3u}, {3u, 61u}})
    for (const TensorSpec& spec : {plain, smooth, bgr, boxed}) all.push_back({width, height, spec});
  return all;
}

TEST(PixelPass, AgreesWithTheDefinitionForEveryFormatAndColour) {
  for (const Case& c : cases())
    for (const PixelFormat format : kFormats)
      for (const ColorMatrix matrix : {ColorMatrix::BT601, ColorMatrix::BT709})
        for (const ColorRange range : {ColorRange::Limited, ColorRange::Full}) {
          const TestPicture picture = make_picture(format, c.width, c.height, matrix, range);
          PixelPass pass(c.spec);
          std::vector<float> tensor(c.spec.elements(), NAN);
          pass.run(picture.view, std::as_writable_bytes(std::span(tensor)));
          const auto [off, broken] = largest_difference(tensor, reference(picture.view, c.spec), c.spec);
          ASSERT_LT(broken, 0.001);
          ASSERT_LT(off, 0.5 + 0.1)  // rounding, and what floats lose
              << to_string(format) << " " << c.width << "x" << c.height << " matrix " << int(matrix) << " range " << int(range)
              << " filter " << int(c.spec.filter) << " fit " << int(c.spec.fit);
        }
}

TEST(PixelPass, KeepsPlansOfSeveralSizesApart) {
  const TensorSpec spec{.width = 16, .height = 16};
  PixelPass pass(spec);
  std::vector<float> tensor(spec.elements());
  for (int round = 0; round < 2; ++round)
    for (std::uint32_t size = 8; size < 48; size += 2) {  // more sizes than plans are kept
      const TestPicture picture = make_picture(PixelFormat::NV12, size, size + 3, ColorMatrix::BT601, ColorRange::Full);
      pass.run(picture.view, std::as_writable_bytes(std::span(tensor)));
      EXPECT_LT(largest_difference(tensor, reference(picture.view, spec), spec).first, 0.5 + 0.1) << size;
    }
}

TEST(PixelPass, LetterboxKeepsTheAspectRatio) {
  const TensorSpec spec{.width = 416, .height = 416, .fit = Fit::kLetterbox};
  EXPECT_EQ(content_of(spec, 768, 576).width, 416u);
  EXPECT_EQ(content_of(spec, 768, 576).height, 312u);
  EXPECT_EQ(content_of(spec, 100, 400).width, 104u);
  EXPECT_EQ(content_of(spec, 10000, 1).height, 1u);
}

// The planes are resampled before they become RGB; on a picture without wild chroma that must be what resampling RGB gives.
TEST(PixelPass, SubsampledChromaGivesThePictureThatRgbGives) {
  const TestPicture yuv = make_picture(PixelFormat::I420, 200, 150, ColorMatrix::BT601, ColorRange::Full, true);
  TestPicture rgb = make_picture(PixelFormat::RGB24, 200, 150, ColorMatrix::BT601, ColorRange::Full);
  for (std::uint32_t y = 0; y < 150; ++y)
    for (std::uint32_t x = 0; x < 200; ++x) {
      const auto pixel = rgb_of(yuv.view, stored_at(yuv.view, x, y));
      for (std::size_t c = 0; c < 3; ++c)
        rgb.planes[0][rgb.view.planes[0].stride * y + 3 * x + c] = std::uint8_t(std::lround(pixel[c]));
    }
  const TensorSpec spec{.width = 64, .height = 64, .filter = Filter::kAntialiased};
  std::vector<float> a(spec.elements()), b(spec.elements());
  PixelPass(spec).run(yuv.view, std::as_writable_bytes(std::span(a)));
  PixelPass(spec).run(rgb.view, std::as_writable_bytes(std::span(b)));
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += std::abs(a[i] - b[i]);
  EXPECT_LT(sum / double(a.size()), 1.0);
}

TEST(ImageView, LiesInsideItsSlotOrIsRefused) {
  const FrameLayout layout = frame_layout(PixelFormat::I420, 33, 17);
  std::vector<std::byte> slot(layout.slot_bytes);
  FrameInfo info;
  info.mutate_format(PixelFormat::I420);
  info.mutate_width(33), info.mutate_height(17), info.mutate_source_width(33), info.mutate_source_height(17);
  for (flatbuffers::uoffset_t i = 0; i < 3; ++i) {
    info.mutable_plane_offset()->Mutate(i, layout.planes[i].offset);
    info.mutable_plane_stride()->Mutate(i, layout.planes[i].stride);
  }
  const auto view = image_view(info, slot);
  ASSERT_TRUE(view.ok()) << view.error().text;
  EXPECT_EQ(view->row(2, 0), reinterpret_cast<const std::uint8_t*>(slot.data()) + layout.planes[2].offset);
  EXPECT_FALSE(image_view(info, std::span(slot).first(slot.size() / 2)).ok());
}

}  // namespace
}  // namespace vedette::vision
