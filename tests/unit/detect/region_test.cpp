#include <gtest/gtest.h>

#include "detect/camera.h"

namespace vedette::detect {
namespace {

using vision::Region;

TEST(Region, IsTheWholePictureUnlessItIsGiven) { EXPECT_EQ(region_of({}, 640, 360), (Region{0, 0, 640, 360})); }

TEST(Region, HasThePixelsOnItsBorderToo) {
  EXPECT_EQ(region_of(Rectangle{{0.5f, 0.25f}, {1.0f, 0.75f}}, 640, 360), (Region{320, 90, 320, 180}));
  EXPECT_EQ(region_of(Rectangle{{0.1f, 0.1f}, {0.2f, 0.2f}}, 33, 7), (Region{3, 0, 4, 2}));
}

TEST(Region, IsNeverEmptyAndNeverLeavesThePicture) {
  for (const std::uint32_t size : {1u, 2u, 3u, 7u, 640u, 65535u})
    for (const float from : {0.0f, 0.3f, 0.999999f, 1.0f})
      for (const float width : {0.0f, 1e-7f, 0.5f, 1.0f}) {
        const Region region = region_of(Rectangle{{from, 0.0f}, {std::min(from + width, 1.0f), 1e-9f}}, size, size);
        EXPECT_GE(region.width, 1u);
        EXPECT_LE(region.x + region.width, size) << from << " " << width << " of " << size;
        EXPECT_EQ(region.height, 1u);
      }
}

}  // namespace
}  // namespace vedette::detect
