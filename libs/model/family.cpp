#include "model/family.h"

#include <string>

#include "model/families/families.h"

namespace vedette::model {

std::span<const FamilyEntry> families() {
  static constexpr FamilyEntry kTable[] = {
      {"nanodet", "[1,3,H,W] -> three scores [1,cells,classes] and three distances [1,cells,4*bins] for strides 8, 16, 32",
       &make_nanodet},
      {"yolox", "[1,3,H,W] -> [1,cells of strides 8, 16, 32,5+classes]", &make_yolox},
      {"detr", "images [1,3,H,W], orig_target_sizes i64[1,2] -> labels i64[1,n], boxes [1,n,4], scores [1,n]", &make_detr},
      {"detr-raw", "[1,3,H,W] -> logits [1,n,classes], pred_boxes [1,n,4]", &make_detr_raw},
      {"rf-detr", "[1,3,H,W] -> dets [1,n,4], labels [1,n,classes]", &make_rf_detr},
  };
  return kTable;
}

Result<ChosenFamily> choose_family(const TensorContract& contract) {
  std::string known;
  for (const FamilyEntry& entry : families()) {
    if (auto family = entry.make(contract)) return ChosenFamily{entry.name, std::move(family)};
    known += (known.empty() ? "" : "; ") + std::string(entry.name) + ": " + std::string(entry.tensors);
  }
  return Error{ErrorCode::kIncompatible,
               "no known detector family has the tensors " + to_string(contract) + " (known: " + known + ")"};
}

}  // namespace vedette::model
