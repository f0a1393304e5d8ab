// NanoDet and NanoDet-Plus: README.md.
#include <algorithm>
#include <optional>

#include "model/above_threshold.h"
#include "model/families/families.h"

namespace vedette::model {
namespace {

// One stride's part of the outputs: `row` of output `scores` and of output `distances` are its first cell's.
struct Level {
  std::uint32_t stride = 0;
  std::size_t scores = 0;
  std::size_t distances = 0;
  std::size_t row = 0;
};

struct Head {
  std::vector<Level> levels;
  std::size_t classes = 0;
  std::size_t bins = 0;  // of each distance's distribution
  bool joined = false;   // scores and distances are columns of the same output
  bool plus = false;
};

class Nanodet final : public Family {
 public:
  Nanodet(const vision::TensorSpec& image, Head head) : Family(image), head_(std::move(head)) {}

  ModelClasses classes() const override { return {head_.classes, false}; }
  bool needs_suppression() const override { return true; }

  void decode(std::span<const TensorView> outputs, const Scene& scene, Candidates& out) const override {
    const std::size_t sides = 4 * head_.bins, columns = head_.classes + sides;
    for (const Level& level : head_.levels) {
      const float* scores = &outputs[level.scores].f32[level.row * columns];
      const float* distances = &outputs[level.distances].f32[level.row * columns + (head_.joined ? head_.classes : 0)];
      for (std::uint32_t y = 0; y < cells(image().height, level.stride); ++y)
        for (std::uint32_t x = 0; x < cells(image().width, level.stride); ++x) {
          decode_cell({scores, head_.classes}, distances, x, y, level.stride, scene, out);
          scores += head_.joined ? columns : head_.classes;
          distances += head_.joined ? columns : sides;
        }
    }
  }

 private:
  void decode_cell(std::span<const float> scores, const float* distances, std::uint32_t x, std::uint32_t y, std::uint32_t stride,
                   const Scene& scene, Candidates& out) const {
    std::optional<Box> box;
    for_each_above(
        scores, [&] { return out.threshold(); },
        [&](std::size_t at) {
          if (!box) box = box_of(distances, static_cast<float>(x), static_cast<float>(y), static_cast<float>(stride), scene);
          out.push(*box, scores[at], at);
        });
  }

  // The classic heads measure from the cell's centre, those of NanoDet-Plus from its corner. Boxes end where the tensor does.
  Box box_of(const float* distances, float x, float y, float stride, const Scene& scene) const {
    const float place = head_.plus ? 0.0f : 0.5f;
    const auto side = [&](std::size_t index) { return expectation(distances + index * head_.bins); };
    const auto across = [&](float at) {
      return std::clamp(at * stride, 0.0f, static_cast<float>(image().width)) / static_cast<float>(scene.content.width);
    };
    const auto down = [&](float at) {
      return std::clamp(at * stride, 0.0f, static_cast<float>(image().height)) / static_cast<float>(scene.content.height);
    };
    return {across(x + place - side(0)), down(y + place - side(1)), across(x + place + side(2)), down(y + place + side(3))};
  }

  // Mean bin under the softmax of `logits`.
  float expectation(const float* logits) const {
    const float largest = *std::max_element(logits, logits + head_.bins);
    float sum = 0.0f, weighted = 0.0f;
    for (std::size_t i = 0; i < head_.bins; ++i) {
      const float weight = std::exp(logits[i] - largest);
      sum += weight;
      weighted += weight * static_cast<float>(i);
    }
    return weighted / sum;
  }

  Head head_;
};

// Three outputs of scores and three of distances, in that order, in whatever order of strides.
Result<Head> separate_head(const TensorContract& contract, const ImageInput& image) {
  Head head;
  std::int64_t classes = 0, sides = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    const std::int64_t n = std::int64_t{cells(image.width, kStrides[i])} * cells(image.height, kStrides[i]);
    std::vector<std::size_t> found;
    for (std::size_t index = 0; index < contract.outputs.size(); ++index)
      if (contract.outputs[index].is(ElementType::kFloat32, std::array{std::int64_t{1}, n, kAny})) found.push_back(index);
    if (found.size() != 2) {
      if (i == 0) return not_this_family();
      return nearly("not two outputs are f32[1," + std::to_string(n) + ",…], as stride " + std::to_string(kStrides[i]) + " has");
    }
    const TensorInfo &scores = contract.outputs[found[0]], &distances = contract.outputs[found[1]];
    if (i > 0 && scores.shape[2] != classes) return nearly(to_string(scores) + " is of other classes than stride 8's");
    if (i > 0 && distances.shape[2] != sides) return nearly(to_string(distances) + " is of other distances than stride 8's");
    classes = scores.shape[2];
    sides = distances.shape[2];
    head.levels.push_back({kStrides[i], found[0], found[1], 0});
  }
  if (sides % 4 != 0 || sides < 8) return nearly(std::to_string(sides) + " columns of distances aren't four sides of bins");
  head.classes = static_cast<std::size_t>(classes);
  head.bins = static_cast<std::size_t>(sides) / 4;
  return head;
}

// One output: all strides' cells below each other, scores and distances side by side. NanoDet-Plus has four strides and 8 bins;
// the classic heads three, and 8 bins or (NanoDet-g) 11.
Result<Head> joined_head(const TensorInfo& output, const ImageInput& image, const ModelText& text) {
  const auto levels = levels_of(output, image);
  if (!levels) return not_this_family();
  const ExpectedClasses classes = expected_classes(text);
  Head head{.classes = classes.count, .joined = true, .plus = *levels == 4};
  for (const std::size_t bins : {std::size_t{8}, std::size_t{11}}) {
    if (head.plus && bins == 11) continue;
    const auto columns = static_cast<std::int64_t>(head.classes + 4 * bins);
    if (output.is(ElementType::kFloat32, std::array{std::int64_t{1}, kAny, columns})) head.bins = bins;
  }
  if (head.bins == 0)
    return nearly(to_string(output) + " should be f32 with 32 columns" + (head.plus ? "" : " (or 44)") + " and one for " +
                  classes.why);
  std::size_t row = 0;
  for (std::size_t i = 0; i < *levels; ++i) {
    head.levels.push_back({kStrides[i], 0, 0, row});
    row += std::size_t{cells(image.width, kStrides[i])} * cells(image.height, kStrides[i]);
  }
  return head;
}

}  // namespace

Made make_nanodet(const TensorContract& contract, const ModelText& text) {
  if (contract.inputs.size() != 1 || (contract.outputs.size() != 1 && contract.outputs.size() != 6)) return not_this_family();
  VD_ASSIGN(const ImageInput image, image_input_of(contract.inputs[0]));
  VD_ASSIGN(Head head,
            contract.outputs.size() == 6 ? separate_head(contract, image) : joined_head(contract.outputs[0], image, text));
  const vision::TensorSpec spec{.width = image.width,
                                .height = image.height,
                                .fit = head.plus ? vision::Fit::kStretch : vision::Fit::kLetterbox,
                                .order = vision::ColorOrder::kBgr,
                                .element = image.element,
                                .pad = {104.0f, 116.0f, 124.0f},  // the mean, which is nothing after normalisation
                                .mean = {103.53f, 116.28f, 123.675f},
                                .deviation = {57.375f, 57.12f, 58.395f}};
  return std::unique_ptr<Family>(std::make_unique<Nanodet>(spec, std::move(head)));
}

}  // namespace vedette::model
