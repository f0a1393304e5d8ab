#include "model/onnx/providers.h"

#include <filesystem>
#include <fstream>
#include <map>
#include <memory>

#include "base/file.h"
#include "model/onnx/runtime.h"

namespace vedette::model::onnx {
namespace {

namespace fs = std::filesystem;
using Settings = std::map<std::string, std::string>;

bool exists(const std::string& path) {
  std::error_code error;
  return fs::exists(path, error);
}

// A desktop's, a Jetson's (two names), that of Windows' Linux subsystem.
bool has_nvidia_gpu(std::uint32_t device) {
  for (const std::string& path : {"/dev/nvidia" + std::to_string(device), std::string("/dev/nvgpu/igpu0/ctrl"),
                                  std::string("/dev/nvhost-ctrl-gpu"), std::string("/dev/dxg")})
    if (exists(path)) return true;
  return false;
}

bool has_library(const char* name) { return exists(library_folder() + "/libonnxruntime_providers_" + name + ".so"); }

std::string cpu_flags() {
  std::ifstream info("/proc/cpuinfo");
  std::string flags;
  for (std::string line; std::getline(info, line) && !line.empty();)  // the first core's
    if (line.starts_with("model name") || line.starts_with("flags") || line.starts_with("Features") ||
        line.starts_with("CPU part"))
      flags += line + "\n";
  return flags;
}

std::string text_of(const std::string& path) {
  auto text = read_file(path);
  return text.ok() ? std::move(*text) : std::string();
}

// ORT's calibration table of a model that has no QuantizeLinear nodes lies beside it.
std::string calibration_of(const ModelFile& model) { return model.path + ".calibration"; }

struct Rows {
  explicit Rows(const Settings& settings) {
    for (const auto& [key, value] : settings) {
      keys.push_back(key.c_str());
      values.push_back(value.c_str());
    }
  }
  std::vector<const char*> keys, values;
};

void append_cuda(Ort::SessionOptions& session, const BackendOptions& options) {
  const OrtApi& api = Ort::GetApi();
  OrtCUDAProviderOptionsV2* made = nullptr;
  Ort::ThrowOnError(api.CreateCUDAProviderOptions(&made));
  const std::unique_ptr<OrtCUDAProviderOptionsV2, decltype(api.ReleaseCUDAProviderOptions)> cuda(made,
                                                                                                 api.ReleaseCUDAProviderOptions);
  const Settings settings{{"device_id", std::to_string(options.device)},
                          {"arena_extend_strategy", "kSameAsRequested"},
                          {"cudnn_conv_algo_search", "HEURISTIC"}};  // the default tries them all: many seconds
  const Rows rows(settings);
  Ort::ThrowOnError(api.UpdateCUDAProviderOptions(cuda.get(), rows.keys.data(), rows.values.data(), rows.keys.size()));
  session.AppendExecutionProvider_CUDA_V2(*cuda);
}

void append_tensorrt(Ort::SessionOptions& session, const BackendOptions& options, const ModelFile& model,
                     const TensorRtSettings& wanted) {
  const Precision precision = wanted.precision;
  Settings settings{{"device_id", std::to_string(options.device)},
                    {"trt_fp16_enable", precision == Precision::kFp32 ? "0" : "1"},
                    {"trt_int8_enable", precision == Precision::kInt8 ? "1" : "0"},
                    {"trt_engine_cache_enable", wanted.engines.empty() ? "0" : "1"},
                    {"trt_timing_cache_enable", wanted.timings.empty() ? "0" : "1"}};
  if (!wanted.engines.empty()) settings["trt_engine_cache_path"] = wanted.engines;
  if (!wanted.timings.empty()) settings["trt_timing_cache_path"] = wanted.timings;
  if (precision == Precision::kInt8 && !model.quantized && !wanted.engines.empty()) {
    fs::copy_file(calibration_of(model), wanted.engines + "/calibration", fs::copy_options::overwrite_existing);
    settings["trt_int8_calibration_table_name"] = "calibration";  // it is looked for among the engines
  }
  const OrtApi& api = Ort::GetApi();
  OrtTensorRTProviderOptionsV2* made = nullptr;
  Ort::ThrowOnError(api.CreateTensorRTProviderOptions(&made));
  const std::unique_ptr<OrtTensorRTProviderOptionsV2, decltype(api.ReleaseTensorRTProviderOptions)> tensorrt(
      made, api.ReleaseTensorRTProviderOptions);
  const Rows rows(settings);
  Ort::ThrowOnError(api.UpdateTensorRTProviderOptions(tensorrt.get(), rows.keys.data(), rows.values.data(), rows.keys.size()));
  session.AppendExecutionProvider_TensorRT_V2(*tensorrt);
}

const char* runtime_name(Provider provider) {
  switch (provider) {
    case Provider::kCuda:
      return "CUDAExecutionProvider";
    case Provider::kTensorRt:
      return "TensorrtExecutionProvider";
    case Provider::kWebGpu:
      return "WebGpuExecutionProvider";
    case Provider::kAuto:
    case Provider::kCpu:
      break;
  }
  return "CPUExecutionProvider";
}

}  // namespace

std::vector<Provider> candidates(const BackendOptions& options) {
  const bool cuda = has_nvidia_gpu(options.device) && has_library("cuda");
  std::vector<Provider> order;
  switch (options.provider) {
    case Provider::kAuto:
      if (cuda && has_library("tensorrt")) order.push_back(Provider::kTensorRt);
      if (cuda) order.push_back(Provider::kCuda);
      break;
    case Provider::kTensorRt:
      order.push_back(Provider::kTensorRt);
      if (cuda) order.push_back(Provider::kCuda);
      break;
    case Provider::kCuda:
    case Provider::kWebGpu:
      order.push_back(options.provider);
      break;
    case Provider::kCpu:
      break;
  }
  order.push_back(Provider::kCpu);
  return order;
}

std::string unused_gpu(const BackendOptions& options) {
  if (options.provider != Provider::kAuto || !has_nvidia_gpu(options.device) || has_library("cuda")) return "";
  return "there is an NVIDIA GPU, but " + library_folder() + " has no libonnxruntime_providers_cuda.so for it";
}

void append(Ort::SessionOptions& session, Provider provider, const BackendOptions& options, const ModelFile& model,
            const TensorRtSettings& tensorrt) {
  if (!is_built_in(runtime_name(provider)))
    throw Ort::Exception("this ONNX Runtime, " + std::string(runtime_version()) + ", was built without it", ORT_NOT_IMPLEMENTED);
  if (provider == Provider::kTensorRt) append_tensorrt(session, options, model, tensorrt);
  // What TensorRT has no layers for.
  if (provider == Provider::kTensorRt || provider == Provider::kCuda) append_cuda(session, options);
  if (provider == Provider::kWebGpu) session.AppendExecutionProvider("WebGPU");
}

Precision engine_precision(const BackendOptions& options, const ModelFile& model, std::vector<std::string>& remarks) {
  if (options.precision == Precision::kAuto) return Precision::kFp16;
  if (options.precision != Precision::kInt8 || model.quantized) return options.precision;
  if (options.cache.empty()) {
    remarks.push_back("int8 needs a cache folder for the calibration table: the engine is fp16");
    return Precision::kFp16;
  }
  if (exists(calibration_of(model))) return Precision::kInt8;
  remarks.push_back("int8 needs a model with QuantizeLinear nodes, or a calibration table " + calibration_of(model) +
                    ": the engine is fp16");
  return Precision::kFp16;
}

std::string depends_on(Provider provider, const BackendOptions& options, const ModelFile& model) {
  const std::string runtime = std::string(runtime_version()) + "\n";
  if (provider == Provider::kCpu) return runtime + cpu_flags();
  std::string all = runtime + text_of("/proc/driver/nvidia/version");
  std::error_code error;
  for (const auto& gpu : fs::directory_iterator("/proc/driver/nvidia/gpus", error))
    all += gpu.path().filename().string() + text_of(gpu.path() / "information");
  if (options.precision == Precision::kInt8 && !model.quantized) all += text_of(calibration_of(model));
  return all;
}

}  // namespace vedette::model::onnx
