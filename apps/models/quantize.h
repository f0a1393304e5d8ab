// `vedette model quantize`: a static INT8 version of a model that is as good as the original up to a stated loss, or none.
#pragma once

#include <string>

#include "models/options.h"

namespace vedette::models {

struct QuantizeOptions {
  ModelOptions model;
  std::string pictures;  // folder of JPEG files that are like what the cameras will see: activations' ranges are learnt from them
  std::size_t most_pictures = 100;
  std::string coco;       // folder on which the loss is measured
  double max_loss = 1.0;  // AP points, hundredths of AP; negative: so much must be won
  std::size_t most_settings = 100;
  std::string output;
  bool force = false;  // overwrite the output
  bool all = false;    // measure every setting, also after one that is good enough
  bool json = false;
};

// The Error if no setting is good enough: then nothing is written.
Result<> quantize(const QuantizeOptions& options);

}  // namespace vedette::models
