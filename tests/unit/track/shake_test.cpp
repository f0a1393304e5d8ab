#include "track/shake.h"

#include <gtest/gtest.h>

namespace vedette::track {
namespace {

// Unevenly spread: from a row of equals nobody can tell how far it went.
std::vector<Box> row_of(std::size_t count) {
  const std::vector<Box> boxes = {{0.10, 0.30, 0.030, 0.10}, {0.17, 0.55, 0.045, 0.15}, {0.33, 0.35, 0.033, 0.11},
                                  {0.42, 0.60, 0.051, 0.17}, {0.58, 0.31, 0.030, 0.10}, {0.69, 0.45, 0.042, 0.14}};
  return {boxes.begin(), boxes.begin() + static_cast<std::ptrdiff_t>(count)};
}

std::vector<Box> moved(std::vector<Box> boxes, double x, double y) {
  for (Box& box : boxes) box.x += x, box.y += y;
  return boxes;
}

TEST(Shake, AJumpOfAllIsFound) {
  Shake shake;
  const auto boxes = row_of(6);
  for (const auto& [x, y] : {std::pair{0.05, 0.0}, {-0.09, 0.06}, {0.0, -0.12}}) {
    const auto jump = shake.find(boxes, moved(boxes, x, y));
    ASSERT_TRUE(jump) << x << ", " << y;
    EXPECT_NEAR(jump->x, x, 1e-9);
    EXPECT_NEAR(jump->y, y, 1e-9);
  }
}

TEST(Shake, SomeMayBeMissedAndOthersBeNew) {
  Shake shake;
  auto seen = moved(row_of(6), 0.05, -0.05);
  seen.erase(seen.begin() + 2);
  seen.push_back({0.7, 0.1, 0.03, 0.1});
  seen.insert(seen.begin(), {0.2, 0.8, 0.04, 0.11});
  const auto jump = shake.find(row_of(6), seen);
  ASSERT_TRUE(jump);
  EXPECT_NEAR(jump->x, 0.05, 1e-9);
}

TEST(Shake, NoJumpWithoutNeed) {
  Shake shake;
  const auto boxes = row_of(6);
  EXPECT_FALSE(shake.find(boxes, boxes)) << "all are where they should be";
  EXPECT_FALSE(shake.find(boxes, moved(boxes, 0.003, 0.01))) << "near enough";
  EXPECT_FALSE(shake.find(boxes, {}));
  EXPECT_FALSE(shake.find({}, boxes));
  EXPECT_FALSE(shake.find(row_of(2), moved(row_of(2), 0.05, 0))) << "two may have gone the same way";
  EXPECT_FALSE(shake.find(boxes, moved(boxes, 0.3, 0))) << "too far to be believed";
  auto half = boxes;
  for (std::size_t i = 0; i < 3; ++i) half[i].x += 0.05;
  EXPECT_FALSE(shake.find(boxes, half)) << "three of six walked, the others stand";
}

}  // namespace
}  // namespace vedette::track
