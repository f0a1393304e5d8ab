// The makers of all families, for the table in model/family.cpp. Each returns null for a contract that isn't its own.
#pragma once

#include <array>
#include <cmath>
#include <memory>
#include <optional>

#include "model/family.h"

namespace vedette::model {

std::unique_ptr<Family> make_nanodet(const TensorContract& contract);
std::unique_ptr<Family> make_yolox(const TensorContract& contract);
std::unique_ptr<Family> make_detr(const TensorContract& contract);
std::unique_ptr<Family> make_detr_raw(const TensorContract& contract);
std::unique_ptr<Family> make_rf_detr(const TensorContract& contract);

inline constexpr std::int64_t kAny = kUnknownSide;

// A [1,3,H,W] input of floats, half floats or bytes. A model that takes bytes normalises them itself.
struct ImageInput {
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  vision::Element element = vision::Element::kFloat32;
};
inline std::optional<ImageInput> image_input_of(const TensorInfo& tensor) {
  constexpr std::int64_t kMaxTensorSide = 4096;
  if (!tensor.is(tensor.type, std::array{std::int64_t{1}, std::int64_t{3}, kAny, kAny})) return std::nullopt;
  if (tensor.shape[2] > kMaxTensorSide || tensor.shape[3] > kMaxTensorSide) return std::nullopt;
  ImageInput image{static_cast<std::uint32_t>(tensor.shape[3]), static_cast<std::uint32_t>(tensor.shape[2])};
  switch (tensor.type) {
    case ElementType::kFloat32:
      return image;
    case ElementType::kFloat16:
      image.element = vision::Element::kFloat16;
      return image;
    case ElementType::kUint8:
      image.element = vision::Element::kUint8;
      return image;
    default:
      return std::nullopt;
  }
}

inline float sigmoid(float logit) { return 1.0f / (1.0f + std::exp(-logit)); }
// The logit whose sigmoid is `probability`: thresholds are compared before the sigmoid, which then runs for few.
inline float logit(float probability) { return std::log(probability / (1.0f - probability)); }

// The grid that anchor-free heads lay over the tensor.
inline constexpr std::array<std::uint32_t, 3> kStrides{8, 16, 32};
inline std::uint32_t cells(std::uint32_t side, std::uint32_t stride) { return (side + stride - 1) / stride; }

}  // namespace vedette::model
