// The same scene in the tensors of every detector family and of every way in which its models are exported: what each would
// answer to it. Input 64x64.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <ostream>
#include <span>

#include "support/onnx_writer.h"

namespace vedette::test {

// Relative to the picture: centre and size. COCO classes.
struct SceneObject {
  float x, y, width, height, score;
  std::size_t class_id;     // 0..79
  std::size_t category_id;  // 1..90
};
inline const std::vector<SceneObject> kScene{{0.30f, 0.45f, 0.25f, 0.50f, 0.90f, 0, 1},   // a person
                                             {0.70f, 0.60f, 0.40f, 0.30f, 0.70f, 2, 3}};  // a car
inline constexpr std::int64_t kSceneSide = 64;
inline constexpr std::array<std::int64_t, 4> kSceneStrides{8, 16, 32, 64};

inline float scene_logit(float p) { return std::log(p / (1.0f - p)); }
inline OnnxTensor scene_image(std::string name) { return {std::move(name), {1, 3, kSceneSide, kSceneSide}, {}, {}, false}; }

struct YoloxExport {
  bool decoded = false;  // decode_in_inference
  std::size_t levels = 3;
};
inline OnnxModel yolox_scene(const std::vector<SceneObject>& objects, YoloxExport kind = {}) {
  std::vector<float> out;
  for (const std::int64_t stride : std::span(kSceneStrides).first(kind.levels)) {
    const std::int64_t side = kSceneSide / stride;
    std::vector<float> level(static_cast<std::size_t>(side * side) * 85, 0.0f);
    for (const SceneObject& object : objects) {
      const float scale = kSceneSide / static_cast<float>(stride);
      const auto gx = static_cast<std::int64_t>(object.x * scale), gy = static_cast<std::int64_t>(object.y * scale);
      float* cell = &level[static_cast<std::size_t>(gy * side + gx) * 85];
      if (cell[4] > 0.0f) continue;  // the coarsest level's only cell is another's already
      cell[0] = object.x * scale - static_cast<float>(gx);
      cell[1] = object.y * scale - static_cast<float>(gy);
      cell[2] = std::log(object.width * scale);
      cell[3] = std::log(object.height * scale);
      // Every level sees it, the finest best: suppression has something to do.
      cell[4] = 0.95f - 0.01f * static_cast<float>(stride / 16);
      cell[5 + object.class_id] = object.score / 0.95f;
    }
    for (std::int64_t at = 0; kind.decoded && at < side * side; ++at) {
      float* cell = &level[static_cast<std::size_t>(at) * 85];
      const auto pixels = static_cast<float>(stride);
      cell[0] = (cell[0] + static_cast<float>(at % side)) * pixels;
      cell[1] = (cell[1] + static_cast<float>(at / side)) * pixels;
      cell[2] = std::exp(cell[2]) * pixels;
      cell[3] = std::exp(cell[3]) * pixels;
    }
    out.insert(out.end(), level.begin(), level.end());
  }
  const auto rows = static_cast<std::int64_t>(out.size() / 85);
  return {{scene_image("images")}, {{"output", {1, rows, 85}, std::move(out), {}, false}}, {}};
}

struct NanodetExport {
  std::size_t bins = 11;
  bool joined = false;  // one output
  bool plus = false;    // NanoDet-Plus: four strides, measured from the cell's corner
};
inline OnnxModel nanodet_scene(const std::vector<SceneObject>& objects, NanodetExport kind = {}) {
  const std::size_t sides_columns = 4 * kind.bins;
  const float place = kind.plus ? 0.0f : 0.5f;
  OnnxModel model{{scene_image(kind.joined ? "data" : "input_1")}, {}, {}};
  std::vector<OnnxTensor> distances;
  OnnxTensor all{"output", {1, 0, static_cast<std::int64_t>(80 + sides_columns)}, {}, {}, false};
  for (const std::int64_t stride : std::span(kSceneStrides).first(kind.plus ? 4 : 3)) {
    const std::int64_t side = kSceneSide / stride, cells = side * side;
    OnnxTensor score{"scores_" + std::to_string(stride),
                     {1, cells, 80},
                     std::vector<float>(static_cast<std::size_t>(cells) * 80, 0.01f),
                     {},
                     false};
    OnnxTensor distance{"distances_" + std::to_string(stride),
                        {1, cells, static_cast<std::int64_t>(sides_columns)},
                        std::vector<float>(static_cast<std::size_t>(cells) * sides_columns, -50.0f),
                        {},
                        false};
    for (const SceneObject& object : objects) {
      const float scale = kSceneSide / static_cast<float>(stride);
      const auto gx = static_cast<std::int64_t>(object.x * scale), gy = static_cast<std::int64_t>(object.y * scale);
      const float cx = static_cast<float>(gx) + place, cy = static_cast<float>(gy) + place;
      const float sides[4] = {cx - (object.x - object.width / 2) * scale, cy - (object.y - object.height / 2) * scale,
                              (object.x + object.width / 2) * scale - cx, (object.y + object.height / 2) * scale - cy};
      if (*std::min_element(sides, sides + 4) < 0.0f) continue;  // the cell isn't within it
      const auto cell = static_cast<std::size_t>(gy * side + gx);
      score.f32[cell * 80 + object.class_id] = object.score - 0.001f * static_cast<float>(stride - 8);
      for (std::size_t s = 0; s < 4; ++s) {  // two neighbouring bins whose mean is the distance
        const auto bin = static_cast<std::size_t>(sides[s]);
        const float part = sides[s] - static_cast<float>(bin);
        distance.f32[cell * sides_columns + s * kind.bins + bin] = std::log(1.0f - part);
        if (part > 0.0f) distance.f32[cell * sides_columns + s * kind.bins + bin + 1] = std::log(part);
      }
    }
    for (std::int64_t cell = 0; cell < cells; ++cell) {
      all.f32.insert(all.f32.end(), score.f32.begin() + cell * 80, score.f32.begin() + (cell + 1) * 80);
      const auto columns = static_cast<std::int64_t>(sides_columns);
      all.f32.insert(all.f32.end(), distance.f32.begin() + cell * columns, distance.f32.begin() + (cell + 1) * columns);
    }
    all.shape[1] += cells;
    model.outputs.push_back(std::move(score));
    distances.push_back(std::move(distance));
  }
  for (OnnxTensor& distance : distances) model.outputs.push_back(std::move(distance));
  if (kind.joined) model.outputs = {std::move(all)};
  return model;
}

inline constexpr std::size_t kSceneQueries = 20;

// Boxes in pixels of a `width` x `height` picture: a constant can't follow orig_target_sizes.
inline OnnxModel detr_scene(const std::vector<SceneObject>& objects, float width, float height) {
  std::vector<float> boxes(kSceneQueries * 4, 1.0f), scores(kSceneQueries, 0.01f);
  std::vector<std::int64_t> labels(kSceneQueries, 5);
  for (std::size_t i = 0; i < objects.size(); ++i) {
    const SceneObject& o = objects[i];
    const float corners[4] = {(o.x - o.width / 2) * width, (o.y - o.height / 2) * height, (o.x + o.width / 2) * width,
                              (o.y + o.height / 2) * height};
    std::copy(corners, corners + 4, &boxes[i * 4]);
    scores[i] = o.score;
    labels[i] = static_cast<std::int64_t>(o.class_id);
  }
  const auto n = static_cast<std::int64_t>(kSceneQueries);
  return {{scene_image("images"), {"orig_target_sizes", {1, 2}, {}, {}, true}},
          {{"labels", {1, n}, {}, labels, true}, {"boxes", {1, n, 4}, boxes, {}, false}, {"scores", {1, n}, scores, {}, false}},
          {}};
}

inline OnnxModel raw_scene(const std::vector<SceneObject>& objects, std::size_t classes, bool rf_detr) {
  std::vector<float> logits(kSceneQueries * classes, -8.0f), boxes(kSceneQueries * 4, 0.5f);
  for (std::size_t i = 0; i < objects.size(); ++i) {
    const SceneObject& o = objects[i];
    logits[i * classes + (rf_detr && classes > 80 ? o.category_id : o.class_id)] = scene_logit(o.score);
    const float box[4] = {o.x, o.y, o.width, o.height};
    std::copy(box, box + 4, &boxes[i * 4]);
  }
  const auto n = static_cast<std::int64_t>(kSceneQueries), c = static_cast<std::int64_t>(classes);
  return {{scene_image(rf_detr ? "input" : "images")},
          {{rf_detr ? "labels" : "logits", {1, n, c}, logits, {}, false},
           {rf_detr ? "dets" : "pred_boxes", {1, n, 4}, boxes, {}, false}},
          {}};
}

// Trained on other classes than COCO's: as many logits as names, and one for the background.
inline OnnxModel fine_tuned_scene() {
  OnnxModel model = raw_scene(kScene, 4, true);
  model.metadata = {{"class_names", R"(["person", "bicycle", "car"])"}};
  return model;
}

// Another output, which boxes don't need.
inline OnnxModel with_output(OnnxModel model, std::string name, std::vector<std::int64_t> shape) {
  std::size_t elements = 1;
  for (const std::int64_t side : shape) elements *= static_cast<std::size_t>(side);
  model.outputs.push_back({std::move(name), std::move(shape), std::vector<float>(elements, 9.0f), {}, false});
  return model;
}

inline OnnxModel with_image_name(OnnxModel model, std::string name) {
  model.inputs[0].name = std::move(name);
  return model;
}

// All outputs of floats as half floats, the picture in elements of `type`.
inline OnnxModel with_elements(OnnxModel model, std::uint64_t type, bool half_outputs) {
  model.inputs[0].type = type;
  for (OnnxTensor& output : model.outputs)
    if (half_outputs && !output.is_i64) output.type = onnx::kFloat16;
  return model;
}

inline OnnxModel with_32_bit_integers(OnnxModel model) {
  for (std::vector<OnnxTensor>* tensors : {&model.inputs, &model.outputs})
    for (OnnxTensor& tensor : *tensors)
      if (tensor.is_i64) tensor.type = onnx::kInt32;
  return model;
}

struct FamilyScene {
  std::string family;
  std::string kind;  // of export
  std::function<OnnxModel()> model;
  double precision = 1e-4;  // of boxes

  friend std::ostream& operator<<(std::ostream& out, const FamilyScene& scene) {
    return out << scene.family << " " << scene.kind;
  }
};
inline std::vector<FamilyScene> family_scenes() {
  constexpr auto n = static_cast<std::int64_t>(kSceneQueries);
  return {
      {"nanodet", "six_outputs", [] { return nanodet_scene(kScene); }},
      {"nanodet", "m", [] { return nanodet_scene(kScene, {.bins = 8, .joined = true}); }},
      {"nanodet", "g", [] { return nanodet_scene(kScene, {.bins = 11, .joined = true}); }},
      {"nanodet", "plus", [] { return nanodet_scene(kScene, {.bins = 8, .joined = true, .plus = true}); }},
      {"yolox", "undecoded", [] { return yolox_scene(kScene); }},
      {"yolox", "decoded", [] { return yolox_scene(kScene, {.decoded = true}); }},
      {"yolox", "p6", [] { return yolox_scene(kScene, {.levels = 4}); }},
      {"yolox", "p6_decoded", [] { return yolox_scene(kScene, {.decoded = true, .levels = 4}); }},
      {"detr", "with_postprocessor", [] { return detr_scene(kScene, kSceneSide, kSceneSide); }},
      {"nanodet", "plus_half",
       [] { return with_elements(nanodet_scene(kScene, {.bins = 8, .joined = true, .plus = true}), onnx::kFloat16, true); },
       5e-3},
      {"yolox", "half", [] { return with_elements(yolox_scene(kScene), onnx::kFloat16, true); }, 1e-3},
      {"yolox", "half_decoded", [] { return with_elements(yolox_scene(kScene, {.decoded = true}), onnx::kFloat16, true); }, 1e-3},
      {"yolox", "bytes", [] { return with_elements(yolox_scene(kScene), onnx::kUint8, false); }},
      {"detr", "half_and_32_bit_integers",
       [] { return with_32_bit_integers(with_elements(detr_scene(kScene, kSceneSide, kSceneSide), onnx::kFloat16, true)); },
       1e-3},
      {"detr", "bytes", [] { return with_elements(detr_scene(kScene, kSceneSide, kSceneSide), onnx::kUint8, false); }},
      {"rf-detr", "half", [] { return with_elements(raw_scene(kScene, 91, true), onnx::kFloat16, true); }, 1e-3},
      {"detr-raw", "plain", [] { return raw_scene(kScene, 80, false); }},
      {"detr-raw", "hugging_face", [] { return with_image_name(raw_scene(kScene, 80, false), "pixel_values"); }},
      {"rf-detr", "coco", [] { return raw_scene(kScene, 91, true); }},
      {"rf-detr", "coco_90", [] { return raw_scene(kScene, 90, true); }},
      {"rf-detr", "segmentation",
       [] {
         return with_output(raw_scene(kScene, 91, true), "masks", {1, n, 16, 16});
       }},
      {"rf-detr", "keypoints",
       [] {
         return with_output(raw_scene(kScene, 91, true), "keypoints", {1, n, 17, 3});
       }},
      {"rf-detr", "fine_tuned", fine_tuned_scene},
  };
}

}  // namespace vedette::test
