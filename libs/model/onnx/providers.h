// ONNX Runtime's execution providers: which of them this machine has, and their settings.
#pragma once

#include <onnxruntime_cxx_api.h>

#include <string>
#include <vector>

#include "model/backend.h"
#include "model/onnx/model_file.h"

namespace vedette::model::onnx {

// Those to try, best first, the last always kCpu. kAuto looks only at files (providers' libraries, /dev/nvidia*), so it costs
// nothing where there is no GPU; what was asked for by name is tried whatever there is.
std::vector<Provider> candidates(const BackendOptions& options);

// For kAuto: one line if there is an NVIDIA GPU that no provider here can use, else "".
std::string unused_gpu(const BackendOptions& options);

struct TensorRtSettings {
  Precision precision = Precision::kFp16;  // engine_precision()'s
  std::string engines, timings;            // folders; "": not kept
};
// Adds `provider` (not kCpu) to `session`. Throws Ort::Exception if it can't be had.
void append(Ort::SessionOptions& session, Provider provider, const BackendOptions& options, const ModelFile& model,
            const TensorRtSettings& tensorrt);

// TensorRT's precision for that model: what was asked for, or fp16 where int8 isn't possible, with a remark.
Precision engine_precision(const BackendOptions& options, const ModelFile& model, std::vector<std::string>& remarks);

// What that provider makes of a model depends on, besides the model: the runtime, the processor, or the GPU, its driver and the
// calibration.
std::string depends_on(Provider provider, const BackendOptions& options, const ModelFile& model);

}  // namespace vedette::model::onnx
