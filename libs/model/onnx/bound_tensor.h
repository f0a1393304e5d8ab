// A tensor of a model as the runtime has it and as Backend's callers see it: in the machine's memory, at an address that never
// changes. Thread-bound.
#pragma once

#include <onnxruntime_cxx_api.h>

#include <vector>

#include "model/tensor.h"

namespace vedette::model::onnx {

enum class Direction { kInput, kOutput };

// How callers see the runtime's elements: halves that come out as f32, 32-bit integers as i64, the rest as it is; kOther if not
// at all.
ElementType seen_as(ONNXTensorElementDataType type, Direction direction);

class BoundTensor {
 public:
  // Zeros; integers are 1 (sizes that a model may divide by). `seen` as callers see it, all sides known.
  BoundTensor(const TensorInfo& seen, ONNXTensorElementDataType type, Ort::AllocatorWithDefaultOptions& allocator);

  Ort::Value& value() { return value_; }
  TensorView view();

  void give();  // what callers wrote, to the runtime
  void take();  // what the runtime wrote, to callers

 private:
  ElementType seen_;
  ONNXTensorElementDataType type_;
  std::size_t elements_;
  Ort::Value value_;
  std::vector<float> widened_;           // of halves
  std::vector<std::int64_t> widened_i_;  // of 32-bit integers
};

}  // namespace vedette::model::onnx
