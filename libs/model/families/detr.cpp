// The DETR families: a fixed number of queries, one object each at most, no suppression. RT-DETR, D-FINE and DEIM are exported
// with their postprocessing (detr) or without (detr-raw); RF-DETR (rf-detr) names its outputs otherwise and has ImageNet's mean
// and deviation. All were trained on RGB, stretched square by an antialiased filter.
#include "model/families/families.h"

namespace vedette::model {
namespace {

vision::TensorSpec stretched_rgb(ImageInput image) {
  return {.width = image.width,
          .height = image.height,
          .filter = vision::Filter::kAntialiased,
          .element = image.element,
          .scale = 1.0f / 255.0f};
}

// labels i64 [1,n], boxes f32 [1,n,4] (corners in pixels of the picture), scores f32 [1,n] (after the sigmoid).
class Detr final : public Family {
 public:
  struct Tensors {
    std::size_t images, sizes, labels, boxes, scores;
  };
  Detr(ImageInput image, const Tensors& tensors) : image_(image), tensors_(tensors) {}

  vision::TensorSpec image() const override { return stretched_rgb(image_); }
  std::size_t image_input() const override { return tensors_.images; }
  std::size_t classes() const override { return 0; }
  bool needs_suppression() const override { return false; }

  void set_inputs(std::span<const TensorView> inputs, const Scene& scene) override {
    inputs[tensors_.sizes].i64[0] = scene.width;
    inputs[tensors_.sizes].i64[1] = scene.height;
  }

  void decode(std::span<const TensorView> outputs, const Scene& scene, Candidates& out) const override {
    const auto labels = outputs[tensors_.labels].i64;
    const float* box = outputs[tensors_.boxes].f32.data();
    const auto scores = outputs[tensors_.scores].f32;
    const float width = static_cast<float>(scene.width), height = static_cast<float>(scene.height);
    for (std::size_t i = 0; i < scores.size(); ++i, box += 4) {
      if (!(scores[i] > out.threshold()) || labels[i] < 0) continue;
      out.push({box[0] / width, box[1] / height, box[2] / width, box[3] / height}, scores[i],
               static_cast<std::size_t>(labels[i]));
    }
  }

 private:
  ImageInput image_;
  Tensors tensors_;
};

// logits f32 [1,n,classes], boxes f32 [1,n,4] (centre, width and height relative to the picture).
class RawDetr final : public Family {
 public:
  struct Tensors {
    std::size_t logits, boxes, queries, classes;
  };
  RawDetr(const vision::TensorSpec& image, const Tensors& tensors) : image_(image), tensors_(tensors) {}

  vision::TensorSpec image() const override { return image_; }
  std::size_t image_input() const override { return 0; }
  std::size_t classes() const override { return tensors_.classes; }
  bool needs_suppression() const override { return false; }

  void decode(std::span<const TensorView> outputs, const Scene&, Candidates& out) const override {
    const float* logits = outputs[tensors_.logits].f32.data();
    const float* box = outputs[tensors_.boxes].f32.data();
    const float least = logit(out.threshold());
    for (std::size_t query = 0; query < tensors_.queries; ++query, logits += tensors_.classes, box += 4)
      for (std::size_t i = 0; i < tensors_.classes; ++i) {
        if (!(logits[i] > least)) continue;
        const float half_width = 0.5f * box[2], half_height = 0.5f * box[3];
        out.push({box[0] - half_width, box[1] - half_height, box[0] + half_width, box[1] + half_height}, sigmoid(logits[i]), i);
      }
  }

 private:
  vision::TensorSpec image_;
  Tensors tensors_;
};

// Outputs of these names with the shapes [1,n,classes] and [1,n,4].
std::optional<RawDetr::Tensors> raw_tensors(const TensorContract& contract, std::string_view logits, std::string_view boxes) {
  if (contract.inputs.size() != 1 || contract.outputs.size() != 2) return std::nullopt;
  const int logits_index = find_tensor(contract.outputs, logits), boxes_index = find_tensor(contract.outputs, boxes);
  if (logits_index < 0 || boxes_index < 0) return std::nullopt;
  const TensorInfo& classes = contract.outputs[static_cast<std::size_t>(logits_index)];
  if (!classes.is(ElementType::kFloat32, std::array{std::int64_t{1}, kAny, kAny})) return std::nullopt;
  if (!contract.outputs[static_cast<std::size_t>(boxes_index)].is(ElementType::kFloat32,
                                                                  std::array{std::int64_t{1}, classes.shape[1], std::int64_t{4}}))
    return std::nullopt;
  return RawDetr::Tensors{static_cast<std::size_t>(logits_index), static_cast<std::size_t>(boxes_index),
                          static_cast<std::size_t>(classes.shape[1]), static_cast<std::size_t>(classes.shape[2])};
}

}  // namespace

std::unique_ptr<Family> make_detr(const TensorContract& contract) {
  if (contract.inputs.size() != 2 || contract.outputs.size() != 3) return nullptr;
  const int sizes = find_tensor(contract.inputs, "orig_target_sizes");
  const int labels = find_tensor(contract.outputs, "labels");
  const int boxes = find_tensor(contract.outputs, "boxes");
  const int scores = find_tensor(contract.outputs, "scores");
  if (sizes < 0 || labels < 0 || boxes < 0 || scores < 0) return nullptr;
  const auto index = [](int found) { return static_cast<std::size_t>(found); };
  const std::size_t images = 1 - index(sizes);
  const auto image = image_input_of(contract.inputs[images]);
  constexpr std::int64_t kOne = 1;
  const TensorInfo& label_tensor = contract.outputs[index(labels)];
  if (!image || !contract.inputs[index(sizes)].is(ElementType::kInt64, std::array{kOne, std::int64_t{2}})) return nullptr;
  if (!label_tensor.is(ElementType::kInt64, std::array{kOne, kAny})) return nullptr;
  const std::int64_t n = label_tensor.shape[1];
  if (!contract.outputs[index(boxes)].is(ElementType::kFloat32, std::array{kOne, n, std::int64_t{4}})) return nullptr;
  if (!contract.outputs[index(scores)].is(ElementType::kFloat32, std::array{kOne, n})) return nullptr;
  return std::make_unique<Detr>(*image, Detr::Tensors{images, index(sizes), index(labels), index(boxes), index(scores)});
}

std::unique_ptr<Family> make_detr_raw(const TensorContract& contract) {
  const auto tensors = raw_tensors(contract, "logits", "pred_boxes");
  const auto image = tensors ? image_input_of(contract.inputs[0]) : std::nullopt;
  if (!image) return nullptr;
  return std::make_unique<RawDetr>(stretched_rgb(*image), *tensors);
}

std::unique_ptr<Family> make_rf_detr(const TensorContract& contract) {
  const auto tensors = raw_tensors(contract, "labels", "dets");
  const auto image = tensors ? image_input_of(contract.inputs[0]) : std::nullopt;
  if (!image) return nullptr;
  vision::TensorSpec spec = stretched_rgb(*image);
  spec.mean = {0.485f, 0.456f, 0.406f};
  spec.deviation = {0.229f, 0.224f, 0.225f};
  return std::make_unique<RawDetr>(spec, *tensors);
}

}  // namespace vedette::model
