#include "model/families/families.h"

namespace vedette::model {

Result<> expect(const TensorInfo& tensor, ElementType type, std::span<const std::int64_t> shape, std::string_view expected) {
  if (tensor.is(type, shape)) return {};
  return nearly(to_string(tensor) + " should be " + std::string(expected));
}

ExpectedClasses expected_classes(const ModelText& text) {
  if (text.names > 0) return {text.names, "each of the " + std::to_string(text.names) + " classes that are named"};
  return {coco_names().size(), "each of COCO's 80 classes, as nothing names others"};
}

Result<ImageInput> image_input_of(const TensorInfo& tensor) {
  constexpr std::int64_t kMaxTensorSide = 4096;
  const auto refused = [&](std::string_view why) { return nearly(to_string(tensor) + " " + std::string(why)); };
  if (tensor.shape.size() != 4) return refused("isn't a picture, [1,3,height,width]");
  const std::int64_t batch = tensor.shape[0], channels = tensor.shape[1], height = tensor.shape[2], width = tensor.shape[3];
  if (width == 3 && channels != 3) return refused("has its channels last: export it with [1,3,height,width]");
  if (channels != 3) return refused("isn't of three channels, as a camera's pictures are");
  if (batch != 1) return refused("takes several pictures at once: export it with a batch of 1 or an open one");
  if (height == kUnknownSide || width == kUnknownSide)
    return refused("leaves its sides open: export it with a fixed height and width");
  if (height < 1 || width < 1 || height > kMaxTensorSide || width > kMaxTensorSide)
    return refused("isn't of 1 to 4096 pixels a side");
  ImageInput image{static_cast<std::uint32_t>(width), static_cast<std::uint32_t>(height)};
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
      return refused("isn't of f32, f16 or u8");
  }
}

std::optional<std::size_t> levels_of(const TensorInfo& output, const ImageInput& image) {
  if (output.shape.size() != 3 || output.shape[0] != 1) return std::nullopt;
  std::int64_t rows = 0;
  for (std::size_t level = 0; level < kStrides.size(); ++level) {
    rows += std::int64_t{cells(image.width, kStrides[level])} * cells(image.height, kStrides[level]);
    if (level >= 2 && output.shape[1] == rows) return level + 1;
  }
  return std::nullopt;
}

}  // namespace vedette::model
