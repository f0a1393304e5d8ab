#include "model/family.h"

#include <algorithm>

#include "model/families/families.h"
#include "model/preprocessing.h"

namespace vedette::model {

std::span<const FamilyEntry> families() {
  static constexpr FamilyEntry kTable[] = {
      {"nanodet",
       "[1,3,H,W] -> three scores [1,cells,classes] and three distances [1,cells,4*bins] for strides 8, 16, 32, or one "
       "[1,cells of strides 8, 16, 32 (and 64),classes+4*bins]",
       &make_nanodet},
      {"yolox", "[1,3,H,W] -> [1,cells of strides 8, 16, 32 (and 64),5+classes]", &make_yolox},
      {"detr", "images [1,3,H,W], orig_target_sizes i64[1,2] -> labels i64[1,n], boxes [1,n,4], scores [1,n]", &make_detr},
      {"detr-raw", "[1,3,H,W] -> logits [1,n,classes], pred_boxes [1,n,4]", &make_detr_raw},
      {"rf-detr", "[1,3,H,W] -> dets [1,n,4], labels [1,n,classes]", &make_rf_detr},
  };
  return kTable;
}

namespace {

Error no_family(const TensorContract& contract, const std::string& reason) {
  std::string known;
  for (const FamilyEntry& entry : families())
    known += (known.empty() ? "" : "; ") + std::string(entry.name) + ": " + std::string(entry.tensors);
  return {ErrorCode::kIncompatible,
          "no known detector family has the tensors " + to_string(contract) + reason + " (known: " + known + ")"};
}

// What keeps it from being any family's: its picture; nothing if that is as it should be.
std::string fault_of_picture(const TensorContract& contract) {
  if (contract.inputs.empty()) return "it takes no picture";
  const auto found =
      std::find_if(contract.inputs.begin(), contract.inputs.end(), [](const auto& t) { return t.shape.size() == 4; });
  const auto image = image_input_of(found == contract.inputs.end() ? contract.inputs.front() : *found);
  return image.ok() ? "" : image.error().text;
}

}  // namespace

Result<ChosenFamily> choose_family(const TensorContract& contract, const ModelText& text) {
  if (const std::string fault = fault_of_picture(contract); !fault.empty()) return no_family(contract, ": " + fault);
  std::string nearly;
  for (const FamilyEntry& entry : families()) {
    auto family = entry.make(contract, text);
    if (family.ok()) {
      VD_ASSIGN(const vision::TensorSpec image, with_preprocessing((*family)->image(), text.metadata(kPreprocessingKey)));
      (*family)->set_image(image);
      return ChosenFamily{entry.name, std::move(*family)};
    }
    if (family.error().code == ErrorCode::kIncompatible)
      nearly += (nearly.empty() ? ": nearly " : "; nearly ") + std::string(entry.name) + ", but " + family.error().text;
  }
  return no_family(contract, nearly);
}

}  // namespace vedette::model
