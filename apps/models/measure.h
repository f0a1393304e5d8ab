// How well and how fast a model does, in the words of its card. Thread-bound.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "model/coco_dataset.h"
#include "model_file/card.h"
#include "models/options.h"

namespace vedette::models {

// COCO's AP is over all scores; what is below this changes nothing that could be seen.
inline constexpr float kLeastScore = 0.001f;

struct Spread {
  double median_ms = 0, p90_ms = 0;
};
Spread spread_of(std::vector<std::uint64_t> durations_ns);  // zeros for none

model_file::Latency latency_of(const Spread& spread, const model::Detector& detector, const ModelOptions& options);

struct Measured {
  model::Evaluation evaluation;
  model_file::Accuracy accuracy;
  model_file::Latency latency;
};
// Shows its progress under `name`.
Result<Measured> measure(model::Detector& detector, const ModelOptions& options, const model::CocoDataset& dataset,
                         model::Planes planes, const std::string& name);

// What a card says of the file itself.
Result<model_file::Card> card_of(const std::string& path, const model::Detector& detector);

}  // namespace vedette::models
