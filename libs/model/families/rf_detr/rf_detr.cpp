// RF-DETR: README.md.
#include "model/families/detr/queries.h"

namespace vedette::model {

Made make_rf_detr(const TensorContract& contract, const ModelText&) {
  constexpr std::array<std::string_view, 2> kMore{"masks", "keypoints"};  // what models for segmentation and poses say besides
  VD_ASSIGN(const QueryTensors tensors, find_queries(contract, "labels", "dets", kMore));
  VD_ASSIGN(const ImageInput image, image_input_of(contract.inputs[0]));
  vision::TensorSpec spec = stretched_rgb(image);
  spec.mean = kImageNetMean;
  spec.deviation = kImageNetDeviation;
  return std::unique_ptr<Family>(std::make_unique<QueryFamily>(spec, tensors, true));
}

}  // namespace vedette::model
