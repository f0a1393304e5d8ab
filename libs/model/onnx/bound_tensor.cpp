#include "model/onnx/bound_tensor.h"

#include <algorithm>

namespace vedette::model::onnx {

ElementType seen_as(ONNXTensorElementDataType type, Direction direction) {
  switch (type) {
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT:
      return ElementType::kFloat32;
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16:
      return direction == Direction::kInput ? ElementType::kFloat16 : ElementType::kFloat32;
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8:
      return ElementType::kUint8;
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64:
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32:
      return ElementType::kInt64;
    default:
      return ElementType::kOther;
  }
}

BoundTensor::BoundTensor(const TensorInfo& seen, ONNXTensorElementDataType type, Ort::AllocatorWithDefaultOptions& allocator)
    : seen_(seen.type),
      type_(type),
      elements_(seen.elements()),
      value_(Ort::Value::CreateTensor(allocator, seen.shape.data(), seen.shape.size(), type)) {
  if (seen_ == ElementType::kFloat32 && type_ == ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16) widened_.resize(elements_);
  if (type_ == ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32) widened_i_.resize(elements_);
  const TensorView all = view();
  std::fill(all.bytes.begin(), all.bytes.end(), std::byte{0});
  std::fill(all.i64.begin(), all.i64.end(), std::int64_t{1});
}

TensorView BoundTensor::view() {
  TensorView view;
  switch (seen_) {
    case ElementType::kFloat32:
      view.f32 = widened_.empty() ? std::span(value_.GetTensorMutableData<float>(), elements_) : std::span(widened_);
      view.bytes = std::as_writable_bytes(view.f32);
      break;
    case ElementType::kInt64:
      view.i64 = widened_i_.empty() ? std::span(value_.GetTensorMutableData<std::int64_t>(), elements_) : std::span(widened_i_);
      view.bytes = std::as_writable_bytes(view.i64);
      break;
    case ElementType::kFloat16:
      view.bytes = std::as_writable_bytes(std::span(value_.GetTensorMutableData<Ort::Float16_t>(), elements_));
      break;
    case ElementType::kUint8:
      view.bytes = std::as_writable_bytes(std::span(value_.GetTensorMutableData<std::uint8_t>(), elements_));
      break;
    case ElementType::kOther:
      break;
  }
  return view;
}

void BoundTensor::give() {
  if (widened_i_.empty()) return;
  std::transform(widened_i_.begin(), widened_i_.end(), value_.GetTensorMutableData<std::int32_t>(), [](std::int64_t wide) {
    return static_cast<std::int32_t>(std::clamp<std::int64_t>(wide, INT32_MIN, INT32_MAX));
  });
}

void BoundTensor::take() {
  if (!widened_.empty()) {
    const auto* halves = value_.GetTensorData<Ort::Float16_t>();
    std::transform(halves, halves + elements_, widened_.begin(), [](Ort::Float16_t half) { return half.ToFloat(); });
  }
  if (!widened_i_.empty()) {
    const auto* narrow = value_.GetTensorData<std::int32_t>();
    std::copy(narrow, narrow + elements_, widened_i_.begin());
  }
}

}  // namespace vedette::model::onnx
