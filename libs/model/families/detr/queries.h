// What a DETR's decoder says, before any postprocessing: a fixed number of queries, each with a logit for every class and a box.
// Each (query, class) pair whose sigmoid is above the threshold is an object (PostProcess of RT-DETR, D-FINE, DEIM, RF-DETR); no
// suppression. Several families have such outputs and differ in names and preprocessing.
#pragma once

#include <span>
#include <string_view>

#include "model/families/families.h"

namespace vedette::model {

struct QueryTensors {
  std::size_t logits = 0;  // output f32 [1,queries,classes]
  std::size_t boxes = 0;   // output f32 [1,queries,4]: centre, width and height relative to the tensor
  std::size_t queries = 0;
  std::size_t classes = 0;
};
// kNotFound without outputs of these names; kIncompatible if they are there and something else isn't as it should be. Outputs
// named in `ignored` may be there too.
Result<QueryTensors> find_queries(const TensorContract& contract, std::string_view logits, std::string_view boxes,
                                  std::span<const std::string_view> ignored = {});

class QueryFamily final : public Family {
 public:
  QueryFamily(const vision::TensorSpec& image, const QueryTensors& tensors, bool background)
      : Family(image), tensors_(tensors), background_(background) {}

  ModelClasses classes() const override { return {tensors_.classes, background_}; }
  bool needs_suppression() const override { return false; }
  void decode(std::span<const TensorView> outputs, const Scene& scene, Candidates& out) const override;

 private:
  QueryTensors tensors_;
  bool background_;
};

// RGB in 0..1, stretched by an antialiased filter: what DETRs are trained on.
vision::TensorSpec stretched_rgb(const ImageInput& image);

}  // namespace vedette::model
