#include "vision/test_pattern.h"

#include <gtest/gtest.h>

#include "guarded_planes.h"
#include "pictures.h"
#include "vision/jpeg.h"
#include "vision/jpeg_planes.h"
#include "vision/pixel_pass.h"

namespace vedette::vision {
namespace {

constexpr PixelFormat kFormats[] = {PixelFormat::I420, PixelFormat::NV12, PixelFormat::YUYV, PixelFormat::GRAY8};
constexpr std::pair<std::uint32_t, std::uint32_t> kSizes[] = {{1920, 1080}, {1280, 720}, {640, 480},  {321, 241},
                                                              {96, 96},     {97, 131},   {1080, 1920}};

TestStamp some_stamp(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  return {random(), random()};
}
bool operator==(const TestStamp& a, const TestStamp& b) { return a.number == b.number && a.at_ns == b.at_ns; }

void expect_stamp(const ImageView& picture, const TestStamp& stamp, const std::string& what) {
  const auto read = read_test_pattern(picture);
  ASSERT_TRUE(read.has_value()) << what;
  EXPECT_TRUE(*read == stamp) << what << ": " << read->number << " " << read->at_ns;
}

TEST(TestPattern, IsReadFromEveryFormatRangeAndSize) {
  for (const PixelFormat format : kFormats)
    for (const ColorRange range : {ColorRange::Limited, ColorRange::Full})
      for (const auto& [width, height] : kSizes)
        for (const TestStamp& stamp :
             {TestStamp{0, 0}, TestStamp{~0ull, ~0ull}, TestStamp{1, 123'456'789'012'345}, some_stamp(3)}) {
          GuardedPlanes planes(format, width, height);
          draw_test_pattern(planes.image(), range, stamp);
          ASSERT_TRUE(planes.intact());
          expect_stamp(planes.view(range), stamp, std::string(to_string(format)) + " " + std::to_string(width));
        }
}

TEST(TestPattern, EveryByteIsDrawnAndStaysInItsRange) {
  for (const PixelFormat format : kFormats)
    for (const auto& [width, height] : {std::pair{97u, 131u}, {640u, 480u}, {3u, 5u}, {1u, 1u}})
      for (const std::uint64_t number : {0u, 17u, 89u}) {
        GuardedPlanes first(format, width, height), second(format, width, height);
        first.fill(3);
        second.fill(250);
        draw_test_pattern(first.image(), ColorRange::Limited, {number, 5});
        draw_test_pattern(second.image(), ColorRange::Limited, {number, 5});
        ASSERT_TRUE(first.intact() && second.intact());
        for (std::uint32_t y = 0; y < height; ++y)
          for (std::uint32_t x = 0; x < width; ++x) {
            const auto a = stored_at(first.view(), x, y), b = stored_at(second.view(), x, y);
            ASSERT_EQ(a, b) << to_string(format) << " " << width << " at " << x << ", " << y;
            for (const double value : a) ASSERT_TRUE(value >= 16 && value <= 240);
            ASSERT_LE(a[0], 235);
          }
      }
}

TEST(TestPattern, SomethingMoves) {
  GuardedPlanes a(PixelFormat::I420, 640, 480), b(PixelFormat::I420, 640, 480);
  draw_test_pattern(a.image(), ColorRange::Full, {10, 0});
  draw_test_pattern(b.image(), ColorRange::Full, {11, 0});
  EXPECT_NE(std::memcmp(a.view().row(0, 460), b.view().row(0, 460), 640), 0);
}

// Drawn, made a JPEG of low quality, decoded at every scale that leaves 96 pixels.
TEST(TestPattern, SurvivesJpegAndDecodingAtScale) {
  int read = 0;
  for (const PixelFormat format : kFormats)
    for (const ColorRange range : {ColorRange::Limited, ColorRange::Full})
      for (const auto& [width, height] : kSizes)
        for (const int quality : {50, 90})
          for (const int denominator : {1, 2, 4, 8}) {
            if (scaled_side(std::min(width, height), denominator) < kTestPatternMinSide) continue;
            const TestStamp stamp = some_stamp(std::uint64_t{width} * 7 + std::uint64_t(denominator));
            GuardedPlanes planes(format, width, height);
            draw_test_pattern(planes.image(), range, stamp);
            JpegEncoder encoder;
            const auto file = encoder.encode(planes.view(range), quality);
            ASSERT_TRUE(file.ok());
            JpegPlanesDecoder decoder;
            const auto header = decoder.read_header(*file);
            ASSERT_TRUE(header.ok());
            GuardedPlanes decoded(header->format, scaled_side(width, denominator), scaled_side(height, denominator));
            ASSERT_TRUE(decoder.decode(*file, *header, denominator, decoded.image()).ok());
            expect_stamp(decoded.view(), stamp,
                         std::to_string(width) + " q" + std::to_string(quality) + " 1/" + std::to_string(denominator));
            ++read;
          }
  EXPECT_GE(read, 200);
}

// As a model sees it: the pixel pass's tensor as bytes of RGB.
TEST(TestPattern, SurvivesStretchingAndLetterboxing) {
  for (const Fit fit : {Fit::kStretch, Fit::kLetterbox})
    for (const Filter filter : {Filter::kBilinear, Filter::kAntialiased})
      for (const auto& [width, height] : kSizes)
        for (const auto& [to_width, to_height] : {std::pair{384u, 384u}, {640u, 384u}, {320u, 512u}}) {
          const TestStamp stamp = some_stamp(width);
          GuardedPlanes planes(PixelFormat::I420, width, height);
          draw_test_pattern(planes.image(), ColorRange::Full, stamp);
          PixelPass pass(TensorSpec{.width = to_width, .height = to_height, .fit = fit, .filter = filter});
          if (fit == Fit::kLetterbox &&
              std::min(content_of(pass.spec(), width, height).width, content_of(pass.spec(), width, height).height) < 96)
            continue;
          std::vector<float> tensor(pass.spec().elements());
          pass.run(planes.view(), std::as_writable_bytes(std::span(tensor)));
          Image image;
          image.reshape(PixelFormat::RGB24, to_width, to_height);
          for (std::uint32_t y = 0; y < to_height; ++y)
            for (std::uint32_t x = 0; x < to_width; ++x)
              for (std::uint32_t c = 0; c < 3; ++c)
                image.row(0, y)[3 * x + c] = std::uint8_t(tensor[(std::size_t{c} * to_height + y) * to_width + x]);
          expect_stamp(image.view(), stamp,
                       std::to_string(width) + "x" + std::to_string(height) + " to " + std::to_string(to_width) +
                           (fit == Fit::kLetterbox ? " letterboxed" : ""));
        }
}

// Bars above and below, of any brightness.
TEST(TestPattern, IsFoundBetweenBars) {
  for (const std::uint8_t bars : {std::uint8_t{0}, std::uint8_t{114}, std::uint8_t{255}})
    for (const std::uint32_t top : {0u, 84u, 168u}) {
      GuardedPlanes planes(PixelFormat::GRAY8, 384, 384);
      planes.fill(bars);
      MutableImageView inner{PixelFormat::GRAY8, 384, 216, {}};
      inner.planes[0] = {planes.image().planes[0].data + planes.image().planes[0].stride * top, planes.image().planes[0].stride};
      draw_test_pattern(inner, ColorRange::Full, {7, 8});
      expect_stamp(planes.view(), {7, 8}, std::to_string(top));
    }
}

TEST(TestPattern, WhatIsNoPatternIsNotRead) {
  for (const PixelFormat format : kFormats)
    for (const bool smooth : {false, true})
      for (std::uint32_t seed = 0; seed < 5; ++seed)
        EXPECT_FALSE(read_test_pattern(make_picture(format, 320, 240, ColorMatrix::BT601, ColorRange::Full, smooth, seed).view));
  EXPECT_FALSE(read_test_pattern(make_picture(PixelFormat::I420, 1, 1, ColorMatrix::BT601, ColorRange::Full).view));
  // One cell of the bits turned over.
  GuardedPlanes planes(PixelFormat::GRAY8, 320, 240);
  draw_test_pattern(planes.image(), ColorRange::Full, {77, 88});
  ASSERT_TRUE(read_test_pattern(planes.view()));
  for (std::uint32_t y = 96; y < 111; ++y)
    for (std::uint32_t x = 123; x < 142; ++x) {
      std::uint8_t& pixel = planes.image().planes[0].data[planes.image().planes[0].stride * y + x];
      pixel = std::uint8_t(255 - pixel);
    }
  EXPECT_FALSE(read_test_pattern(planes.view()));
}

}  // namespace
}  // namespace vedette::vision
