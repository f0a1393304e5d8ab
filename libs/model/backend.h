// Backend: what runs a model. It owns the model's tensors, which are bound once: a caller writes the inputs where they lie,
// runs, and reads the outputs where they lie. Thread-bound (a backend may use threads of its own inside run()).
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/tensor.h"

namespace vedette::model {

class Backend {
 public:
  virtual ~Backend() = default;

  // Batch sizes that the model leaves open are 1 here; other open sides stay open, and such a model isn't bound.
  virtual const TensorContract& contract() const = 0;
  // Text that the model's maker put into the file under `key`; empty if there is none.
  virtual std::string metadata(std::string_view key) const = 0;

  // The bound tensors. Their addresses never change. Empty views for a model that isn't bound.
  virtual TensorView input(std::size_t index) = 0;
  virtual TensorView output(std::size_t index) = 0;

  virtual Result<> run() = 0;
};

struct BackendOptions {
  std::uint32_t threads = 0;  // 0: one per core
};

// ONNX Runtime on the CPU. kNotFound, kCorrupt (with the runtime's own words) or kIncompatible in one sentence that names `path`.
Result<std::unique_ptr<Backend>> open_onnx_cpu(const std::string& path, const BackendOptions& options);

}  // namespace vedette::model
