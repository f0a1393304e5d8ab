// Any contract and any metadata through choose_family(), any numbers in the outputs through decode(): refused with a sentence, or
// every box is a finite one within its picture and of a class that has a name.
#include <bit>
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "base/check.h"
#include "model/candidates.h"
#include "model/family.h"

using namespace vedette;
using namespace vedette::model;

namespace {

// The input, byte by byte; zeros once it has ended.
class Bytes {
 public:
  Bytes(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}
  std::uint8_t next() { return at_ < size_ ? data_[at_++] : std::uint8_t{0}; }
  bool ended() const { return at_ >= size_; }
  std::string text(std::size_t most) {
    std::string text;
    while (text.size() < most && !ended()) text += static_cast<char>(next());
    return text;
  }

 private:
  const std::uint8_t* data_;
  std::size_t size_;
  std::size_t at_ = 0;
};

constexpr auto kF32 = ElementType::kFloat32;
constexpr auto kI64 = ElementType::kInt64;

// One good contract of each way in which families' models are exported. 64 x 64.
std::vector<TensorContract> good_contracts() {
  const TensorInfo image{"images", kF32, {1, 3, 64, 64}};
  const auto one = [&](std::int64_t rows, std::int64_t columns) {
    return TensorContract{{image}, {{"output", kF32, {1, rows, columns}}}};
  };
  return {
      one(84, 85),
      one(85, 85),
      one(84, 112),
      one(84, 124),
      one(85, 112),
      {{image},
       {{"a", kF32, {1, 64, 80}},
        {"b", kF32, {1, 16, 80}},
        {"c", kF32, {1, 4, 80}},
        {"d", kF32, {1, 64, 44}},
        {"e", kF32, {1, 16, 44}},
        {"f", kF32, {1, 4, 44}}}},
      {{image, {"orig_target_sizes", kI64, {1, 2}}},
       {{"labels", kI64, {1, 30}}, {"boxes", kF32, {1, 30, 4}}, {"scores", kF32, {1, 30}}}},
      {{image}, {{"logits", kF32, {1, 30, 80}}, {"pred_boxes", kF32, {1, 30, 4}}}},
      {{image}, {{"dets", kF32, {1, 30, 4}}, {"labels", kF32, {1, 30, 91}}, {"masks", kF32, {1, 30, 8, 8}}}},
  };
}

// Changes something.
void mutate(TensorContract& contract, Bytes& bytes) {
  std::vector<TensorInfo>& tensors = bytes.next() % 3 == 0 ? contract.inputs : contract.outputs;
  if (tensors.empty()) return;
  TensorInfo& tensor = tensors[bytes.next() % tensors.size()];
  switch (bytes.next() % 8) {
    case 0:
      if (!tensor.shape.empty()) tensor.shape[bytes.next() % tensor.shape.size()] = bytes.next() - 2;
      break;
    case 1:
      if (!tensor.shape.empty())
        tensor.shape[bytes.next() % tensor.shape.size()] = std::int64_t{bytes.next()} << bytes.next() % 56;
      break;
    case 2:
      tensor.shape.push_back(bytes.next());
      break;
    case 3:
      if (!tensor.shape.empty()) tensor.shape.pop_back();
      break;
    case 4:
      tensor.type = static_cast<ElementType>(bytes.next() % 5);
      break;
    case 5:
      tensor.name = bytes.text(bytes.next() % 8);
      break;
    case 6:
      tensors.push_back(tensor);
      break;
    case 7:
      tensors.pop_back();
      break;
  }
}

struct Tensor {
  std::vector<float> f32;
  std::vector<std::int64_t> i64;
};

// Numbers out of the input, then out of a generator that it seeds: ordinary ones, none, and any bit pattern.
void fill(Tensor& tensor, const TensorInfo& info, Bytes& bytes, std::uint32_t& state) {
  const auto random = [&] { return state = state * 1664525u + 1013904223u; };
  const auto word = [&] { return bytes.ended() ? random() : random() ^ std::uint32_t{bytes.next()} << 24; };
  tensor.f32.resize(info.type == kF32 ? info.elements() : 0);
  tensor.i64.resize(info.type == kI64 ? info.elements() : 0);
  for (float& value : tensor.f32) {
    const std::uint32_t bits = word();
    if (bits >> 30 == 0)
      value = std::bit_cast<float>(random());
    else
      value = static_cast<float>(static_cast<std::int32_t>(random() >> 8)) * 0x1p-22f - 2.0f;
  }
  for (std::int64_t& value : tensor.i64) value = static_cast<std::int64_t>(word() >> 24) - 8;
}

void decode(const ChosenFamily& chosen, const TensorContract& contract, Candidates& candidates, std::size_t names, Bytes& bytes) {
  std::vector<Tensor> tensors(contract.inputs.size() + contract.outputs.size());
  std::vector<TensorView> inputs, outputs;
  std::size_t all = 0;
  for (const auto* list : {&contract.inputs, &contract.outputs})
    for (const TensorInfo& info : *list) all += info.elements();
  if (all > std::size_t{1} << 20) return;  // nothing new in more of it
  std::uint32_t state = std::uint32_t{bytes.next()} << 8 | bytes.next();
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const bool input = i < contract.inputs.size();
    fill(tensors[i], input ? contract.inputs[i] : contract.outputs[i - contract.inputs.size()], bytes, state);
    (input ? inputs : outputs).push_back({{}, tensors[i].f32, tensors[i].i64});
  }
  Scene scene{1u + bytes.next() * 16u, 1u + bytes.next() * 16u, {}};
  scene.content = vision::content_of(chosen.family->image(), scene.width, scene.height);
  chosen.family->learn(outputs);
  chosen.family->set_inputs(inputs, scene);
  candidates.clear();
  chosen.family->decode(outputs, scene, candidates);
  if (chosen.family->needs_suppression()) candidates.suppress(0.6f);
  std::vector<Detection> boxes;
  candidates.take(kMaxDetections, boxes);
  VD_ASSERT(boxes.size() <= kMaxDetections, "more boxes than a record holds");
  for (const Detection& box : boxes) {
    const bool inside = box.x() >= 0 && box.y() >= 0 && box.width() > 0 && box.height() > 0 && box.x() + box.width() <= 1.0001f &&
                        box.y() + box.height() <= 1.0001f;
    VD_ASSERT(inside, "a box out of its picture");
    VD_ASSERT(box.score() >= 0 && box.score() <= 1, "a score that is none");
    VD_ASSERT(box.class_id() < names, "a class without a name");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Bytes bytes(data, size);
  const std::vector<TensorContract> good = good_contracts();
  TensorContract contract = good[bytes.next() % good.size()];
  for (int changes = bytes.next() % 4; changes > 0; --changes) mutate(contract, bytes);
  const std::uint8_t texts = bytes.next();
  const std::string names = texts & 1 ? bytes.text(bytes.next()) : "";
  const std::string preprocessing = texts & 2 ? bytes.text(bytes.next()) : "";
  const auto metadata = [&](std::string_view key) {
    return key == "names" ? names : key == "vedette_preprocessing" ? preprocessing : std::string();
  };
  std::vector<std::string> given = names_in_metadata(metadata);
  const auto mentions = [&](std::string_view) { return (texts & 4) != 0; };
  const auto chosen = choose_family(contract, {.metadata = metadata, .mentions = mentions, .names = given.size()});
  if (!chosen.ok()) {
    VD_ASSERT(!chosen.error().text.empty(), "a refusal without a sentence");
    return 0;
  }
  auto table = make_class_table(std::move(given), chosen->family->classes());
  if (!table.ok()) {
    VD_ASSERT(!table.error().text.empty(), "a refusal without a sentence");
    return 0;
  }
  const float threshold = static_cast<float>(bytes.next()) / 255.0f;
  Candidates candidates(threshold, std::move(table->map));
  decode(*chosen, contract, candidates, table->names.size(), bytes);
  return 0;
}
