#include "model/onnx/onnx_backend.h"

#include <algorithm>

#include "model/onnx/runtime.h"

namespace vedette::model::onnx {
namespace {

TensorInfo describe_tensor(std::string name, const Ort::TypeInfo& info, Direction direction, ONNXTensorElementDataType& type) {
  TensorInfo tensor{std::move(name), ElementType::kOther, {}};
  type = ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
  if (info.GetONNXType() != ONNX_TYPE_TENSOR) return tensor;
  const auto shape = info.GetTensorTypeAndShapeInfo();
  type = shape.GetElementType();
  tensor.type = seen_as(type, direction);
  tensor.shape = shape.GetShape();
  for (std::int64_t& side : tensor.shape) side = std::max(side, kUnknownSide);
  if (!tensor.shape.empty() && tensor.shape[0] == kUnknownSide) tensor.shape[0] = 1;
  return tensor;
}

bool bindable(const std::vector<TensorInfo>& tensors) {
  return std::all_of(tensors.begin(), tensors.end(),
                     [](const TensorInfo& tensor) { return tensor.type != ElementType::kOther && tensor.elements() > 0; });
}

}  // namespace

OnnxBackend::OnnxBackend(Ort::Session session, Provider provider) : session_(std::move(session)), provider_(provider) {
  Types inputs, outputs;
  describe(inputs, outputs);
  bind(inputs, outputs);
  if (!outputs_.empty()) run_bound();
}

void OnnxBackend::describe(Types& inputs, Types& outputs) {
  inputs.resize(session_.GetInputCount());
  outputs.resize(session_.GetOutputCount());
  for (std::size_t i = 0; i < inputs.size(); ++i)
    contract_.inputs.push_back(describe_tensor(session_.GetInputNameAllocated(i, allocator_).get(), session_.GetInputTypeInfo(i),
                                               Direction::kInput, inputs[i]));
  for (std::size_t i = 0; i < outputs.size(); ++i)
    contract_.outputs.push_back(describe_tensor(session_.GetOutputNameAllocated(i, allocator_).get(),
                                                session_.GetOutputTypeInfo(i), Direction::kOutput, outputs[i]));
}

void OnnxBackend::bind(const Types& inputs, const Types& outputs) {
  if (!bindable(contract_.inputs)) return;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    inputs_.emplace_back(contract_.inputs[i], inputs[i], allocator_);
    inputs_[i].give();
    binding_.BindInput(contract_.inputs[i].name.c_str(), inputs_[i].value());
  }
  if (!bindable(contract_.outputs)) learn_output_shapes();
  if (!bindable(contract_.outputs)) return;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    outputs_.emplace_back(contract_.outputs[i], outputs[i], allocator_);
    binding_.BindOutput(contract_.outputs[i].name.c_str(), outputs_[i].value());
  }
}

// Sides that the file leaves open and that follow from the inputs'.
void OnnxBackend::learn_output_shapes() {
  Ort::IoBinding unsized(session_);
  const auto memory = Ort::MemoryInfo::CreateCpu(OrtDeviceAllocator, OrtMemTypeDefault);
  for (std::size_t i = 0; i < inputs_.size(); ++i) unsized.BindInput(contract_.inputs[i].name.c_str(), inputs_[i].value());
  for (const TensorInfo& output : contract_.outputs) unsized.BindOutput(output.name.c_str(), memory);
  session_.Run(run_options_, unsized);
  const auto values = unsized.GetOutputValues();
  for (std::size_t i = 0; i < values.size(); ++i)
    if (values[i].IsTensor()) contract_.outputs[i].shape = values[i].GetTensorTypeAndShapeInfo().GetShape();
}

std::string OnnxBackend::metadata(std::string_view key) const {
  try {
    Ort::AllocatorWithDefaultOptions allocator;
    const auto value = session_.GetModelMetadata().LookupCustomMetadataMapAllocated(std::string(key).c_str(), allocator);
    return value ? value.get() : "";
  } catch (const Ort::Exception&) {
    return "";
  }
}

TensorView OnnxBackend::input(std::size_t index) { return index < inputs_.size() ? inputs_[index].view() : TensorView{}; }
TensorView OnnxBackend::output(std::size_t index) { return index < outputs_.size() ? outputs_[index].view() : TensorView{}; }

void OnnxBackend::run_bound() {
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    inputs_[i].give();
    // For a device, binding is what copies the input there.
    if (provider_ != Provider::kCpu) binding_.BindInput(contract_.inputs[i].name.c_str(), inputs_[i].value());
  }
  session_.Run(run_options_, binding_);
  for (BoundTensor& output : outputs_) output.take();
}

Result<> OnnxBackend::run() {
  const Failure failure;
  try {
    run_bound();
  } catch (const Ort::Exception& error) {
    return Error{ErrorCode::kIo, "the model didn't run: " + failure.reason(error)};
  }
  return {};
}

}  // namespace vedette::model::onnx
