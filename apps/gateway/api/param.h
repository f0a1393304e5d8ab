// Param: one value that a request may carry, in its query or as a member of its JSON body. The check of what comes and the
// OpenAPI document are both made of it, so neither promises what the other doesn't keep. Pure functions, thread-safe.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace vedette::gateway {

using Json = nlohmann::ordered_json;

// Bytes that aren't UTF-8 (a class name, an event's text) become U+FFFD; nothing throws.
inline std::string dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

struct Param {
  enum class Kind {
    kText,     // `least` to `most` bytes
    kInteger,  // `least` to `most`
    kBoolean,
    kChoice,     // one of `choices`
    kTexts,      // a list of texts, or null; in a body alone
    kStructure,  // JSON as `schema` has it, checked by whoever takes it; in a body alone
  };
  std::string name;
  Kind kind = Kind::kText;
  std::string about;
  bool required = false;
  std::int64_t least = 0;
  std::int64_t most = 256;
  std::vector<std::string> choices = {};
  Json schema = {};
};

Param text_param(std::string name, std::string about, std::int64_t least_bytes, std::int64_t most_bytes);
Param integer_param(std::string name, std::string about, std::int64_t least, std::int64_t most);
Param boolean_param(std::string name, std::string about);
Param choice_param(std::string name, std::string about, std::vector<std::string> choices);
Param texts_param(std::string name, std::string about);
Param structure_param(std::string name, std::string about, Json schema);
Param required(Param param);

// Its JSON Schema.
Json schema_of(const Param& param);

// What is wrong with the value, as a sentence "found; expected …"; none: it is fine.
std::optional<std::string> mistake_in_text(const Param& param, const std::string& text);  // of a query
std::optional<std::string> mistake_in(const Param& param, const Json& value);             // of a body

// "nameless; expected one of a, b": of a key that no param has. `what`: "query key", "member".
std::string unknown_name(const std::string& what, const std::string& name, const std::vector<Param>& known);

}  // namespace vedette::gateway
