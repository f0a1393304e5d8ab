#include "gateway/snapshot.h"

#include <gtest/gtest.h>

#include "vision/jpeg.h"

namespace vedette::gateway {
namespace {

constexpr std::uint32_t kWidth = 320, kHeight = 240;

PicturePtr grey_picture() {
  vision::Image image;
  image.reshape(PixelFormat::I420, kWidth, kHeight);
  image.set_color(ColorMatrix::BT601, ColorRange::Full);
  for (int plane = 0; plane < 3; ++plane)
    for (std::uint32_t y = 0; y < (plane == 0 ? kHeight : kHeight / 2); ++y)
      std::fill_n(image.row(plane, y), plane == 0 ? kWidth : kWidth / 2, std::uint8_t{128});
  vision::JpegEncoder encoder;
  const auto file = encoder.encode(image.view(), 90);
  return Picture::of_jpeg(std::make_shared<const Video>(), 1, 1, {file->begin(), file->end()});
}

vision::Image render(const DetectedFrame* found, const SnapshotWish& wish) {
  const auto file = render_snapshot(*grey_picture(), found, wish);
  EXPECT_TRUE(file.ok()) << file.error().text;
  vision::Image image;
  vision::JpegDecoder decoder;
  EXPECT_TRUE(decoder.decode_i420(*file, image));
  return image;
}

SnapshotWish wish_of(const std::string& query) {
  const auto wish = parse_snapshot_wish(*parse_target("/snapshot/front.jpg" + query));
  EXPECT_TRUE(wish.ok()) << query;
  return *wish;
}

TEST(Snapshot, WishesAreReadFromTheQuery) {
  EXPECT_TRUE(wish_of("").as_it_is());
  EXPECT_TRUE(wish_of("?boxes=0").as_it_is());
  EXPECT_FALSE(wish_of("?boxes=1").as_it_is());
  EXPECT_EQ(wish_of("?width=640&boxes=1").width, 640u);
  for (const char* query :
       {"?width=", "?width=0", "?width=15", "?width=16385", "?width=-5", "?width=64x", "?boxes=", "?boxes=true"})
    EXPECT_FALSE(parse_snapshot_wish(*parse_target(std::string("/snapshot/front.jpg") + query)).ok()) << query;
}

TEST(Snapshot, IsShrunkInShapeAndNeverEnlarged) {
  const vision::Image small = render(nullptr, wish_of("?width=100"));
  EXPECT_EQ(small.view().width, 100u);
  EXPECT_EQ(small.view().height, 75u);
  EXPECT_EQ(render(nullptr, wish_of("?width=640")).view().width, kWidth);
}

TEST(Snapshot, BoxesAreDrawnWhereTheyAre) {
  DetectedFrame found;
  found.detections.boxes = {Detection(0.25f, 0.25f, 0.5f, 0.5f, 0.875f, 0, 0)};
  found.classes = {"person"};
  const vision::Image plain = render(&found, {}), boxed = render(&found, wish_of("?boxes=1"));
  EXPECT_NEAR(plain.view().row(1, kHeight / 4)[kWidth / 8], 128, 3);
  EXPECT_LT(boxed.view().row(1, kHeight / 4)[kWidth / 8], 90) << "the left side is green";
  EXPECT_NEAR(boxed.view().row(1, kHeight / 4)[kWidth / 4], 128, 3) << "what is in it can be seen";
}

TEST(Snapshot, WhatIsNoJpegIsAnError) {
  const auto picture = Picture::of_jpeg(std::make_shared<const Video>(), 1, 1, std::vector<std::byte>(100));
  EXPECT_FALSE(render_snapshot(*picture, nullptr, {}).ok());
}

}  // namespace
}  // namespace vedette::gateway
