// The same scene in the tensors of every detector family: what each one's model would answer to it. Input 64x64.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>

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
inline constexpr std::array<std::int64_t, 3> kSceneStrides{8, 16, 32};

inline float scene_logit(float p) { return std::log(p / (1.0f - p)); }
inline OnnxTensor scene_image(std::string name) { return {std::move(name), {1, 3, kSceneSide, kSceneSide}, {}, {}, false}; }

inline OnnxModel yolox_scene(const std::vector<SceneObject>& objects) {
  std::vector<float> out;
  for (const std::int64_t stride : kSceneStrides) {
    const std::int64_t side = kSceneSide / stride;
    std::vector<float> level(static_cast<std::size_t>(side * side) * 85, 0.0f);
    for (const SceneObject& object : objects) {
      const float scale = kSceneSide / static_cast<float>(stride);
      const auto gx = static_cast<std::int64_t>(object.x * scale), gy = static_cast<std::int64_t>(object.y * scale);
      float* cell = &level[static_cast<std::size_t>(gy * side + gx) * 85];
      cell[0] = object.x * scale - static_cast<float>(gx);
      cell[1] = object.y * scale - static_cast<float>(gy);
      cell[2] = std::log(object.width * scale);
      cell[3] = std::log(object.height * scale);
      // Every level sees it, the finest best: suppression has something to do.
      cell[4] = 0.95f - 0.01f * static_cast<float>(stride / 16);
      cell[5 + object.class_id] = object.score / 0.95f;
    }
    out.insert(out.end(), level.begin(), level.end());
  }
  return {{scene_image("images")}, {{"output", {1, 84, 85}, std::move(out), {}, false}}, {}};
}

inline OnnxModel nanodet_scene(const std::vector<SceneObject>& objects) {
  constexpr std::size_t kBins = 11;
  OnnxModel model{{scene_image("input_1")}, {}, {}};
  std::vector<OnnxTensor> distances;
  for (std::size_t i = 0; i < kSceneStrides.size(); ++i) {
    const std::int64_t stride = kSceneStrides[i], side = kSceneSide / stride, cells = side * side;
    OnnxTensor score{"scores_" + std::to_string(stride),
                     {1, cells, 80},
                     std::vector<float>(static_cast<std::size_t>(cells) * 80, 0.01f),
                     {},
                     false};
    OnnxTensor distance{"distances_" + std::to_string(stride),
                        {1, cells, 44},
                        std::vector<float>(static_cast<std::size_t>(cells) * 44, -50.0f),
                        {},
                        false};
    for (const SceneObject& object : objects) {
      const float scale = kSceneSide / static_cast<float>(stride);
      const auto gx = static_cast<std::int64_t>(object.x * scale), gy = static_cast<std::int64_t>(object.y * scale);
      const auto cell = static_cast<std::size_t>(gy * side + gx);
      score.f32[cell * 80 + object.class_id] = object.score - 0.01f * static_cast<float>(i);
      const float cx = static_cast<float>(gx) + 0.5f, cy = static_cast<float>(gy) + 0.5f;
      const float sides[4] = {cx - (object.x - object.width / 2) * scale, cy - (object.y - object.height / 2) * scale,
                              (object.x + object.width / 2) * scale - cx, (object.y + object.height / 2) * scale - cy};
      for (std::size_t s = 0; s < 4; ++s) {  // two neighbouring bins whose mean is the distance
        const auto bin = static_cast<std::size_t>(std::max(sides[s], 0.0f));
        const float part = std::max(sides[s], 0.0f) - static_cast<float>(bin);
        distance.f32[cell * 44 + s * kBins + bin] = std::log(1.0f - part);
        if (part > 0.0f) distance.f32[cell * 44 + s * kBins + bin + 1] = std::log(part);
      }
    }
    model.outputs.push_back(std::move(score));
    distances.push_back(std::move(distance));
  }
  for (OnnxTensor& distance : distances) model.outputs.push_back(std::move(distance));
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
    logits[i * classes + (rf_detr ? o.category_id : o.class_id)] = scene_logit(o.score);
    const float box[4] = {o.x, o.y, o.width, o.height};
    std::copy(box, box + 4, &boxes[i * 4]);
  }
  const auto n = static_cast<std::int64_t>(kSceneQueries), c = static_cast<std::int64_t>(classes);
  return {{scene_image(rf_detr ? "input" : "images")},
          {{rf_detr ? "labels" : "logits", {1, n, c}, logits, {}, false},
           {rf_detr ? "dets" : "pred_boxes", {1, n, 4}, boxes, {}, false}},
          {}};
}

struct FamilyScene {
  std::string family;
  std::function<OnnxModel()> model;
};
inline std::vector<FamilyScene> family_scenes() {
  return {{"nanodet", [] { return nanodet_scene(kScene); }},
          {"yolox", [] { return yolox_scene(kScene); }},
          {"detr", [] { return detr_scene(kScene, kSceneSide, kSceneSide); }},
          {"detr-raw", [] { return raw_scene(kScene, 80, false); }},
          {"rf-detr", [] { return raw_scene(kScene, 91, true); }}};
}

}  // namespace vedette::test
