// YOLOX: README.md.
#include <algorithm>

#include "model/above_threshold.h"
#include "model/families/families.h"

namespace vedette::model {
namespace {

constexpr std::size_t kBoxColumns = 5;  // x, y, width, height, objectness; classes follow

class Yolox final : public Family {
 public:
  Yolox(const vision::TensorSpec& image, std::size_t levels, std::size_t classes)
      : Family(image), levels_(levels), classes_(classes) {}

  ModelClasses classes() const override { return {classes_, false}; }
  bool needs_suppression() const override { return true; }

  // Undecoded, x and y are offsets from the cell's corner in cells; decoded they are pixels, which most cells are many of away
  // from the corner of the tensor.
  void learn(std::span<const TensorView> outputs) override {
    constexpr float kFar = 4.0f;  // cells; how much farther away says nothing
    float undecoded = 0.0f, decoded = 0.0f;
    for_each_cell(outputs, [&](const float* cell, float x, float y, float stride) {
      const auto add = [](float& sum, float distance) { sum += std::abs(distance) < kFar ? std::abs(distance) : kFar; };
      add(undecoded, cell[0] - 0.5f);
      add(undecoded, cell[1] - 0.5f);
      add(decoded, cell[0] / stride - x - 0.5f);
      add(decoded, cell[1] / stride - y - 0.5f);
    });
    decoded_ = decoded < undecoded;
  }

  void decode(std::span<const TensorView> outputs, const Scene& scene, Candidates& out) const override {
    const float width = static_cast<float>(scene.content.width), height = static_cast<float>(scene.content.height);
    for_each_cell(outputs, [&](const float* cell, float x, float y, float stride) {
      const float objectness = cell[4];
      if (!(objectness > out.threshold())) return;  // the score is at most this
      const float unit = decoded_ ? 1.0f : stride;
      const float center_x = (decoded_ ? cell[0] : cell[0] + x) * unit / width;
      const float center_y = (decoded_ ? cell[1] : cell[1] + y) * unit / height;
      const float half_width = 0.5f * (decoded_ ? cell[2] : std::exp(cell[2])) * unit / width;
      const float half_height = 0.5f * (decoded_ ? cell[3] : std::exp(cell[3])) * unit / height;
      const Box box{center_x - half_width, center_y - half_height, center_x + half_width, center_y + half_height};
      const std::span scores(cell + kBoxColumns, classes_);
      for_each_above(
          scores, [&] { return out.threshold() / objectness; },
          [&](std::size_t at) { out.push(box, objectness * scores[at], at); });
    });
  }

 private:
  template <typename Visit>
  void for_each_cell(std::span<const TensorView> outputs, Visit visit) const {
    const float* cell = outputs[0].f32.data();
    for (const std::uint32_t stride : std::span(kStrides).first(levels_))
      for (std::uint32_t y = 0; y < cells(image().height, stride); ++y)
        for (std::uint32_t x = 0; x < cells(image().width, stride); ++x, cell += kBoxColumns + classes_)
          visit(cell, static_cast<float>(x), static_cast<float>(y), static_cast<float>(stride));
  }

  std::size_t levels_;
  std::size_t classes_;
  bool decoded_ = false;
};

}  // namespace

Made make_yolox(const TensorContract& contract, const ModelText& text) {
  if (contract.inputs.size() != 1 || contract.outputs.size() != 1) return not_this_family();
  VD_ASSIGN(const ImageInput image, image_input_of(contract.inputs[0]));
  const TensorInfo& output = contract.outputs[0];
  const auto levels = levels_of(output, image);
  if (!levels) return not_this_family();
  const ExpectedClasses classes = expected_classes(text);
  VD_TRY(expect(output, ElementType::kFloat32,
                std::array{std::int64_t{1}, kAny, static_cast<std::int64_t>(kBoxColumns + classes.count)},
                "f32 with 5 columns and one for " + classes.why));
  const vision::TensorSpec spec{.width = image.width,
                                .height = image.height,
                                .fit = vision::Fit::kLetterbox,
                                .order = vision::ColorOrder::kBgr,
                                .element = image.element};
  return std::unique_ptr<Family>(std::make_unique<Yolox>(spec, *levels, classes.count));
}

}  // namespace vedette::model
