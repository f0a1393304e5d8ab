// What a DETR says about a picture, for the benchmarks of what comes after it: 300 queries × 91 classes as RF-DETR has them. The
// logits are those of a trained model as far as the work depends on them: nearly all far below any threshold, a few queries sure
// of one class, some undecided. The same on every machine. Header-only, thread-bound.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

namespace vedette::bench {

inline constexpr std::size_t kDetrQueries = 300, kDetrClasses = 91;
inline constexpr float kDetrThreshold = 0.5f;

struct DetrOutputs {
  std::vector<float> logits = std::vector<float>(kDetrQueries * kDetrClasses);  // [queries][classes]
  std::vector<float> boxes = std::vector<float>(kDetrQueries * 4);              // [queries]: centre, width, height, 0..1
};

inline DetrOutputs make_detr_outputs() {
  std::mt19937 generator(5);
  // From 24 random bits: distributions of the standard library differ between its makers.
  const auto uniform = [&](float least, float most) {
    return least + (most - least) * (static_cast<float>(generator() >> 8) / 16777216.0f);
  };
  DetrOutputs outputs;
  for (float& logit : outputs.logits) logit = uniform(-9.0f, -4.0f);
  for (std::size_t query = 0; query < kDetrQueries; ++query) {
    const bool sure = query % 15 == 0, undecided = query % 15 == 7;  // 20 of each
    float& logit = outputs.logits[query * kDetrClasses + 1 + generator() % (kDetrClasses - 1)];
    if (sure) logit = uniform(0.5f, 3.0f);
    if (undecided) logit = uniform(-2.0f, -0.5f);
    float* box = &outputs.boxes[query * 4];
    box[0] = uniform(0.1f, 0.9f), box[1] = uniform(0.1f, 0.9f), box[2] = uniform(0.02f, 0.3f), box[3] = uniform(0.02f, 0.5f);
  }
  return outputs;
}

}  // namespace vedette::bench
