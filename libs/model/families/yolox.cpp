// YOLOX (Ge et al. 2021, arXiv:2107.08430), exported undecoded: per cell x, y, log w, log h, objectness and class
// probabilities (both after the sigmoid). Trained on BGR 0..255, letterboxed top left with 114.
#include "model/families/families.h"

namespace vedette::model {
namespace {

class Yolox final : public Family {
 public:
  Yolox(ImageInput image, std::size_t classes) : image_(image), classes_(classes) {}

  vision::TensorSpec image() const override {
    return {.width = image_.width,
            .height = image_.height,
            .fit = vision::Fit::kLetterbox,
            .order = vision::ColorOrder::kBgr,
            .element = image_.element};
  }
  std::size_t image_input() const override { return 0; }
  std::size_t classes() const override { return classes_; }
  bool needs_suppression() const override { return true; }

  void decode(std::span<const TensorView> outputs, const Scene& scene, Candidates& out) const override {
    const float* cell = outputs[0].f32.data();
    for (const std::uint32_t stride : kStrides)
      for (std::uint32_t y = 0; y < cells(image_.height, stride); ++y)
        for (std::uint32_t x = 0; x < cells(image_.width, stride); ++x, cell += 5 + classes_)
          decode_cell(cell, static_cast<float>(x), static_cast<float>(y), static_cast<float>(stride), scene, out);
  }

 private:
  void decode_cell(const float* cell, float x, float y, float stride, const Scene& scene, Candidates& out) const {
    const float objectness = cell[4];
    if (!(objectness > out.threshold())) return;  // the score is at most this
    const float across = stride / static_cast<float>(scene.content.width),
                down = stride / static_cast<float>(scene.content.height);
    const float center_x = (cell[0] + x) * across, center_y = (cell[1] + y) * down;
    const float half_width = 0.5f * std::exp(cell[2]) * across, half_height = 0.5f * std::exp(cell[3]) * down;
    const Box box{center_x - half_width, center_y - half_height, center_x + half_width, center_y + half_height};
    for (std::size_t i = 0; i < classes_; ++i) out.push(box, objectness * cell[5 + i], i);
  }

  ImageInput image_;
  std::size_t classes_;
};

}  // namespace

std::unique_ptr<Family> make_yolox(const TensorContract& contract) {
  if (contract.inputs.size() != 1 || contract.outputs.size() != 1) return nullptr;
  const auto image = image_input_of(contract.inputs[0]);
  if (!image) return nullptr;
  std::int64_t anchors = 0;
  for (const std::uint32_t stride : kStrides) anchors += std::int64_t{cells(image->width, stride)} * cells(image->height, stride);
  const TensorInfo& output = contract.outputs[0];
  if (!output.is(ElementType::kFloat32, std::array{std::int64_t{1}, anchors, kAny}) || output.shape[2] < 6) return nullptr;
  return std::make_unique<Yolox>(*image, static_cast<std::size_t>(output.shape[2] - 5));
}

}  // namespace vedette::model
