// `vedette model build-engine`: TensorRT's engine of a model, before the detector needs it.
#pragma once

#include "models/options.h"

namespace vedette::models {

// Prints where the engine is kept.
Result<> build_engine(const ModelOptions& options);

}  // namespace vedette::models
