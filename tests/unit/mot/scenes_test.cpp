// The tracker on the made-up scenes: what it reaches at 3, 10 and 30 results a second, and that lesser ones don't.
#include "mot/scene.h"

#include <gtest/gtest.h>

#include "mot/follow.h"
#include "mot/measures.h"

namespace vedette::mot {
namespace {

using track::Fit;
using track::TrackerOptions;

Measures followed(double fps, const TrackerOptions& options) {
  Measures all;
  for (const Scene& scene : scenes()) {
    const Sequence sequence = generate(scene, fps, 1);
    const auto counts = measure(sequence.truth, follow(sequence.detections, sequence.picture, options));
    EXPECT_TRUE(counts.ok());
    if (counts.ok()) all += *counts;
  }
  return all;
}

struct Floor {
  double fps, mota, idf1;
  std::size_t switches;
};
// A little below what docs/decisions/0009-tracking.md states.
constexpr Floor kFloors[] = {{3, 0.74, 0.61, 480}, {10, 0.84, 0.75, 230}, {30, 0.84, 0.75, 420}};

bool holds(const Measures& counts, const Floor& floor) {
  return counts.mota() >= floor.mota && counts.idf1() >= floor.idf1 && counts.switches <= floor.switches;
}

std::string text(const Measures& counts) {
  return "MOTA " + std::to_string(counts.mota()) + ", IDF1 " + std::to_string(counts.idf1()) + ", switches " +
         std::to_string(counts.switches);
}

TEST(Scenes, TheTrackerReachesItsFloors) {
  for (const Floor& floor : kFloors) {
    const Measures counts = followed(floor.fps, {});
    EXPECT_TRUE(holds(counts, floor)) << floor.fps << " a second: " << text(counts);
  }
}

// Overlap of one frame's boxes with those of the frame before, the best pair first, sure boxes only.
TEST(Scenes, WithoutPredictionTheFloorsAreMissed) {
  TrackerOptions plain;
  plain.motion = plain.best = plain.unsure = false;
  plain.fit = Fit::kIou;
  for (const Floor& floor : kFloors) {
    const Measures counts = followed(floor.fps, plain);
    EXPECT_FALSE(holds(counts, floor)) << floor.fps << " a second: " << text(counts);
    EXPECT_GT(counts.switches, 2 * floor.switches);
  }
}

TEST(Scenes, OverlapAloneMissesTheFloorInStandby) {
  TrackerOptions overlap;
  overlap.fit = Fit::kIou;
  const Measures counts = followed(3, overlap);
  EXPECT_LT(counts.mota(), kFloors[0].mota - 0.1) << text(counts);
}

TEST(Scenes, WithoutFollowingTheCamerasJumpsIdsAreLost) {
  TrackerOptions still;
  still.shake = false;
  EXPECT_GT(followed(30, still).switches, 2 * kFloors[2].switches);
}

TEST(Scenes, SameSeedSameBoxesAnotherSeedOthers) {
  const Scene& scene = scenes().front();
  const std::string once = text_of_rows(generate(scene, 10, 1).detections);
  EXPECT_EQ(text_of_rows(generate(scene, 10, 1).detections), once);
  EXPECT_NE(text_of_rows(generate(scene, 10, 2).detections), once);
}

TEST(Scenes, FaultsComeAtTheirStatedRates) {
  Scene scene = {.name = "", .people = 10, .missed = 0.2, .jitter = 0};
  // Of what isn't hidden at all nearly nothing falls below the score: what isn't there was missed.
  const Sequence sequence = generate(scene, 10, 3);
  std::vector<Row> clear, detections = sequence.detections;
  for (const Row& row : sequence.truth)
    if (row.visibility == 1) clear.push_back(row);
  std::int64_t id = 0;
  for (Row& row : detections) row.id = ++id;
  const auto counts = measure(clear, detections);
  ASSERT_TRUE(counts.ok());
  EXPECT_NEAR(static_cast<double>(counts->matches) / static_cast<double>(counts->truth), 0.8, 0.02);
  scene = {.name = "", .people = 0, .false_boxes = 0.5};
  EXPECT_NEAR(static_cast<double>(generate(scene, 10, 3).detections.size()) / 600, 0.5, 0.08);
}

}  // namespace
}  // namespace vedette::mot
