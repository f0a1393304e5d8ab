// Opens one model file on one provider after the other. What takes long to make is looked for in the cache first, and kept there.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "model/onnx/cache.h"
#include "model/onnx/model_file.h"
#include "model/onnx/onnx_backend.h"
#include "model/onnx/providers.h"

namespace vedette::model::onnx {

class Opener {
 public:
  Opener(const ModelFile& model, const BackendOptions& options) : model_(model), options_(options) {}

  // Throws what the runtime throws. A cache that can't be used is no failure: a remark.
  std::unique_ptr<OnnxBackend> on(Provider provider);

  std::vector<std::string> remarks;
  std::string engines;  // where TensorRT's engines were kept; "": nowhere

 private:
  std::unique_ptr<OnnxBackend> on_cpu();
  std::unique_ptr<OnnxBackend> on_tensorrt();
  std::unique_ptr<OnnxBackend> on_tensorrt_with(const TensorRtSettings& tensorrt, bool builds);
  Result<> keep_optimised_copy(CacheEntry& entry) const;
  void optimise_into(const std::string& folder, bool rearranged) const;
  Ort::SessionOptions settings() const;

  const ModelFile& model_;
  const BackendOptions& options_;
};

}  // namespace vedette::model::onnx
