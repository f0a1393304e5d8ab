#include "model/tensor.h"

namespace vedette::model {
namespace {

std::string_view short_name(ElementType type) {
  switch (type) {
    case ElementType::kFloat32:
      return "f32";
    case ElementType::kFloat16:
      return "f16";
    case ElementType::kUint8:
      return "u8";
    case ElementType::kInt64:
      return "i64";
    case ElementType::kOther:
      break;
  }
  return "other";
}

std::string list(std::span<const TensorInfo> tensors) {
  std::string text;
  for (const TensorInfo& tensor : tensors) text += (text.empty() ? "" : ", ") + to_string(tensor);
  return text.empty() ? "nothing" : text;
}

}  // namespace

bool TensorInfo::is(ElementType wanted_type, std::span<const std::int64_t> wanted) const {
  if (type != wanted_type || shape.size() != wanted.size()) return false;
  for (std::size_t i = 0; i < shape.size(); ++i)
    if (shape[i] <= 0 || (wanted[i] != kUnknownSide && wanted[i] != shape[i])) return false;
  return elements() > 0;
}

std::size_t TensorInfo::elements() const {
  constexpr std::size_t kMost = std::size_t{1} << 28;
  std::size_t product = 1;
  for (const std::int64_t side : shape) {
    if (side <= 0 || static_cast<std::uint64_t>(side) > kMost) return 0;
    product *= static_cast<std::size_t>(side);
    if (product > kMost) return 0;
  }
  return product;
}

int find_tensor(std::span<const TensorInfo> tensors, std::string_view name) {
  for (std::size_t i = 0; i < tensors.size(); ++i)
    if (tensors[i].name == name) return static_cast<int>(i);
  return -1;
}

std::string to_string(const TensorInfo& tensor) {
  std::string sides;
  for (const std::int64_t side : tensor.shape)
    sides += (sides.empty() ? "" : ",") + (side == kUnknownSide ? std::string("?") : std::to_string(side));
  return tensor.name + " " + std::string(short_name(tensor.type)) + "[" + sides + "]";
}

std::string to_string(const TensorContract& contract) { return list(contract.inputs) + " -> " + list(contract.outputs); }

}  // namespace vedette::model
