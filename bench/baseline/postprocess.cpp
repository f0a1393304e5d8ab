#include "bench/baseline/postprocess.h"

#include <algorithm>
#include <cmath>

#include "bench/support/detr_outputs.h"
#include "bench/support/one_process.h"

namespace vedette::bench {
namespace {

struct Found {
  float left, top, right, bottom, confidence;
  std::uint16_t class_id;
};

// A 1080p picture in the middle of 512 × 512.
constexpr float kSide = 512, kWidth = 1920, kHeight = 1080, kScale = kSide / kWidth, kTop = (kSide - kHeight * kScale) / 2;

Found to_picture(const float* box, float confidence, std::size_t best) {
  const auto x = [](float at) { return std::clamp(at * kSide / kScale, 0.0f, kWidth); };
  const auto y = [](float at) { return std::clamp((at * kSide - kTop) / kScale, 0.0f, kHeight); };
  return {x(box[0] - box[2] / 2),
          y(box[1] - box[3] / 2),
          x(box[0] + box[2] / 2),
          y(box[1] + box[3] / 2),
          confidence,
          static_cast<std::uint16_t>(best - 1)};
}

void decode(const DetrOutputs& outputs, std::vector<Found>& found) {
  found.clear();
  const float* logits = outputs.logits.data();
  for (std::size_t query = 0; query < kDetrQueries; ++query, logits += kDetrClasses) {
    float most = -INFINITY;
    std::size_t best = 1;
    for (std::size_t index = 1; index < kDetrClasses; ++index) {  // the first is the background
      if (logits[index] > most) {
        most = logits[index];
        best = index;
      }
    }
    const float confidence = 1.0f / (1.0f + std::exp(-most));
    if (confidence < kDetrThreshold) continue;
    found.push_back(to_picture(&outputs.boxes[query * 4], confidence, best));
  }
}

}  // namespace

Value best_class_of_each_query() {
  const DetrOutputs outputs = make_detr_outputs();
  std::vector<Found> found;
  return time_batches([&] {
    keep(outputs.logits.data());
    decode(outputs, found);
    if (found.size() != kDetrQueries / 15) fail("not the boxes that are there");
    keep(found.data());
  });
}

}  // namespace vedette::bench
