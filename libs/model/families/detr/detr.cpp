// RT-DETR, D-FINE, DEIM and DEIMv2: README.md. detr: exported with their postprocessor; detr-raw: without.
#include "model/above_threshold.h"
#include "model/families/detr/queries.h"

namespace vedette::model {
namespace {

// DEIMv2 has two kinds of backbones. Those from DINOv3 (S to X) are trained on ImageNet's normalisation, the others (Atto to N,
// and all of RT-DETR, D-FINE and DEIM) are not, and the tensors are the same; the names of the layers are not. RF-DETR under
// Hugging Face's names has a DINOv2 backbone, or shows by its logits: one for each of COCO's category ids, where these have 80.
vision::TensorSpec picture_of(const ImageInput& image, const ModelText& text, std::size_t classes = 0) {
  constexpr std::size_t kCocoIds = 91;
  vision::TensorSpec spec = stretched_rgb(image);
  if (classes == kCocoIds || text.mentions("dinov3") || text.mentions("dinov2")) {  // a look through the file each
    spec.mean = kImageNetMean;
    spec.deviation = kImageNetDeviation;
  }
  return spec;
}

// labels i64 [1,n], boxes f32 [1,n,4] (corners in units of orig_target_sizes), scores f32 [1,n] (after the sigmoid).
class Detr final : public Family {
 public:
  struct Tensors {
    std::size_t images = 0, sizes = 0, labels = 0, boxes = 0, scores = 0;
  };
  Detr(const vision::TensorSpec& image, const Tensors& tensors) : Family(image), tensors_(tensors) {}

  std::size_t image_input() const override { return tensors_.images; }
  ModelClasses classes() const override { return {}; }
  bool needs_suppression() const override { return false; }

  void set_inputs(std::span<const TensorView> inputs, const Scene& scene) override {
    inputs[tensors_.sizes].i64[0] = scene.width;
    inputs[tensors_.sizes].i64[1] = scene.height;
  }

  void decode(std::span<const TensorView> outputs, const Scene& scene, Candidates& out) const override {
    const auto labels = outputs[tensors_.labels].i64;
    const auto boxes = outputs[tensors_.boxes].f32;
    const auto scores = outputs[tensors_.scores].f32;
    // The tensor's sides, in the units of the boxes, are what the picture covers of them: all, unless letterboxed.
    const float width = static_cast<float>(scene.width) * share(scene.content.width, image().width);
    const float height = static_cast<float>(scene.height) * share(scene.content.height, image().height);
    for_each_above(
        scores, [&] { return out.threshold(); },
        [&](std::size_t at) {
          const float* box = &boxes[at * 4];
          if (labels[at] >= 0)
            out.push({box[0] / width, box[1] / height, box[2] / width, box[3] / height}, scores[at],
                     static_cast<std::size_t>(labels[at]));
        });
  }

 private:
  static float share(std::uint32_t covered, std::uint32_t side) { return static_cast<float>(covered) / static_cast<float>(side); }

  Tensors tensors_;
};

}  // namespace

Made make_detr(const TensorContract& contract, const ModelText& text) {
  const int sizes = find_tensor(contract.inputs, "orig_target_sizes");
  const int labels = find_tensor(contract.outputs, "labels"), boxes = find_tensor(contract.outputs, "boxes"),
            scores = find_tensor(contract.outputs, "scores");
  const bool all_outputs = labels >= 0 && boxes >= 0 && scores >= 0;
  if (sizes < 0 && !all_outputs) return not_this_family();
  if (sizes < 0) return nearly("it doesn't take orig_target_sizes i64[1,2]");
  if (!all_outputs || contract.outputs.size() != 3) return nearly("its outputs aren't labels, boxes and scores");
  if (contract.inputs.size() != 2) return nearly("it takes more than a picture and orig_target_sizes");

  const auto index = [](int found) { return static_cast<std::size_t>(found); };
  const Detr::Tensors tensors{1 - index(sizes), index(sizes), index(labels), index(boxes), index(scores)};
  VD_ASSIGN(const ImageInput image, image_input_of(contract.inputs[tensors.images]));
  constexpr std::int64_t kOne = 1;
  VD_TRY(expect(contract.inputs[tensors.sizes], ElementType::kInt64, std::array{kOne, std::int64_t{2}}, "i64[1,2]"));
  const TensorInfo& label_tensor = contract.outputs[tensors.labels];
  VD_TRY(expect(label_tensor, ElementType::kInt64, std::array{kOne, kAny}, "i64[1,n]"));
  const std::int64_t n = label_tensor.shape[1];
  const std::string queries = "[1," + std::to_string(n);
  VD_TRY(expect(contract.outputs[tensors.boxes], ElementType::kFloat32, std::array{kOne, n, std::int64_t{4}},
                "f32" + queries + ",4]"));
  VD_TRY(expect(contract.outputs[tensors.scores], ElementType::kFloat32, std::array{kOne, n}, "f32" + queries + "]"));
  return std::unique_ptr<Family>(std::make_unique<Detr>(picture_of(image, text), tensors));
}

Made make_detr_raw(const TensorContract& contract, const ModelText& text) {
  VD_ASSIGN(const QueryTensors tensors, find_queries(contract, "logits", "pred_boxes"));
  VD_ASSIGN(const ImageInput image, image_input_of(contract.inputs[0]));
  return std::unique_ptr<Family>(std::make_unique<QueryFamily>(picture_of(image, text, tensors.classes), tensors, false));
}

}  // namespace vedette::model
