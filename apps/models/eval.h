// `vedette model eval`: COCO's average precision of a model over a folder of photos, through the product's own path.
#pragma once

#include <string>

#include "models/options.h"

namespace vedette::models {

struct EvalOptions {
  ModelOptions model;
  std::string coco;          // folder: images/ and instances.json
  bool full_chroma = false;  // photos keep all their chroma, which cameras' pictures don't
  bool json = false;
  bool card = false;  // write the model's card
  std::string boxes;  // file for the boxes in COCO's results format; "": none
};

Result<> eval(const EvalOptions& options);

}  // namespace vedette::models
