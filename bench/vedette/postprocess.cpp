#include "bench/vedette/postprocess.h"

#include "bench/support/detr_outputs.h"
#include "bench/support/one_process.h"
#include "model/family.h"

namespace vedette::bench {

Value outputs_to_detections() {
  using model::ElementType;
  constexpr std::int64_t kQueries = kDetrQueries, kClasses = kDetrClasses;
  const auto chosen = must(model::choose_family({.inputs = {{"input", ElementType::kFloat32, {1, 3, 512, 512}}},
                                                 .outputs = {{"dets", ElementType::kFloat32, {1, kQueries, 4}},
                                                             {"labels", ElementType::kFloat32, {1, kQueries, kClasses}}}}));
  // All classes are reported, as the baseline does; of COCO's category ids not all name something.
  auto table = must(model::make_class_table(std::vector<std::string>(kDetrClasses, "class"), chosen.family->classes()));
  model::Candidates candidates(kDetrThreshold, std::move(table.map));

  DetrOutputs outputs = make_detr_outputs();
  std::vector<model::TensorView> tensors(2);
  tensors[0].f32 = outputs.boxes;
  tensors[1].f32 = outputs.logits;
  const model::Scene scene{1920, 1080, vision::content_of(chosen.family->image(), 1920, 1080)};
  std::vector<Detection> found;
  return time_batches([&] {
    keep(outputs.logits.data());
    candidates.clear();
    chosen.family->decode(tensors, scene, candidates);
    candidates.take(kMaxDetections, found);
    if (found.size() != kDetrQueries / 15) fail("not the boxes that are there");
    keep(found.data());
  });
}

}  // namespace vedette::bench
