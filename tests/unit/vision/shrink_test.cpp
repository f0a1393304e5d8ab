#include "vision/shrink.h"

#include <gtest/gtest.h>

namespace vedette::vision {
namespace {

Image picture(std::uint32_t width, std::uint32_t height, std::uint8_t (*value)(int plane, std::uint32_t x, std::uint32_t y)) {
  Image image;
  image.reshape(PixelFormat::I420, width, height);
  image.set_color(ColorMatrix::BT601, ColorRange::Full);
  for (int plane = 0; plane < 3; ++plane)
    for (std::uint32_t y = 0; y < (plane == 0 ? height : (height + 1) / 2); ++y)
      for (std::uint32_t x = 0; x < (plane == 0 ? width : (width + 1) / 2); ++x) image.row(plane, y)[x] = value(plane, x, y);
  return image;
}

TEST(Shrink, EachPixelIsTheMeanOfThoseItStandsFor) {
  const Image large =
      picture(8, 4, [](int, std::uint32_t x, std::uint32_t y) { return static_cast<std::uint8_t>(x * 20 + y % 2 * 10); });
  Image small;
  shrink(large.view(), 4, 2, small);
  ASSERT_EQ(small.view().width, 4u);
  ASSERT_EQ(small.view().height, 2u);
  EXPECT_EQ(small.view().range, ColorRange::Full);
  // In the middle of a ramp a mean is the value there, whatever the filter's shape.
  EXPECT_NEAR(small.view().row(0, 0)[1], 55, 1);
  EXPECT_NEAR(small.view().row(0, 1)[2], 95, 1);
}

TEST(Shrink, AnEvenPictureStaysSo) {
  for (const auto& [width, height] : {std::pair{1u, 1u}, {2u, 3u}, {63u, 47u}, {64u, 48u}, {64u, 1u}}) {
    const Image large =
        picture(64, 48, [](int plane, std::uint32_t, std::uint32_t) { return static_cast<std::uint8_t>(50 + plane * 70); });
    Image small;
    shrink(large.view(), width, height, small);
    for (int plane = 0; plane < 3; ++plane)
      for (std::uint32_t y = 0; y < (plane == 0 ? height : (height + 1) / 2); ++y)
        for (std::uint32_t x = 0; x < (plane == 0 ? width : (width + 1) / 2); ++x)
          ASSERT_EQ(small.view().row(plane, y)[x], 50 + plane * 70) << width << "x" << height;
  }
}

}  // namespace
}  // namespace vedette::vision
