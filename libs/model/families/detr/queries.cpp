#include "model/families/detr/queries.h"

#include <algorithm>

#include "model/above_threshold.h"

namespace vedette::model {

Result<QueryTensors> find_queries(const TensorContract& contract, std::string_view logits, std::string_view boxes,
                                  std::span<const std::string_view> ignored) {
  const int logits_at = find_tensor(contract.outputs, logits), boxes_at = find_tensor(contract.outputs, boxes);
  if (logits_at < 0 || boxes_at < 0) return not_this_family();
  if (contract.inputs.size() != 1)
    return nearly("it takes " + std::to_string(contract.inputs.size()) + " inputs instead of a picture alone");
  for (const TensorInfo& output : contract.outputs)
    if (output.name != logits && output.name != boxes && std::find(ignored.begin(), ignored.end(), output.name) == ignored.end())
      return nearly("there is an output " + to_string(output));

  QueryTensors found{static_cast<std::size_t>(logits_at), static_cast<std::size_t>(boxes_at)};
  const TensorInfo& classes = contract.outputs[found.logits];
  VD_TRY(expect(classes, ElementType::kFloat32, std::array{std::int64_t{1}, kAny, kAny}, "f32[1,queries,classes]"));
  VD_TRY(expect(contract.outputs[found.boxes], ElementType::kFloat32,
                std::array{std::int64_t{1}, classes.shape[1], std::int64_t{4}},
                "f32[1," + std::to_string(classes.shape[1]) + ",4]"));
  found.queries = static_cast<std::size_t>(classes.shape[1]);
  found.classes = static_cast<std::size_t>(classes.shape[2]);
  return found;
}

void QueryFamily::decode(std::span<const TensorView> outputs, const Scene& scene, Candidates& out) const {
  const std::span<const float> logits = outputs[tensors_.logits].f32;
  const std::span<const float> boxes = outputs[tensors_.boxes].f32;
  // 1 unless letterboxed.
  const float across = static_cast<float>(image().width) / static_cast<float>(scene.content.width);
  const float down = static_cast<float>(image().height) / static_cast<float>(scene.content.height);
  for_each_above(
      logits, [&] { return logit(out.threshold()); },
      [&](std::size_t at) {
        const float* box = &boxes[at / tensors_.classes * 4];
        const float half_width = 0.5f * box[2], half_height = 0.5f * box[3];
        out.push({(box[0] - half_width) * across, (box[1] - half_height) * down, (box[0] + half_width) * across,
                  (box[1] + half_height) * down},
                 sigmoid(logits[at]), at % tensors_.classes);
      });
}

vision::TensorSpec stretched_rgb(const ImageInput& image) {
  return {.width = image.width,
          .height = image.height,
          .filter = vision::Filter::kAntialiased,
          .element = image.element,
          .scale = 1.0f / 255.0f};
}

}  // namespace vedette::model
