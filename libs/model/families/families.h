// The makers of all families, for the table in model/family.cpp, and what several families use. Pure functions.
#pragma once

#include <array>
#include <cmath>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "model/family.h"

namespace vedette::model {

// As FamilyEntry::make has it.
using Made = Result<std::unique_ptr<Family>>;
Made make_nanodet(const TensorContract& contract, const ModelText& text);
Made make_yolox(const TensorContract& contract, const ModelText& text);
Made make_detr(const TensorContract& contract, const ModelText& text);
Made make_detr_raw(const TensorContract& contract, const ModelText& text);
Made make_rf_detr(const TensorContract& contract, const ModelText& text);

// Nothing says that the model is of this family.
inline Error not_this_family() { return {ErrorCode::kNotFound, "not this family"}; }
// It looks like one of this family, but for this.
inline Error nearly(std::string text) { return {ErrorCode::kIncompatible, std::move(text)}; }
// "dets f32[1,300,5] should be f32[1,n,4]": unless it has that type and those sides. kAny takes any side.
inline constexpr std::int64_t kAny = kUnknownSide;
Result<> expect(const TensorInfo& tensor, ElementType type, std::span<const std::int64_t> shape, std::string_view expected);

// For heads whose columns don't say how many classes they tell apart: as many as are named, else COCO's.
struct ExpectedClasses {
  std::size_t count = 0;
  std::string why;  // "each of COCO's 80 classes, as nothing names others", for messages
};
ExpectedClasses expected_classes(const ModelText& text);

// A [1,3,H,W] input of floats, half floats or bytes. A model that takes bytes normalises them itself.
struct ImageInput {
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  vision::Element element = vision::Element::kFloat32;
};
// kIncompatible, saying what to export otherwise, if no picture of a camera can be put into it.
Result<ImageInput> image_input_of(const TensorInfo& tensor);

// ImageNet's mean and deviation of pixels in 0..1, RGB.
inline constexpr std::array<float, 3> kImageNetMean{0.485f, 0.456f, 0.406f};
inline constexpr std::array<float, 3> kImageNetDeviation{0.229f, 0.224f, 0.225f};

inline float sigmoid(float logit) { return 1.0f / (1.0f + std::exp(-logit)); }
// The logit whose sigmoid is `probability`: thresholds are compared before the sigmoid, which then runs for few.
inline float logit(float probability) { return std::log(probability / (1.0f - probability)); }

// The grids that anchor-free heads lay over the tensor, finest first.
inline constexpr std::array<std::uint32_t, 4> kStrides{8, 16, 32, 64};
inline std::uint32_t cells(std::uint32_t side, std::uint32_t stride) { return (side + stride - 1) / stride; }
// How many strides, 3 or 4, have as many cells as an output [1,cells,columns] has rows; nothing if it isn't one of these.
std::optional<std::size_t> levels_of(const TensorInfo& output, const ImageInput& image);

}  // namespace vedette::model
