// What static quantisation learns activations' ranges from: the tensors that the product's own preprocessing makes of pictures,
// as files for tools/quantize.py (its text says what lies in the folder). Thread-bound.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "model/detector.h"

namespace vedette::models {

// JPEG files of the folder by name, `most` at most, evenly taken from all of them. kNotFound if there are none.
Result<std::vector<std::string>> find_pictures(const std::string& dir, std::size_t most);

// kIncompatible for a model with inputs other than 32-bit floats and integers; kUnavailable, "stopped".
Result<> write_calibration(model::Detector& detector, const std::vector<std::string>& pictures, const std::string& dir);

}  // namespace vedette::models
