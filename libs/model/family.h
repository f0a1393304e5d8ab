// Family: what a model's tensors mean. A family is found from the tensors themselves (choose_family()), never from a file's
// name, and knows how its pictures were prepared in training and how its outputs become boxes. All families stand in one
// table (family.cpp); to add one: a file in families/, a line there, a scene in tests/conformance/families.
// Thread-bound.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "base/result.h"
#include "model/candidates.h"
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
  virtual ~Family() = default;

  virtual vision::TensorSpec image() const = 0;
  virtual std::size_t image_input() const = 0;  // index of the input that takes the picture
  virtual std::size_t classes() const = 0;      // that the outputs tell apart; 0: they don't say
  virtual bool needs_suppression() const = 0;   // proposes one object many times

  // Fills the inputs other than the picture. `inputs` in the contract's order.
  virtual void set_inputs(std::span<const TensorView> inputs, const Scene& scene) { (void)inputs, (void)scene; }
  // Reads `outputs` (in the contract's order and of its shapes) and pushes what is above `out.threshold()`.
  virtual void decode(std::span<const TensorView> outputs, const Scene& scene, Candidates& out) const = 0;
};

struct FamilyEntry {
  std::string_view name;
  std::string_view tensors;  // what its models look like, for messages
  // Null if `contract` isn't this family's.
  std::unique_ptr<Family> (*make)(const TensorContract& contract);
};

std::span<const FamilyEntry> families();

struct ChosenFamily {
  std::string_view name;
  std::unique_ptr<Family> family;
};
// kIncompatible, saying what was found and what is known, if none fits.
Result<ChosenFamily> choose_family(const TensorContract& contract);

}  // namespace vedette::model
