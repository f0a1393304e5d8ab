// Family: what a model's tensors mean. A family is found from the model itself (choose_family()), never from a file's name, and
// knows how its pictures were prepared in training and how its outputs become boxes. All families stand in one table
// (family.cpp); families/README.md says how to add one.
// Thread-bound.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/candidates.h"
#include "model/class_names.h"
#include "model/tensor.h"
#include "vision/pixel_pass.h"

namespace vedette::model {

// The picture, or the part of one, that the outputs belong to.
struct Scene {
  std::uint32_t width = 0;  // pixels
  std::uint32_t height = 0;
  vision::Content content;  // what it covers of the image tensor
};

class Family {
 public:
  explicit Family(const vision::TensorSpec& image) : image_(image) {}
  virtual ~Family() = default;

  // What the model was trained to see.
  const vision::TensorSpec& image() const { return image_; }
  void set_image(const vision::TensorSpec& image) { image_ = image; }

  virtual std::size_t image_input() const { return 0; }  // index of the input that takes the picture
  virtual ModelClasses classes() const = 0;
  virtual bool needs_suppression() const = 0;  // proposes one object many times

  // Looks at the outputs of a first run, on a picture of nothing, for what the contract doesn't say.
  virtual void learn(std::span<const TensorView> outputs) { (void)outputs; }
  // Fills the inputs other than the picture. `inputs` in the contract's order.
  virtual void set_inputs(std::span<const TensorView> inputs, const Scene& scene) { (void)inputs, (void)scene; }
  // Reads `outputs` (in the contract's order and of its shapes) and pushes what is above `out.threshold()`.
  virtual void decode(std::span<const TensorView> outputs, const Scene& scene, Candidates& out) const = 0;

 private:
  vision::TensorSpec image_;
};

// What a model's maker left beside the tensors.
struct ModelText {
  std::function<std::string(std::string_view key)> metadata = [](std::string_view) { return std::string(); };
  // Whether the word stands in the file: names of layers do.
  std::function<bool(std::string_view word)> mentions = [](std::string_view) { return false; };
  std::size_t names = 0;  // how many classes are named, by the metadata or a labels file; 0: nothing names them
};

struct FamilyEntry {
  std::string_view name;
  std::string_view tensors;  // what its models look like, for messages
  // The family; kNotFound if the contract doesn't look like its own; kIncompatible if it does but for what the text says.
  Result<std::unique_ptr<Family>> (*make)(const TensorContract& contract, const ModelText& text);
};

std::span<const FamilyEntry> families();

struct ChosenFamily {
  std::string_view name;
  std::unique_ptr<Family> family;
};
// kIncompatible if none fits, saying what was found, what is off where one nearly fits, and what is known.
Result<ChosenFamily> choose_family(const TensorContract& contract, const ModelText& text = {});

}  // namespace vedette::model
