// Tensors as a model declares them (TensorContract) and as they lie in memory (TensorView). Plain data.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vedette::model {

enum class ElementType { kFloat32, kFloat16, kUint8, kInt64, kOther };

inline constexpr std::int64_t kUnknownSide = -1;  // a dimension that the model leaves open

struct TensorInfo {
  std::string name;
  ElementType type = ElementType::kOther;
  std::vector<std::int64_t> shape;

  // Same rank and sides; a kUnknownSide in `wanted` takes any fixed side.
  bool is(ElementType wanted_type, std::span<const std::int64_t> wanted) const;
  // Product of the sides; 0 if one is open or it is more than any model here needs (2^28).
  std::size_t elements() const;
};

struct TensorContract {
  std::vector<TensorInfo> inputs;
  std::vector<TensorInfo> outputs;
};

// Index of the tensor of that name, or -1.
int find_tensor(std::span<const TensorInfo> tensors, std::string_view name);

// "images f32[1,3,320,320]", an open side as "?", and "images f32[1,3,320,320] -> labels i64[1,300], …", for messages.
std::string to_string(const TensorInfo& tensor);
std::string to_string(const TensorContract& contract);

// A bound tensor's elements: as bytes whatever its type, and as what they are.
struct TensorView {
  std::span<std::byte> bytes;
  std::span<float> f32;         // kFloat32 alone
  std::span<std::int64_t> i64;  // kInt64 alone
};

}  // namespace vedette::model
