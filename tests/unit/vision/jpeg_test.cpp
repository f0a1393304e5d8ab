#include "vision/jpeg.h"

#include <gtest/gtest.h>
#include <turbojpeg.h>

#include "pictures.h"
#include "vision/convert.h"

namespace vedette::vision {
namespace {

constexpr PixelFormat kFormats[] = {PixelFormat::I420,  PixelFormat::NV12,  PixelFormat::YUYV,
                                    PixelFormat::GRAY8, PixelFormat::RGB24, PixelFormat::BGR24};

// 8x8 pixels, red in columns 0..2 and blue in 3..7, as a 4:4:4 file.
std::vector<std::byte> full_chroma_jpeg() {
  std::vector<unsigned char> pixels;
  for (int i = 0; i < 64; ++i)
    pixels.insert(pixels.end(), {std::uint8_t(i % 8 < 3 ? 255 : 0), 0, std::uint8_t(i % 8 < 3 ? 0 : 255)});
  unsigned char* file = nullptr;
  unsigned long bytes = 0;
  const tjhandle handle = tjInitCompress();
  EXPECT_EQ(tjCompress2(handle, pixels.data(), 8, 0, 8, TJPF_RGB, &file, &bytes, TJSAMP_444, 100, 0), 0);
  const auto view = std::as_bytes(std::span(file, bytes));
  std::vector<std::byte> copy(view.begin(), view.end());
  tjFree(file);
  tjDestroy(handle);
  return copy;
}

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

TEST(Jpeg, FullChromaIsKeptAsRgb) {
  const std::vector<std::byte> file = full_chroma_jpeg();
  JpegDecoder decoder;
  Image image;
  ASSERT_TRUE(decoder.decode(file, image).ok());
  ASSERT_EQ(image.view().format, PixelFormat::RGB24);
  const auto red = stored_at(image.view(), 2, 4), blue = stored_at(image.view(), 3, 4);  // the border cuts a chroma pair
  EXPECT_GT(red[0], 240);
  EXPECT_LT(red[2], 15);
  EXPECT_LT(blue[0], 15);
  EXPECT_GT(blue[2], 240);
  ASSERT_TRUE(decoder.decode_i420(file, image).ok());
  EXPECT_EQ(image.view().format, PixelFormat::I420);
  EXPECT_EQ(image.view().width, 8u);
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
