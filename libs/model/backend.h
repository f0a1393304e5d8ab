// Backend: what runs a model. It owns the model's tensors, which are bound once: a caller writes the inputs where they lie,
// runs, and reads the outputs where they lie. Thread-bound (a backend may use threads of its own inside run()).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/tensor.h"

namespace vedette::model {

// What runs a model: ONNX Runtime's execution providers. kAuto: the first of TensorRT, CUDA and CPU that this machine has.
enum class Provider { kAuto, kCpu, kCuda, kTensorRt, kWebGpu };
std::string_view to_string(Provider provider);  // "auto", "cpu", "cuda", "tensorrt", "webgpu"
std::optional<Provider> parse_provider(std::string_view text);

enum class Precision { kAuto, kFp32, kFp16, kInt8 };              // of TensorRT's engines; kAuto: fp16
std::optional<Precision> parse_precision(std::string_view text);  // "auto", "fp32", "fp16", "int8"

struct BackendOptions {
  Provider provider = Provider::kCpu;
  std::uint32_t device = 0;  // which of several GPUs
  Precision precision = Precision::kAuto;
  std::uint32_t threads = 0;  // 0: one per core
  std::string cache;          // folder of engines and timings, made when needed; "": nothing is kept
  // Told what takes long, one line each ("building a TensorRT engine for …, minutes"); may be called from another thread.
  std::function<void(std::string_view)> progress;
};

class Backend {
 public:
  virtual ~Backend() = default;

  // Batch sizes that the model leaves open are 1 here; other open sides stay open, and such a model isn't bound. Outputs of half
  // floats are floats here: run() converts them.
  virtual const TensorContract& contract() const = 0;
  // Text that the model's maker put into the file under `key`; empty if there is none.
  virtual std::string metadata(std::string_view key) const = 0;

  // What really runs it, never kAuto; and one line for each provider that was wanted before it and couldn't.
  virtual Provider provider() const = 0;
  virtual std::span<const std::string> remarks() const = 0;

  // The bound tensors. Their addresses never change. Empty views for a model that isn't bound.
  virtual TensorView input(std::size_t index) = 0;
  virtual TensorView output(std::size_t index) = 0;

  virtual Result<> run() = 0;
};

// ONNX Runtime. kNotFound, kCorrupt (with the runtime's own words) or kIncompatible in one sentence that names `path`. A provider
// other than kAuto that this machine can't give falls back to the CPU, with a remark.
Result<std::unique_ptr<Backend>> open_backend(const std::string& path, const BackendOptions& options);

}  // namespace vedette::model
