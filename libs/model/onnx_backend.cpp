// ONNX Runtime's C++ API throws: every call of it stands inside a try of this file.
#include <onnxruntime_cxx_api.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <thread>

#include "model/backend.h"

namespace vedette::model {
namespace {

ElementType element_type(ONNXTensorElementDataType type) {
  if (type == ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT) return ElementType::kFloat32;
  if (type == ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64) return ElementType::kInt64;
  return ElementType::kOther;
}

TensorInfo describe(std::string name, const Ort::TypeInfo& type) {
  TensorInfo tensor{std::move(name), ElementType::kOther, {}};
  if (type.GetONNXType() != ONNX_TYPE_TENSOR) return tensor;
  const auto info = type.GetTensorTypeAndShapeInfo();
  tensor.type = element_type(info.GetElementType());
  tensor.shape = info.GetShape();
  for (std::int64_t& side : tensor.shape) side = std::max(side, kUnknownSide);
  if (!tensor.shape.empty() && tensor.shape[0] == kUnknownSide) tensor.shape[0] = 1;
  return tensor;
}

bool bindable(const TensorInfo& tensor) { return tensor.type != ElementType::kOther && tensor.elements() > 0; }

// The runtime's messages run over several lines and name its own sources; the first line says what is wrong.
std::string first_line(const char* text) {
  std::string line(text);
  line.resize(std::min(line.find('\n'), line.size()));
  return line;
}

class OnnxBackend final : public Backend {
 public:
  OnnxBackend(const std::string& path, const BackendOptions& options)
      : env_(ORT_LOGGING_LEVEL_FATAL, "vedette"), session_(env_, path.c_str(), session_options(options)) {
    for (std::size_t i = 0; i < session_.GetInputCount(); ++i)
      contract_.inputs.push_back(describe(session_.GetInputNameAllocated(i, allocator_).get(), session_.GetInputTypeInfo(i)));
    for (std::size_t i = 0; i < session_.GetOutputCount(); ++i)
      contract_.outputs.push_back(describe(session_.GetOutputNameAllocated(i, allocator_).get(), session_.GetOutputTypeInfo(i)));
    for (const TensorInfo& tensor : contract_.inputs) input_names_.push_back(tensor.name.c_str());
    for (const TensorInfo& tensor : contract_.outputs) output_names_.push_back(tensor.name.c_str());
    bind();
  }

  const TensorContract& contract() const override { return contract_; }

  std::string metadata(std::string_view key) const override {
    try {
      const auto value = session_.GetModelMetadata().LookupCustomMetadataMapAllocated(std::string(key).c_str(), allocator_);
      return value ? value.get() : "";
    } catch (const Ort::Exception&) {
      return "";
    }
  }

  Provider provider() const override { return Provider::kCpu; }
  std::span<const std::string> remarks() const override { return {}; }

  TensorView input(std::size_t index) override { return view(inputs_, contract_.inputs, index); }
  TensorView output(std::size_t index) override { return view(outputs_, contract_.outputs, index); }

  Result<> run() override {
    try {
      session_.Run(run_options_, input_names_.data(), inputs_.data(), inputs_.size(), output_names_.data(), outputs_.data(),
                   outputs_.size());
    } catch (const Ort::Exception& error) {
      return Error{ErrorCode::kIo, "the model didn't run: " + first_line(error.what())};
    }
    return {};
  }

 private:
  static Ort::SessionOptions session_options(const BackendOptions& options) {
    Ort::SessionOptions session;
    const std::uint32_t cores = std::max(1u, std::thread::hardware_concurrency());
    session.SetIntraOpNumThreads(static_cast<int>(options.threads > 0 ? options.threads : cores));
    session.SetGraphOptimizationLevel(ORT_ENABLE_ALL);
    session.SetExecutionMode(ORT_SEQUENTIAL);
    // Waiting threads sleep: measured on two cores that other stages use too, spinning doubles the time (27 -> 65 ms for
    // YOLOX-nano) and between frames triples the CPU time (18 -> 51 ms a frame).
    session.AddConfigEntry("session.intra_op.allow_spinning", "0");
    session.AddConfigEntry("session.set_denormal_as_zero", "1");
    return session;
  }

  void bind() {
    if (!std::all_of(contract_.inputs.begin(), contract_.inputs.end(), bindable)) return;
    for (const TensorInfo& tensor : contract_.inputs) inputs_.push_back(allocate(tensor));
    if (!std::all_of(contract_.outputs.begin(), contract_.outputs.end(), bindable)) learn_output_shapes();
    if (!std::all_of(contract_.outputs.begin(), contract_.outputs.end(), bindable)) return;
    for (const TensorInfo& tensor : contract_.outputs) outputs_.push_back(allocate(tensor));
  }

  // Sides that the file leaves open and that follow from the inputs'.
  void learn_output_shapes() {
    const auto values = session_.Run(run_options_, input_names_.data(), inputs_.data(), inputs_.size(), output_names_.data(),
                                     output_names_.size());
    for (std::size_t i = 0; i < values.size(); ++i)
      if (values[i].IsTensor()) contract_.outputs[i].shape = values[i].GetTensorTypeAndShapeInfo().GetShape();
  }

  Ort::Value allocate(const TensorInfo& tensor) {
    const auto type =
        tensor.type == ElementType::kFloat32 ? ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT : ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64;
    Ort::Value value = Ort::Value::CreateTensor(allocator_, tensor.shape.data(), tensor.shape.size(), type);
    if (tensor.type == ElementType::kFloat32)
      std::fill_n(value.GetTensorMutableData<float>(), tensor.elements(), 0.0f);
    else
      std::fill_n(value.GetTensorMutableData<std::int64_t>(), tensor.elements(), std::int64_t{1});
    return value;
  }

  static TensorView view(std::vector<Ort::Value>& values, const std::vector<TensorInfo>& tensors, std::size_t index) {
    if (index >= values.size()) return {};
    const std::size_t elements = tensors[index].elements();
    if (tensors[index].type == ElementType::kFloat32) {
      const std::span all(values[index].GetTensorMutableData<float>(), elements);
      return {std::as_writable_bytes(all), all, {}};
    }
    const std::span all(values[index].GetTensorMutableData<std::int64_t>(), elements);
    return {std::as_writable_bytes(all), {}, all};
  }

  Ort::Env env_;
  Ort::Session session_;
  Ort::AllocatorWithDefaultOptions allocator_;
  Ort::RunOptions run_options_;
  TensorContract contract_;
  std::vector<const char*> input_names_, output_names_;
  std::vector<Ort::Value> inputs_, outputs_;
};

struct ProviderName {
  Provider provider;
  std::string_view name;
};
constexpr ProviderName kProviders[] = {{Provider::kAuto, "auto"},
                                       {Provider::kCpu, "cpu"},
                                       {Provider::kCuda, "cuda"},
                                       {Provider::kTensorRt, "tensorrt"},
                                       {Provider::kWebGpu, "webgpu"}};
struct PrecisionName {
  Precision precision;
  std::string_view name;
};
constexpr PrecisionName kPrecisions[] = {
    {Precision::kAuto, "auto"}, {Precision::kFp32, "fp32"}, {Precision::kFp16, "fp16"}, {Precision::kInt8, "int8"}};

}  // namespace

std::string_view to_string(Provider provider) {
  for (const ProviderName& known : kProviders)
    if (known.provider == provider) return known.name;
  return "unknown";
}

std::optional<Provider> parse_provider(std::string_view text) {
  for (const ProviderName& known : kProviders)
    if (known.name == text) return known.provider;
  return std::nullopt;
}

std::optional<Precision> parse_precision(std::string_view text) {
  for (const PrecisionName& known : kPrecisions)
    if (known.name == text) return known.precision;
  return std::nullopt;
}

Result<std::unique_ptr<Backend>> open_backend(const std::string& path, const BackendOptions& options) {
  struct ::stat file {};
  if (::stat(path.c_str(), &file) != 0) return errno_error("model " + path);
  if (!S_ISREG(file.st_mode)) return Error{ErrorCode::kInvalidArgument, "model " + path + ": not a file"};
  if (file.st_size == 0) return Error{ErrorCode::kCorrupt, "model " + path + ": the file is empty"};
  try {
    return std::unique_ptr<Backend>(std::make_unique<OnnxBackend>(path, options));
  } catch (const std::exception& error) {  // Ort::Exception, and what the library lets through
    return Error{ErrorCode::kCorrupt, "model " + path + ": not a usable ONNX model: " + first_line(error.what())};
  }
}

}  // namespace vedette::model
