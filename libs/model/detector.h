// Detector: a model that finds objects: a family (what its tensors mean) on a backend (what runs it).
// Thread-bound. After the first picture of a size nothing of ours allocates (ONNX Runtime does inside run()).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/backend.h"
#include "model/candidates.h"
#include "model/family.h"
#include "vision/pixel_pass.h"

namespace vedette::model {

struct DetectorOptions {
  float threshold = 0.4f;   // least score (exclusive), 0..1
  float nms_iou = 0.6f;     // for families that propose an object many times
  std::string labels = {};  // file of class names; "": the model's metadata, else COCO
  BackendOptions backend = {};
};

// What the steps of one picture took.
struct StepTimes {
  std::uint64_t load_ns = 0;
  std::uint64_t run_ns = 0;
  std::uint64_t collect_ns = 0;
  std::uint64_t all_ns() const { return load_ns + run_ns + collect_ns; }
};

class Detector {
 public:
  Detector(std::unique_ptr<Backend> backend, ChosenFamily family, std::vector<std::string> class_names,
           std::vector<int> class_map, const DetectorOptions& options);

  // The three steps of one picture: its pixels into the bound input tensor; the model; its outputs as boxes, best first, at
  // most kMaxDetections, relative to the whole picture also when only a part of it was loaded. `out` is replaced and its memory
  // reused.
  void load(const vision::ImageView& image);
  void load(const vision::ImageView& image, const vision::Region& region);
  Result<> run();
  void collect(std::vector<Detection>& out);

  // All three, and what each took.
  Result<StepTimes> detect(const vision::ImageView& image, std::vector<Detection>& out);

  const Backend& backend() const { return *backend_; }
  // All bound inputs in the contract's order, as load() left them.
  std::span<const TensorView> inputs() const { return inputs_; }
  const std::vector<std::string>& class_names() const { return class_names_; }
  std::string_view family() const { return name_; }
  const vision::TensorSpec& input() const { return pass_.spec(); }
  // The bound tensor that load() fills: [3][height][width] of input().element.
  std::span<const std::byte> input_tensor() const { return inputs_[family_->image_input()].bytes; }

 private:
  std::unique_ptr<Backend> backend_;
  std::string_view name_;
  std::unique_ptr<Family> family_;
  std::vector<std::string> class_names_;
  vision::PixelPass pass_;
  Candidates candidates_;
  float nms_iou_;
  std::vector<TensorView> inputs_, outputs_;
  Scene scene_;
  // Where in the whole picture the loaded part lies, relative to it.
  struct Place {
    float x = 0.0f, y = 0.0f, width = 1.0f, height = 1.0f;
  } place_;
};

// Opens an .onnx file, finds its family and runs it once. Every error is one sentence that names the file: absent, no ONNX model,
// tensors of no known family (what was found and what is known), class names that don't fit.
Result<std::unique_ptr<Detector>> load_detector(const std::string& path, const DetectorOptions& options);

}  // namespace vedette::model
