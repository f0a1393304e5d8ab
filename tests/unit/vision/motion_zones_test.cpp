// Zones of the motion gate: which cells they have, what is watched, and how much of each is enough.
#include <gtest/gtest.h>

#include <optional>

#include "unit/vision/motion_scene.h"

namespace vedette::vision {
namespace {

constexpr std::uint32_t kWidth = 640, kHeight = 360;  // 160 x 90 cells

MotionZone box(float left, float top, float right, float bottom, bool ignored = false, float area = 0.0f) {
  return {{{left, top}, {right, top}, {right, bottom}, {left, bottom}}, ignored, area};
}
// Covers this part of the picture.
Thing thing(double left, double top, double right, double bottom) {
  return {left * kWidth, top * kHeight, (right - left) * kWidth, (bottom - top) * kHeight, 60};
}

class MotionZones : public testing::Test {
 protected:
  MotionResult look(std::vector<MotionZone> zones, const Thing& what, float area = 0.002f) {
    watch_.emplace(MotionOptions{.area = area, .zones = std::move(zones)});
    watch_->settle(scene_, {}, 3);
    return watch_->look(scene_.draw(what));
  }
  MotionScene scene_{kWidth, kHeight};
  std::optional<Watch> watch_;  // whose last result is still good
};

TEST_F(MotionZones, AZonesAreaIsOfItsOwnCells) {
  const auto result =
      look({box(0, 0, 0.5f, 1), box(0.5f, 0, 1, 1), box(0.25f, 0.25f, 0.5f, 0.5f)}, thing(0.25, 0.25, 0.375, 0.5));
  EXPECT_TRUE(result.moving);
  ASSERT_EQ(result.zone_area.size(), 3u);
  EXPECT_NEAR(result.area, 0.03125, 0.002);
  EXPECT_NEAR(result.zone_area[0], 0.0625, 0.004);
  EXPECT_EQ(result.zone_area[1], 0.0f);
  EXPECT_NEAR(result.zone_area[2], 0.5, 0.04);
}

TEST_F(MotionZones, WhatMovesInAnIgnoredZoneAloneDoesntCountAndIsTold) {
  const auto tree = box(0, 0, 0.5f, 1, true);
  auto result = look({tree}, thing(0.1, 0.1, 0.4, 0.9));
  EXPECT_FALSE(result.moving);
  EXPECT_EQ(result.area, 0.0f);
  EXPECT_NEAR(result.zone_area[0], 0.48, 0.02);
  EXPECT_EQ(std::count_if(result.cells.begin(), result.cells.end(), [&](std::uint8_t cell) { return cell >= result.threshold; }),
            3456);
  // A door among the leaves is watched.
  result = look({tree, box(0.2f, 0.2f, 0.3f, 0.4f)}, thing(0.1, 0.1, 0.4, 0.9));
  EXPECT_TRUE(result.moving);
  EXPECT_EQ(result.zone_area[1], 1.0f);
  EXPECT_TRUE(look({tree}, thing(0.45, 0.1, 0.6, 0.9)).moving) << "half of it is beside the tree";
}

TEST_F(MotionZones, AreaIsOfWhatIsWatched) {
  const auto result = look({box(0, 0, 0.5f, 1, true)}, thing(0.75, 0, 1, 1));
  EXPECT_NEAR(result.area, 0.5, 0.01);
}

TEST_F(MotionZones, NothingIsWatchedNothingMoves) {
  const auto result = look({box(0, 0, 1, 1, true)}, thing(0.1, 0.1, 0.5, 0.5));
  EXPECT_FALSE(result.moving);
  EXPECT_EQ(result.area, 0.0f);
}

TEST_F(MotionZones, WhatMovesOutsideTheRegionOpensNothingAndIsTold) {
  const MaskPolygon left{{0, 0}, {0.5f, 0}, {0.5f, 1}, {0, 1}};
  const auto look = [&](std::vector<MotionZone> zones, const Thing& what) {
    watch_.emplace(MotionOptions{.zones = std::move(zones), .region = left});
    watch_->settle(scene_, {}, 3);
    return watch_->look(scene_.draw(what));
  };
  const Thing outside = thing(0.6, 0.2, 0.8, 0.7), inside = thing(0.1, 0.2, 0.2, 0.7), across = thing(0.45, 0.2, 0.6, 0.7);
  auto result = look({}, outside);
  EXPECT_FALSE(result.moving);
  EXPECT_EQ(result.area, 0.0f);
  EXPECT_EQ(std::count_if(result.cells.begin(), result.cells.end(), [&](std::uint8_t cell) { return cell >= result.threshold; }),
            1440);
  result = look({}, inside);
  EXPECT_TRUE(result.moving);
  EXPECT_NEAR(result.area, 0.1, 0.005) << "of what is watched";
  EXPECT_TRUE(look({}, across).moving);

  // A zone opens the gate with what it has in the region, and says how much of all of it moves.
  const auto beyond = box(0.55f, 0, 1, 1), both = box(0, 0, 1, 1, false, 0.06f), tree = box(0, 0, 0.3f, 1, true);
  EXPECT_FALSE(look({beyond, both}, outside).moving);
  result = look({beyond, both}, outside);
  EXPECT_NEAR(result.zone_area[0], 0.1 / 0.45, 0.02);
  EXPECT_NEAR(result.zone_area[1], 0.1, 0.005);
  watch_.emplace(MotionOptions{.area = 0.5f, .zones = {both}, .region = left});
  watch_->settle(scene_, {}, 3);
  result = watch_->look(scene_.draw(inside));
  EXPECT_TRUE(result.moving) << "5 % of the zone, 10 % of what it has in the region";
  EXPECT_NEAR(result.zone_area[0], 0.05, 0.005);
  EXPECT_FALSE(look({tree}, inside).moving) << "ignored there as anywhere";
}

TEST_F(MotionZones, AZoneHasItsOwnThreshold) {
  const Thing small = thing(0.5, 0.5, 0.55, 0.55);  // 0.25 % of the picture, 4 % of the zone
  EXPECT_FALSE(look({box(0.4f, 0.4f, 0.65f, 0.65f, false, 0.05f)}, small, 0.01f).moving);
  EXPECT_TRUE(look({box(0.4f, 0.4f, 0.65f, 0.65f, false, 0.03f)}, small, 0.01f).moving);
  EXPECT_TRUE(look({box(0.4f, 0.4f, 0.65f, 0.65f, false, 0)}, small, 0.01f).moving) << "as of the whole picture";
  EXPECT_FALSE(look({box(0.4f, 0.4f, 0.65f, 0.65f, true, 0.03f)}, small, 0.01f).moving) << "an ignored zone's is of no use";
}

TEST_F(MotionZones, AZoneHasEveryCellThatItHasAPartOf) {
  // A zone smaller than a cell has that one; a diagonal line all that it passes.
  EXPECT_EQ(look({box(0.501f, 0.501f, 0.502f, 0.502f)}, thing(0.5, 0.5, 0.52, 0.52)).zone_area[0], 1.0f);
  const auto line = look({{{{0, 0}, {1, 1}, {0, 0}}, false, 0}}, thing(0, 0, 0.5, 1));
  EXPECT_NEAR(line.zone_area[0], 0.5, 0.02);
  // One outside of the picture has none, one that reaches out has its part.
  EXPECT_EQ(look({box(1.2f, 0, 1.5f, 1)}, thing(0, 0, 0.5, 1)).zone_area[0], 0.0f);
  EXPECT_NEAR(look({box(-5, -5, 0.5f, 5)}, thing(0, 0, 0.25, 1)).zone_area[0], 0.5, 0.02);
}

TEST_F(MotionZones, LieWhereTheyAreInPicturesOfAnySize) {
  for (const auto& [width, height] : {std::pair{641u, 361u}, {1000u, 333u}, {90u, 170u}, {163u, 5u}}) {
    MotionScene scene(width, height);
    Watch watch({.zones = {box(0.5f, 0, 1, 1), box(0, 0, 0.45f, 1)}});
    watch.settle(scene, {}, 3);
    const MotionResult result = watch.look(scene.draw(Thing{width * 0.5, 0, width * 0.3, double(height), 60}));
    EXPECT_NEAR(result.zone_area[0], 0.6, 4.0 * result.cell_width / width) << width << "x" << height;
    EXPECT_EQ(result.zone_area[1], 0.0f) << width << "x" << height;
  }
}

TEST_F(MotionZones, AsManyAsARecordHas) {
  std::vector<MotionZone> zones;
  for (int i = 0; i < 16; ++i) zones.push_back(box(float(i) / 16, 0, float(i + 1) / 16, 1));
  const auto result = look(zones, thing(5.0 / 16, 0, 6.0 / 16, 1));
  ASSERT_EQ(result.zone_area.size(), 16u);
  for (std::size_t i = 0; i < 16; ++i) EXPECT_EQ(result.zone_area[i], i == 5 ? 1.0f : 0.0f) << i;
}

}  // namespace
}  // namespace vedette::vision
