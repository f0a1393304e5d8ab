// How well objects were followed: CLEAR MOT (K. Bernardin and R. Stiefelhagen, "Evaluating Multiple Object Tracking Performance",
// 2008) and IDF1 (E. Ristani et al., "Performance Measures and a Data Set for Multi-Target, Multi-Camera Tracking", 2016).
// A result fits a truth from an IoU of 0.5 on. Pure functions, thread-safe.
#pragma once

#include <cstddef>
#include <vector>

#include "mot/rows.h"

namespace vedette::mot {

struct Measures {
  std::size_t truth = 0, results = 0;  // boxes that count
  // Frame by frame; pairs of the frame before stay together while they fit, the others are made so that their IoU sums to the
  // most.
  std::size_t matches = 0;
  std::size_t switches = 0;   // an object is matched with another id than when it was matched last
  std::size_t fragments = 0;  // an object is matched again after frames on which it was there and wasn't
  double iou_sum = 0;         // of all matches
  // Each object one id for the whole sequence, so that they agree on the most boxes.
  std::size_t id_matches = 0;

  double mota() const;  // 1 - (missed + false boxes + switches) / truth; below 0 if there are more mistakes than boxes
  double motp() const;  // mean IoU of the matches
  double idf1() const;  // twice the id matches / (truth + results)

  Measures& operator+=(const Measures& other);  // of another sequence
};

// A truth whose conf is 0 isn't counted, nor is a result that fits it better than any other. An id that stands twice on a frame
// is kInvalidArgument.
Result<Measures> measure(const std::vector<Row>& truth, const std::vector<Row>& results);

}  // namespace vedette::mot
