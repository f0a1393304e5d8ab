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

// Of TensorRT's engines. kAuto: fp16. kInt8 takes a model with QuantizeLinear nodes, or ONNX Runtime's calibration table of it
// beside it as <model>.calibration, and falls back to fp16, with a remark, without.
enum class Precision { kAuto, kFp32, kFp16, kInt8 };
std::string_view to_string(Precision precision);  // "auto", "fp32", "fp16", "int8"
std::optional<Precision> parse_precision(std::string_view text);

struct BackendOptions {
  Provider provider = Provider::kCpu;
  std::uint32_t device = 0;  // which of several GPUs
  Precision precision = Precision::kAuto;
  std::uint32_t threads = 0;  // 0: half of the cores, at least 1, at most 4
  // Folder, made when needed, of engines, their timings, and copies of models that are optimised for this machine, whose weights
  // are mapped; "": nothing is kept. What is damaged is made anew; a folder that can't be used is a remark.
  std::string cache;
  // Told what takes long, one line each, the same again every ten seconds with the time so far; also called from another thread,
  // but only while open_backend() or build_engine() runs.
  std::function<void(std::string_view)> progress;
};

// Of the CPU provider: options.threads, or what 0 stands for on this machine.
std::uint32_t threads_of(const BackendOptions& options);

class Backend {
 public:
  virtual ~Backend() = default;

  // Batch sizes that the model leaves open are 1 here; other open sides stay open, and such a model isn't bound. Outputs of half
  // floats are floats here, 32-bit integers are 64-bit ones: run() converts them.
  virtual const TensorContract& contract() const = 0;
  // Text that the model's maker put into the file under `key`; empty if there is none.
  virtual std::string metadata(std::string_view key) const = 0;

  // What really runs it, never kAuto; and one line for each provider that was wanted before it and couldn't, and for whatever
  // else isn't as it was asked for.
  virtual Provider provider() const = 0;
  virtual std::span<const std::string> remarks() const = 0;

  // The bound tensors. Their addresses never change. Empty views for a model that isn't bound.
  virtual TensorView input(std::size_t index) = 0;
  virtual TensorView output(std::size_t index) = 0;

  virtual Result<> run() = 0;
};

// ONNX Runtime. The model has run once. kNotFound, kInvalidArgument (weights in files outside its folder) or kCorrupt (with the
// runtime's own words) in one sentence that names `path`. A provider other than kAuto that this machine can't give falls back to
// the CPU (TensorRT to CUDA where there is a GPU), with a remark. Not to be called from several threads at once.
Result<std::unique_ptr<Backend>> open_backend(const std::string& path, const BackendOptions& options);

// Builds the TensorRT engine that open_backend() would with the same options, and gives the folder where it is kept; quick if it
// is there. kUnavailable where there is no TensorRT, with the reason.
Result<std::string> build_engine(const std::string& path, const BackendOptions& options);

}  // namespace vedette::model
