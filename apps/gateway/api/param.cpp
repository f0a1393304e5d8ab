#include "gateway/api/param.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace vedette::gateway {
namespace {

constexpr std::size_t kShown = 60;  // bytes of what somebody sent that an answer repeats

std::string quoted(const std::string& text) {
  return text.size() <= kShown ? "\"" + text + "\"" : "\"" + text.substr(0, kShown) + "…\"";
}

std::optional<std::int64_t> integer_of(const std::string& text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size() ? std::optional(number) : std::nullopt;
}

std::string expectation(const Param& param) {
  switch (param.kind) {
    case Param::Kind::kText:
      return fmt::format("a text of {} to {} bytes", param.least, param.most);
    case Param::Kind::kInteger:
      return fmt::format("a whole number from {} to {}", param.least, param.most);
    case Param::Kind::kBoolean:
      return "true or false";
    case Param::Kind::kChoice:
      return fmt::format("one of {}", fmt::join(param.choices, ", "));
    case Param::Kind::kTexts:
      return "a list of texts, or null";
    case Param::Kind::kStructure:
      break;
  }
  return "a value";
}

bool fits(const Param& param, const std::string& text) {
  const auto bytes = static_cast<std::int64_t>(text.size());
  return bytes >= param.least && bytes <= param.most;
}

bool is_choice(const Param& param, const std::string& text) {
  return std::find(param.choices.begin(), param.choices.end(), text) != param.choices.end();
}

bool is_within(const Param& param, std::int64_t number) { return number >= param.least && number <= param.most; }

bool accepts(const Param& param, const Json& value) {
  switch (param.kind) {
    case Param::Kind::kText:
      return value.is_string() && fits(param, value.get_ref<const std::string&>());
    case Param::Kind::kInteger:
      // An unsigned number may be beyond what the signed one holds.
      return value.is_number_integer() && (!value.is_number_unsigned() || value.get<std::uint64_t>() <= INT64_MAX) &&
             is_within(param, value.get<std::int64_t>());
    case Param::Kind::kBoolean:
      return value.is_boolean();
    case Param::Kind::kChoice:
      return value.is_string() && is_choice(param, value.get_ref<const std::string&>());
    case Param::Kind::kTexts:
      return value.is_null() ||
             (value.is_array() && std::all_of(value.begin(), value.end(), [](const Json& item) { return item.is_string(); }));
    case Param::Kind::kStructure:
      return true;
  }
  return false;
}

std::string kind_of(const Json& value) {
  if (value.is_string()) return quoted(value.get<std::string>());
  if (value.is_array()) return "a list";
  if (value.is_object()) return "an object";
  return value.dump();
}

}  // namespace

Param text_param(std::string name, std::string about, std::int64_t least_bytes, std::int64_t most_bytes) {
  return {std::move(name), Param::Kind::kText, std::move(about), false, least_bytes, most_bytes};
}

Param integer_param(std::string name, std::string about, std::int64_t least, std::int64_t most) {
  return {std::move(name), Param::Kind::kInteger, std::move(about), false, least, most};
}

Param boolean_param(std::string name, std::string about) { return {std::move(name), Param::Kind::kBoolean, std::move(about)}; }

Param choice_param(std::string name, std::string about, std::vector<std::string> choices) {
  Param param{std::move(name), Param::Kind::kChoice, std::move(about)};
  param.choices = std::move(choices);
  return param;
}

Param texts_param(std::string name, std::string about) { return {std::move(name), Param::Kind::kTexts, std::move(about)}; }

Param structure_param(std::string name, std::string about, Json schema) {
  Param param{std::move(name), Param::Kind::kStructure, std::move(about)};
  param.schema = std::move(schema);
  return param;
}

Param required(Param param) {
  param.required = true;
  return param;
}

Json schema_of(const Param& param) {
  switch (param.kind) {
    case Param::Kind::kText:
      // Of characters, each of which takes at least a byte: what fits in bytes fits in these.
      return {{"type", "string"}, {"minLength", param.least}, {"maxLength", param.most}};
    case Param::Kind::kInteger:
      return {{"type", "integer"}, {"minimum", param.least}, {"maximum", param.most}};
    case Param::Kind::kBoolean:
      return {{"type", "boolean"}};
    case Param::Kind::kChoice:
      return {{"type", "string"}, {"enum", param.choices}};
    case Param::Kind::kTexts:
      return {{"type", {"array", "null"}}, {"items", {{"type", "string"}}}};
    case Param::Kind::kStructure:
      return param.schema;
  }
  return Json::object();
}

std::optional<std::string> mistake_in_text(const Param& param, const std::string& text) {
  bool good = false;
  switch (param.kind) {
    case Param::Kind::kText:
      good = fits(param, text);
      break;
    case Param::Kind::kInteger: {
      const auto number = integer_of(text);
      good = number && is_within(param, *number);
      break;
    }
    case Param::Kind::kBoolean:
      good = text == "true" || text == "false" || text == "1" || text == "0";
      break;
    case Param::Kind::kChoice:
      good = is_choice(param, text);
      break;
    case Param::Kind::kTexts:
    case Param::Kind::kStructure:
      break;
  }
  if (good) return std::nullopt;
  return fmt::format("{}={}; expected {}", param.name, quoted(text), expectation(param));
}

std::optional<std::string> mistake_in(const Param& param, const Json& value) {
  if (accepts(param, value)) return std::nullopt;
  return fmt::format("{}; expected {}", kind_of(value), expectation(param));
}

std::string unknown_name(const std::string& what, const std::string& name, const std::vector<Param>& known) {
  std::vector<std::string> names;
  for (const Param& param : known) names.push_back(param.name);
  return names.empty() ? fmt::format("unknown {} {}; expected none", what, quoted(name))
                       : fmt::format("unknown {} {}; expected {}{}", what, quoted(name), names.size() > 1 ? "some of " : "",
                                     fmt::join(names, ", "));
}

}  // namespace vedette::gateway
