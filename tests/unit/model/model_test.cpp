#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "model/candidates.h"
#include "model/coco_eval.h"

namespace vedette::model {
namespace {

std::vector<int> identity(int classes) {
  std::vector<int> map(static_cast<std::size_t>(classes));
  std::iota(map.begin(), map.end(), 0);
  return map;
}

TEST(Candidates, SuppressWithinAClassOnly) {
  Candidates candidates(0.1f, identity(2));
  candidates.push({0.10f, 0.10f, 0.50f, 0.50f}, 0.8f, 0);
  candidates.push({0.12f, 0.10f, 0.52f, 0.50f}, 0.9f, 0);  // the same object, seen better
  candidates.push({0.10f, 0.10f, 0.50f, 0.50f}, 0.5f, 1);  // another class
  candidates.push({0.60f, 0.60f, 0.90f, 0.90f}, 0.3f, 0);  // elsewhere
  candidates.suppress(0.6f);
  std::vector<Detection> boxes;
  candidates.take(kMaxDetections, boxes);
  ASSERT_EQ(boxes.size(), 3u);
  EXPECT_FLOAT_EQ(boxes[0].score(), 0.9f);
  EXPECT_EQ(boxes[1].class_id(), 1);
  EXPECT_FLOAT_EQ(boxes[2].score(), 0.3f);
}

TEST(Candidates, KeepTheBestOfMoreThanFit) {
  Candidates candidates(0.0f, identity(1));
  const std::size_t many = 100000;
  for (std::size_t i = 0; i < many; ++i) {
    const float score = static_cast<float>((i * 7919) % many + 1) / many;  // every value once, in disorder
    candidates.push({0.1f, 0.1f, 0.2f, 0.2f}, score, 0);
  }
  std::vector<Detection> boxes;
  candidates.take(kMaxDetections, boxes);
  ASSERT_EQ(boxes.size(), kMaxDetections);
  for (std::size_t i = 0; i < boxes.size(); ++i) EXPECT_FLOAT_EQ(boxes[i].score(), static_cast<float>(many - i) / many);
}

TEST(Candidates, ClampAndDrop) {
  Candidates candidates(0.1f, {0, -1});
  candidates.push({-0.5f, -0.5f, 0.5f, 0.5f}, 0.9f, 0);
  candidates.push({1.2f, 0.2f, 1.4f, 0.4f}, 0.8f, 0);  // outside
  candidates.push({0.4f, 0.2f, 0.3f, 0.4f}, 0.8f, 0);  // inside out
  candidates.push({0.1f, 0.1f, NAN, 0.4f}, 0.8f, 0);
  candidates.push({0.1f, 0.1f, 0.2f, 0.2f}, NAN, 0);
  candidates.push({0.1f, 0.1f, 0.2f, 0.2f}, 0.1f, 0);    // not above the threshold
  candidates.push({0.1f, 0.1f, 0.2f, 0.2f}, 0.8f, 1);    // a class that isn't reported
  candidates.push({0.1f, 0.1f, 0.2f, 0.2f}, 0.8f, 700);  // no class
  std::vector<Detection> boxes;
  candidates.take(kMaxDetections, boxes);
  ASSERT_EQ(boxes.size(), 1u);
  EXPECT_FLOAT_EQ(boxes[0].x(), 0.0f);
  EXPECT_FLOAT_EQ(boxes[0].width(), 0.5f);
}

TEST(Candidates, OverlapIsIntersectionOverUnion) {
  EXPECT_FLOAT_EQ(overlap({0, 0, 2, 2}, {1, 1, 3, 3}), 1.0f / 7.0f);
  EXPECT_FLOAT_EQ(overlap({0, 0, 1, 1}, {0, 0, 1, 1}), 1.0f);
  EXPECT_FLOAT_EQ(overlap({0, 0, 1, 1}, {1, 0, 2, 1}), 0.0f);
  EXPECT_FLOAT_EQ(overlap({0, 0, 0, 0}, {0, 0, 0, 0}), 0.0f);
}

// Numbers by pycocotools 2.0.11 on the same boxes.
TEST(CocoEval, GivesWhatPycocotoolsGives) {
  std::vector<TruthBox> truth;
  std::vector<ScoredBox> boxes;
  for (int image = 0; image < 6; ++image)
    for (int i = 0; i < 5; ++i) {
      const int category = 1 + (image + i) % 3;
      const double x = 10 + 37 * i, y = 5 + 11 * image, size = 30 + 7 * i;
      truth.push_back({image, category, x, y, size, size * 0.8, i == 4 && image % 2 == 0});
      const double shift = (image * 5 + i * 3) % 11;
      boxes.push_back({image, category, x + shift, y + shift / 2, size, size * 0.8, 0.3 + 0.017 * ((image * 7 + i * 13) % 29)});
      if (i % 2 == 0) boxes.push_back({image, category, x + 2, y, size, size, 0.25 + 0.02 * ((image * 3 + i) % 10)});
    }
  const CocoResult result = coco_ap(truth, boxes);
  EXPECT_NEAR(result.mean.ap, 0.39190753232832437, 1e-9);
  EXPECT_NEAR(result.mean.ap50, 0.8630598774163131, 1e-9);
  EXPECT_NEAR(result.mean.ap75, 0.2663366336633663, 1e-9);
  EXPECT_EQ(result.category.size(), 3u);
}

TEST(CocoEval, PerfectAndEmpty) {
  const std::vector<TruthBox> truth{{1, 1, 10, 10, 20, 20, false}, {2, 1, 5, 5, 9, 9, false}};
  const std::vector<ScoredBox> boxes{{1, 1, 10, 10, 20, 20, 0.9}, {2, 1, 5, 5, 9, 9, 0.8}};
  EXPECT_NEAR(coco_ap(truth, boxes).mean.ap, 1.0, 1e-9);
  EXPECT_EQ(coco_ap(truth, {}).mean.ap, 0.0);
  EXPECT_EQ(coco_ap({}, boxes).mean.ap, 0.0);
}

}  // namespace
}  // namespace vedette::model
