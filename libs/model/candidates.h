// Candidates: the boxes a model proposes for one picture, on their way to Detections: kept while above the threshold,
// suppressed, clamped, sorted. Nothing that isn't a finite number gets through. Never allocates after construction.
// Thread-bound.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "schema/frame.h"

namespace vedette::model {

// Corners relative to the picture (0..1, may stick out).
struct Box {
  float left = 0, top = 0, right = 0, bottom = 0;
};

// Intersection over union; 0 for empty boxes.
float overlap(const Box& a, const Box& b);

class Candidates {
 public:
  // `class_map`: the class index to report for each of the model's; negative: not reported. Classes beyond it are dropped.
  Candidates(float threshold, std::vector<int> class_map);

  void clear();
  // The least score (exclusive) that push() takes. Rises when there are more candidates than kept: the best stay.
  float threshold() const { return current_threshold_; }
  bool reports(std::size_t model_class) const { return model_class < class_map_.size() && class_map_[model_class] >= 0; }
  void push(const Box& box, float score, std::size_t model_class);

  // Greedy suppression within each class: of two boxes that overlap by more than `iou` the weaker goes.
  void suppress(float iou);
  // The best `most` boxes, best first, clamped to the picture; what is empty then is dropped.
  void take(std::size_t most, std::vector<Detection>& out);

 private:
  struct Candidate {
    Box box;
    float score;
    std::uint16_t class_id;
    std::uint32_t order;  // of arrival: makes sorting deterministic
  };
  void sort();

  float threshold_;
  float current_threshold_;
  std::vector<int> class_map_;
  std::vector<Candidate> candidates_;
  std::uint32_t arrived_ = 0;
};

}  // namespace vedette::model
