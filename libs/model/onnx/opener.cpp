#include "model/onnx/opener.h"

#include <filesystem>

#include "base/file.h"
#include "model/onnx/long_step.h"
#include "model/onnx/runtime.h"

namespace vedette::model::onnx {
namespace {

constexpr const char* kCopy = "model.onnx";
constexpr const char* kWeights = "weights.bin";
constexpr const char* kLeastExternal = "1024";  // bytes; smaller ones are shapes and the like, which the runtime wants inside
constexpr std::uint64_t kKernelAlignment = 64;  // what the runtime's kernels were built for, of weights they rearranged

}  // namespace

std::unique_ptr<OnnxBackend> Opener::on(Provider provider) {
  if (provider == Provider::kCpu) return on_cpu();
  if (provider == Provider::kTensorRt) return on_tensorrt();
  if (provider == Provider::kWebGpu && options_.device != 0)
    remarks.push_back("webgpu takes the GPU that the system prefers: device " + std::to_string(options_.device) +
                      " isn't looked at");
  const LongStep step(options_.progress, "opening " + file_name(model_.path) + " on " + std::string(to_string(provider)), false);
  Ort::SessionOptions session = settings();
  append(session, provider, options_, model_, {});
  return std::make_unique<OnnxBackend>(Ort::Session(environment(), model_.path.c_str(), session), provider);
}

// The copy is what optimising makes of the model on this machine: it opens several times faster, and its weights are mapped, so
// they are the kernel's to drop and read again. It is also why a model may be written over while it runs.
std::unique_ptr<OnnxBackend> Opener::on_cpu() {
  const LongStep step(options_.progress, "opening " + file_name(model_.path), false);
  if (!options_.cache.empty()) {
    CacheEntry entry(options_.cache, model_, "cpu", depends_on(Provider::kCpu, options_, model_));
    const auto kept = entry.is_whole() ? Result<>() : keep_optimised_copy(entry);
    try {
      Ort::SessionOptions session = settings();
      session.SetGraphOptimizationLevel(ORT_DISABLE_ALL);  // it is optimised
      if (kept.ok())
        return std::make_unique<OnnxBackend>(Ort::Session(environment(), (entry.folder() + "/" + kCopy).c_str(), session),
                                             Provider::kCpu);
      remarks.push_back(kept.error().text + ": nothing is kept");
    } catch (const std::exception&) {
      entry.remove();  // the model itself may do
    }
  }
  return std::make_unique<OnnxBackend>(Ort::Session(environment(), model_.path.c_str(), settings()), Provider::kCpu);
}

Result<> Opener::keep_optimised_copy(CacheEntry& entry) const {
  VD_ASSIGN(const std::string made, entry.begin());
  const Failure failure;
  try {
    optimise_into(made, true);
    const auto copy = read_file(made + "/" + kCopy);
    if (!copy.ok() || !rearranged_weights_are_aligned(*copy, kKernelAlignment)) optimise_into(made, false);
  } catch (const std::exception& error) {
    CacheEntry::discard(made);
    return Error{ErrorCode::kIo, "cache " + options_.cache + ": " + failure.reason(error)};
  }
  const auto now = read_model_file(model_.path);
  if (now.ok() && now->content == model_.content) return entry.commit(made);
  CacheEntry::discard(made);
  return Error{ErrorCode::kBusy, "model " + model_.path + ": it was written while it was read"};
}

void Opener::optimise_into(const std::string& folder, bool rearranged) const {
  std::error_code error;
  std::filesystem::remove(folder + "/" + kWeights, error);
  Ort::SessionOptions session = settings();
  session.SetOptimizedModelFilePath((folder + "/" + kCopy).c_str());
  session.AddConfigEntry("session.optimized_model_external_initializers_file_name", kWeights);
  session.AddConfigEntry("session.optimized_model_external_initializers_min_size_in_bytes", kLeastExternal);
  session.AddConfigEntry("session.save_external_prepacked_constant_initializers", rearranged ? "1" : "0");
  const Ort::Session saves_at_once(environment(), model_.path.c_str(), session);
}

std::unique_ptr<OnnxBackend> Opener::on_tensorrt() {
  const Precision precision = engine_precision(options_, model_, remarks);
  if (options_.cache.empty()) return on_tensorrt_with({precision, "", ""}, true);
  const auto timings = shared_cache_folder(options_.cache, "tensorrt-timings");
  const std::string variant = "tensorrt-" + std::string(to_string(precision)) + "-gpu" + std::to_string(options_.device);
  CacheEntry entry(options_.cache, model_, variant, depends_on(Provider::kTensorRt, options_, model_));
  if (timings.ok() && entry.is_whole()) {
    try {
      auto backend = on_tensorrt_with({precision, entry.folder(), *timings}, false);
      engines = entry.folder();
      return backend;
    } catch (const std::exception&) {
      entry.remove();
    }
  }
  const auto made = timings.ok() ? entry.begin() : timings;
  if (!made.ok()) {
    remarks.push_back(made.error().text + ": the engine isn't kept");
    return on_tensorrt_with({precision, "", ""}, true);
  }
  try {
    auto backend = on_tensorrt_with({precision, *made, *timings}, true);
    const auto kept = entry.commit(*made);
    if (kept.ok())
      engines = entry.folder();
    else
      remarks.push_back(kept.error().text + ": the engine isn't kept");
    return backend;
  } catch (const std::exception&) {
    CacheEntry::discard(*made);
    throw;
  }
}

std::unique_ptr<OnnxBackend> Opener::on_tensorrt_with(const TensorRtSettings& tensorrt, bool builds) {
  Ort::SessionOptions session = settings();
  append(session, Provider::kTensorRt, options_, model_, tensorrt);
  const LongStep step(options_.progress,
                      (builds ? "building a TensorRT engine for " : "opening the TensorRT engine of ") + file_name(model_.path) +
                          (builds ? ", which takes minutes" : ""),
                      builds);
  return std::make_unique<OnnxBackend>(Ort::Session(environment(), model_.path.c_str(), session), Provider::kTensorRt);
}

Ort::SessionOptions Opener::settings() const {
  environment();  // providers log into it when they are added to a session
  Ort::SessionOptions session;
  session.SetIntraOpNumThreads(static_cast<int>(threads_of(options_)));
  session.SetGraphOptimizationLevel(ORT_ENABLE_ALL);
  session.SetExecutionMode(ORT_SEQUENTIAL);
  session.AddConfigEntry("session.intra_op.allow_spinning", "0");
  session.AddConfigEntry("session.set_denormal_as_zero", "1");
  for (const std::string& name : model_.open_batches) {
    Ort::ThrowOnError(Ort::GetApi().AddFreeDimensionOverrideByName(session, name.c_str(), 1));
  }
  return session;
}

}  // namespace vedette::model::onnx
