// CocoDataset: a folder with `images/` (JPEG) and `instances.json` (COCO's annotations), and how well a detector does on it.
// Categories are matched with the model's classes by name. Plain data and functions without state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/coco_eval.h"
#include "model/detector.h"
#include "model/photo_reader.h"

namespace vedette::model {

struct CocoPhoto {
  std::int64_t id = 0;
  std::string path;
  std::uint32_t width = 0;  // as annotated; 0: not said
  std::uint32_t height = 0;
};

struct CocoDataset {
  std::string name;  // of the folder
  std::vector<CocoPhoto> photos;
  std::vector<TruthBox> truth;            // pixels
  std::map<std::string, int> categories;  // ids by name
};

// Reads the annotations, no photo yet. One sentence names the file and what is wrong in it.
Result<CocoDataset> load_coco_dataset(const std::string& dir);

struct EvaluationOptions {
  Planes planes = Planes::kCamera;
  std::size_t most = kMaxDetections;                           // boxes of a photo that count
  std::function<bool(std::size_t photos_done)> progress = {};  // false: no further
};

struct Evaluation {
  CocoResult result;                // by the dataset's category ids
  std::optional<double> person_ap;  // of the category "person"; none if there is no truth of it
  std::vector<ScoredBox> boxes;     // pixels
  std::vector<StepTimes> times;     // by photo
};

// The detector's threshold should be about 0.001, as COCO's AP is over all scores. kIncompatible if the model has none of the
// dataset's categories; else the first photo that can't be read or isn't as large as the annotations say; kUnavailable,
// "stopped".
Result<Evaluation> evaluate(Detector& detector, const CocoDataset& dataset, const EvaluationOptions& options = {});

}  // namespace vedette::model
