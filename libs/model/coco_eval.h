// COCO's average precision, as pycocotools computes it: IoU .50:.95 in steps of .05, 101 recall points, area "all", at most 100
// boxes per picture and class, crowds ignored. Pure functions.
#pragma once

#include <cstdint>
#include <map>
#include <span>

namespace vedette::model {

// Positions in any unit, the same for truth and detections: top left corner, width, height.
struct TruthBox {
  std::int64_t image = 0;
  int category = 0;
  double x = 0, y = 0, width = 0, height = 0;
  bool crowd = false;  // a region with many: neither a hit nor a miss
};
struct ScoredBox {
  std::int64_t image = 0;
  int category = 0;
  double x = 0, y = 0, width = 0, height = 0;
  double score = 0;
};

struct AveragePrecision {
  double ap = 0;    // mean over IoU .50:.95
  double ap50 = 0;  // at IoU .50
  double ap75 = 0;  // at IoU .75
};
struct CocoResult {
  AveragePrecision mean;  // over the categories that have truth; 0 if there is none
  std::map<int, AveragePrecision> category;
};

CocoResult coco_ap(std::span<const TruthBox> truth, std::span<const ScoredBox> boxes);

}  // namespace vedette::model
