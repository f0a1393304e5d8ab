// Preprocessing that a model's metadata asks for, where its weights were trained on something else than their family's usual
// pictures and the tensors can't show it. Pure functions.
#pragma once

#include <string_view>

#include "base/result.h"
#include "vision/pixel_pass.h"

namespace vedette::model {

// The metadata's entry: a JSON object with any of
//   "order": "rgb" | "bgr"   "fit": "stretch" | "letterbox"   "filter": "bilinear" | "antialiased"
//   "scale": number          "mean": [3 numbers]              "deviation": [3 numbers]            "pad": [3 of 0..255]
// tensor = (pixel · scale − mean) / deviation, pixel and pad in 0..255 (vision::TensorSpec).
inline constexpr std::string_view kPreprocessingKey = "vedette_preprocessing";

// `usual` with what `entry` says put in its place; "" says nothing. kInvalidArgument if it says something else than the above.
Result<vision::TensorSpec> with_preprocessing(const vision::TensorSpec& usual, std::string_view entry);

}  // namespace vedette::model
