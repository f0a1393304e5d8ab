#include <malloc.h>

#include <algorithm>
#include <span>
#include <thread>

#include "base/signals_blocked.h"
#include "model/backend.h"
#include "model/onnx/opener.h"
#include "model/onnx/runtime.h"

namespace vedette::model {
namespace {

using onnx::Opener;

constexpr std::uint32_t kMostThreads = 4;

template <typename T>
struct Named {
  T value;
  std::string_view name;
};
constexpr Named<Provider> kProviders[] = {{Provider::kAuto, "auto"},
                                          {Provider::kCpu, "cpu"},
                                          {Provider::kCuda, "cuda"},
                                          {Provider::kTensorRt, "tensorrt"},
                                          {Provider::kWebGpu, "webgpu"}};
constexpr Named<Precision> kPrecisions[] = {
    {Precision::kAuto, "auto"}, {Precision::kFp32, "fp32"}, {Precision::kFp16, "fp16"}, {Precision::kInt8, "int8"}};

template <typename T>
std::string_view name_of(std::span<const Named<T>> all, T value) {
  for (const Named<T>& known : all)
    if (known.value == value) return known.name;
  return "unknown";
}

template <typename T>
std::optional<T> value_of(std::span<const Named<T>> all, std::string_view name) {
  for (const Named<T>& known : all)
    if (known.name == name) return known.value;
  return std::nullopt;
}

// The backend, or in one line why this provider isn't to be had.
struct Try {
  std::unique_ptr<onnx::OnnxBackend> backend;
  std::string reason;
};
Try try_on(Opener& opener, Provider provider) {
  const onnx::Failure failure;
  try {
    return {opener.on(provider), ""};
  } catch (const std::exception& error) {  // Ort::Exception, and what the library lets through
    return {nullptr, failure.reason(error)};
  }
}

}  // namespace

std::string_view to_string(Provider provider) { return name_of<Provider>(kProviders, provider); }
std::optional<Provider> parse_provider(std::string_view text) { return value_of<Provider>(kProviders, text); }
std::string_view to_string(Precision precision) { return name_of<Precision>(kPrecisions, precision); }
std::optional<Precision> parse_precision(std::string_view text) { return value_of<Precision>(kPrecisions, text); }

// Half of the cores, see docs/decisions/0006-running-the-model.md.
std::uint32_t threads_of(const BackendOptions& options) {
  if (options.threads > 0) return options.threads;
  return std::clamp(std::thread::hardware_concurrency() / 2, 1u, kMostThreads);
}

Result<std::unique_ptr<Backend>> open_backend(const std::string& path, const BackendOptions& options) {
  const SignalsBlocked for_the_runtimes_threads;
  VD_ASSIGN(const onnx::ModelFile file, onnx::read_model_file(path));
  Opener opener(file, options);
  if (std::string remark = onnx::unused_gpu(options); !remark.empty()) opener.remarks.push_back(std::move(remark));
  std::string reason;
  for (const Provider provider : onnx::candidates(options)) {
    Try tried = try_on(opener, provider);
    if (tried.backend) {
      tried.backend->set_remarks(std::move(opener.remarks));
      ::malloc_trim(0);  // opening takes several times what running does
      return std::unique_ptr<Backend>(std::move(tried.backend));
    }
    reason = std::move(tried.reason);
    opener.remarks.push_back(std::string(to_string(provider)) + " can't run the model: " + reason);
  }
  return Error{ErrorCode::kCorrupt, "model " + path + ": not a usable ONNX model: " + reason};
}

Result<std::string> build_engine(const std::string& path, const BackendOptions& options) {
  if (options.cache.empty())
    return Error{ErrorCode::kInvalidArgument, "an engine is built into the cache folder, and none is given"};
  const SignalsBlocked for_the_runtimes_threads;
  VD_ASSIGN(const onnx::ModelFile file, onnx::read_model_file(path));
  Opener opener(file, options);
  const Try tried = try_on(opener, Provider::kTensorRt);
  if (!tried.backend)
    return Error{ErrorCode::kUnavailable, "model " + path + ": no TensorRT engine can be built here: " + tried.reason};
  if (opener.engines.empty()) return Error{ErrorCode::kIo, opener.remarks.back()};
  return opener.engines;
}

}  // namespace vedette::model
