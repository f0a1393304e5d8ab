#include "model/preprocessing.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>

#include "model/literal.h"

namespace vedette::model {
namespace {

using Kind = Literal::Kind;

template <typename T>
struct Word {
  std::string_view word;
  T value;
};
constexpr Word<vision::ColorOrder> kOrders[]{{"rgb", vision::ColorOrder::kRgb}, {"bgr", vision::ColorOrder::kBgr}};
constexpr Word<vision::Fit> kFits[]{{"stretch", vision::Fit::kStretch}, {"letterbox", vision::Fit::kLetterbox}};
constexpr Word<vision::Filter> kFilters[]{{"bilinear", vision::Filter::kBilinear}, {"antialiased", vision::Filter::kAntialiased}};

template <typename T, std::size_t kCount>
bool take_word(const Literal& value, const Word<T> (&words)[kCount], T& out) {
  for (const Word<T>& known : words)
    if (value.kind == Kind::kText && value.text == known.word) return out = known.value, true;
  return false;
}

bool take_number(const Literal& value, float& out) {
  out = static_cast<float>(value.number);
  return value.kind == Kind::kNumber && std::isfinite(out);
}

bool take_three(const Literal& value, std::array<float, 3>& out) {
  if (value.kind != Kind::kList || value.items.size() != out.size()) return false;
  for (std::size_t i = 0; i < out.size(); ++i)
    if (!take_number(value.items[i], out[i])) return false;
  return true;
}

// False if there is no such key or the value isn't one of its own.
bool take(std::string_view key, const Literal& value, vision::TensorSpec& spec) {
  if (key == "order") return take_word(value, kOrders, spec.order);
  if (key == "fit") return take_word(value, kFits, spec.fit);
  if (key == "filter") return take_word(value, kFilters, spec.filter);
  if (key == "scale") return take_number(value, spec.scale);
  if (key == "pad")
    return take_three(value, spec.pad) &&
           std::all_of(spec.pad.begin(), spec.pad.end(), [](float p) { return p >= 0.0f && p <= 255.0f; });
  if (key == "mean") return take_three(value, spec.mean);
  if (key == "deviation")
    return take_three(value, spec.deviation) && spec.deviation[0] > 0.0f && spec.deviation[1] > 0.0f && spec.deviation[2] > 0.0f;
  return false;
}

Error refused(std::string_view what) {
  return {ErrorCode::kInvalidArgument,
          "its metadata entry " + std::string(kPreprocessingKey) + " " + std::string(what) +
              R"( (expected JSON such as {"order": "rgb", "scale": 0.00392, "mean": [0.5, 0.5, 0.5]}))"};
}

}  // namespace

Result<vision::TensorSpec> with_preprocessing(const vision::TensorSpec& usual, std::string_view entry) {
  if (entry.empty()) return usual;
  const std::optional<Literal> dict = parse_literal(entry);
  if (!dict || dict->kind != Kind::kDict) return refused("isn't a JSON object");
  vision::TensorSpec spec = usual;
  for (std::size_t i = 0; i < dict->keys.size(); ++i)
    if (!take(dict->keys[i].text, dict->items[i], spec)) return refused("has a wrong value of \"" + dict->keys[i].text + "\"");
  return spec;
}

}  // namespace vedette::model
