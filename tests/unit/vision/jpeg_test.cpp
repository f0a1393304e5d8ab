#include "vision/jpeg.h"

#include <gtest/gtest.h>

#include "pictures.h"
#include "vision/convert.h"

namespace vedette::vision {
namespace {

constexpr PixelFormat kFormats[] = {PixelFormat::I420, PixelFormat::NV12, PixelFormat::YUYV, PixelFormat::GRAY8, PixelFormat::RGB24, PixelFormat::BGR24};

// Mean difference of RGB, in levels of 255.
double mean_difference(const ImageView& a, const ImageView& b) {
  double sum = 0;
  for (std::uint32_t y = 0; y < a.height; ++y)
    for (std::uint32_t x = 0; x < a.width; ++x) {
      const auto p = rgb_of(a, stored_at(a, x, y)), q = rgb_of(b, stored_at(b, x, y));
      for (std::size_t c = 0; c < 3; ++c) sum += std::abs(p[c] - q[c]);
    }
  return sum / (3.0 * a.width * a.height);
}

TEST(Jpeg, KeepsColoursOfEveryFormatMatrixAndRange) {
  for (const PixelFormat format : kFormats)
    for (const ColorMatrix matrix : {ColorMatrix::BT601, ColorMatrix::BT709})
      for (const ColorRange range : {ColorRange::Limited, ColorRange::Full})
        for (const auto& [width, height] : {std::pair{64u, 48u}, {65u, 47u}, {1u, 1u}, {2u, 3u}}) {
          const TestPicture picture = make_picture(format, width, height, matrix, range, true);
          JpegEncoder encoder;
          JpegDecoder decoder;
          auto file = encoder.encode(picture.view, 100);
          ASSERT_TRUE(file.ok()) << file.error().text;
          Image decoded;
          auto result = decoder.decode(*file, decoded);
          ASSERT_TRUE(result.ok()) << result.error().text;
          ASSERT_EQ(decoded.view().width, width);
          ASSERT_EQ(decoded.view().height, height);
          // A gradient at quality 100: rounding (and averaged chroma) is all that may differ.
          EXPECT_LT(mean_difference(picture.view, decoded.view()), width < 8 ? 8.0 : 3.0)
              << to_string(format) << " matrix " << int(matrix) << " range " << int(range) << " " << width << "x" << height;
        }
}

TEST(Jpeg, LimitedRangeIsExpanded) {
  TestPicture picture = make_picture(PixelFormat::I420, 32, 32, ColorMatrix::BT601, ColorRange::Limited);
  for (auto& byte : picture.planes[0]) byte = 235;
  for (std::size_t plane : {1u, 2u})
    for (auto& byte : picture.planes[plane]) byte = 128;
  Image planes;
  to_jpeg_planes(picture.view, planes);
  EXPECT_EQ(planes.row(0, 7)[9], 255);
  EXPECT_EQ(planes.row(1, 3)[4], 128);
}

TEST(Jpeg, EncodesFullRangeI420WhereItLies) {
  const TestPicture picture = make_picture(PixelFormat::I420, 64, 64, ColorMatrix::BT601, ColorRange::Full);
  EXPECT_TRUE(has_jpeg_planes(picture.view));
  ImageView limited = picture.view;
  limited.range = ColorRange::Limited;
  EXPECT_FALSE(has_jpeg_planes(limited));
}

TEST(Jpeg, GarbageIsRefusedWithASentence) {
  JpegDecoder decoder;
  Image out;
  EXPECT_FALSE(decoder.decode({}, out).ok());
  std::vector<std::byte> garbage(1000, std::byte{0x5a});
  const auto result = decoder.decode(garbage, out);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace vedette::vision
