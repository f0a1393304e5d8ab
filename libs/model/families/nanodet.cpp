// NanoDet (RangiLyu/nanodet, the "g" and classic heads): per stride a map of class probabilities and a map of distances from
// the cell's centre to the four sides, each a distribution over bins whose expectation counts (Generalized Focal Loss,
// arXiv:2006.04388). Trained on stretched BGR with ImageNet's mean and deviation in 0..255.
#include <algorithm>

#include "model/families/families.h"

namespace vedette::model {
namespace {

struct Level {
  std::uint32_t stride = 0;
  std::size_t scores = 0;  // output indexes
  std::size_t distances = 0;
};

class Nanodet final : public Family {
 public:
  Nanodet(ImageInput image, std::array<Level, 3> levels, std::size_t classes, std::size_t bins)
      : image_(image), levels_(levels), classes_(classes), bins_(bins) {}

  vision::TensorSpec image() const override {
    return {.width = image_.width,
            .height = image_.height,
            .order = vision::ColorOrder::kBgr,
            .element = image_.element,
            .mean = {103.53f, 116.28f, 123.675f},
            .deviation = {57.375f, 57.12f, 58.395f}};
  }
  std::size_t image_input() const override { return 0; }
  std::size_t classes() const override { return classes_; }
  bool needs_suppression() const override { return true; }

  void decode(std::span<const TensorView> outputs, const Scene& scene, Candidates& out) const override {
    for (const Level& level : levels_) {
      const float* scores = outputs[level.scores].f32.data();
      const float* distances = outputs[level.distances].f32.data();
      for (std::uint32_t y = 0; y < cells(image_.height, level.stride); ++y)
        for (std::uint32_t x = 0; x < cells(image_.width, level.stride); ++x, scores += classes_, distances += 4 * bins_)
          decode_cell(scores, distances, x, y, level.stride, scene, out);
    }
  }

 private:
  void decode_cell(const float* scores, const float* distances, std::uint32_t x, std::uint32_t y, std::uint32_t stride,
                   const Scene& scene, Candidates& out) const {
    bool have_box = false;
    Box box;
    for (std::size_t i = 0; i < classes_; ++i) {
      if (!(scores[i] > out.threshold())) continue;
      if (!have_box) box = box_of(distances, x, y, static_cast<float>(stride), scene);
      have_box = true;
      out.push(box, scores[i], i);
    }
  }

  Box box_of(const float* distances, std::uint32_t x, std::uint32_t y, float stride, const Scene& scene) const {
    const float width = static_cast<float>(scene.content.width), height = static_cast<float>(scene.content.height);
    const float center_x = (static_cast<float>(x) + 0.5f) * stride, center_y = (static_cast<float>(y) + 0.5f) * stride;
    const float left = expectation(distances) * stride, top = expectation(distances + bins_) * stride;
    const float right = expectation(distances + 2 * bins_) * stride, bottom = expectation(distances + 3 * bins_) * stride;
    return {(center_x - left) / width, (center_y - top) / height, (center_x + right) / width, (center_y + bottom) / height};
  }

  // Mean bin under the softmax of `logits`.
  float expectation(const float* logits) const {
    const float largest = *std::max_element(logits, logits + bins_);
    float sum = 0.0f, weighted = 0.0f;
    for (std::size_t i = 0; i < bins_; ++i) {
      const float weight = std::exp(logits[i] - largest);
      sum += weight;
      weighted += weight * static_cast<float>(i);
    }
    return weighted / sum;
  }

  ImageInput image_;
  std::array<Level, 3> levels_;
  std::size_t classes_;
  std::size_t bins_;
};

// Outputs of shape [1,n,k] with n the cells of `stride`, in the contract's order; those that aren't two are no NanoDet.
std::optional<std::array<std::size_t, 2>> outputs_of_stride(const TensorContract& contract, ImageInput image,
                                                            std::uint32_t stride) {
  const std::int64_t n = std::int64_t{cells(image.width, stride)} * cells(image.height, stride);
  std::array<std::size_t, 2> found{};
  std::size_t count = 0;
  for (std::size_t i = 0; i < contract.outputs.size(); ++i) {
    if (!contract.outputs[i].is(ElementType::kFloat32, std::array{std::int64_t{1}, n, kAny})) continue;
    if (count == 2) return std::nullopt;
    found[count++] = i;
  }
  if (count != 2) return std::nullopt;
  return found;
}

}  // namespace

std::unique_ptr<Family> make_nanodet(const TensorContract& contract) {
  if (contract.inputs.size() != 1 || contract.outputs.size() != 6) return nullptr;
  const auto image = image_input_of(contract.inputs[0]);
  if (!image) return nullptr;
  std::array<Level, 3> levels;
  std::int64_t classes = 0, sides = 0;
  for (std::size_t i = 0; i < levels.size(); ++i) {
    const auto found = outputs_of_stride(contract, *image, kStrides[i]);
    if (!found) return nullptr;
    levels[i] = {kStrides[i], (*found)[0], (*found)[1]};  // scores are declared before distances
    const std::int64_t these_classes = contract.outputs[(*found)[0]].shape[2],
                       these_sides = contract.outputs[(*found)[1]].shape[2];
    if (i > 0 && (these_classes != classes || these_sides != sides)) return nullptr;
    classes = these_classes;
    sides = these_sides;
  }
  if (sides % 4 != 0 || sides < 8) return nullptr;
  return std::make_unique<Nanodet>(*image, levels, static_cast<std::size_t>(classes), static_cast<std::size_t>(sides / 4));
}

}  // namespace vedette::model
