// The shapes of answers as JSON Schemas, built of a few words. Objects are closed: what isn't named isn't there. Pure functions.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "gateway/api/param.h"

namespace vedette::gateway::schemas {

using Members = std::vector<std::pair<std::string, Json>>;

inline Json text() { return {{"type", "string"}}; }
inline Json number() { return {{"type", "number"}}; }
inline Json integer() { return {{"type", "integer"}}; }
inline Json boolean() { return {{"type", "boolean"}}; }
inline Json one_of(const std::vector<std::string>& words) { return {{"type", "string"}, {"enum", words}}; }

inline Json list(Json items) { return {{"type", "array"}, {"items", std::move(items)}}; }

// All members are there.
inline Json object(const Members& members) {
  Json properties = Json::object(), required = Json::array();
  for (const auto& [name, schema] : members) properties[name] = schema, required.push_back(name);
  return {{"type", "object"}, {"properties", properties}, {"required", required}, {"additionalProperties", false}};
}

// The same, and these may be there.
inline Json with(Json object, const Members& members) {
  for (const auto& [name, schema] : members) object["properties"][name] = schema;
  return object;
}

// A map from words to values of one kind.
inline Json map_of(Json values) { return {{"type", "object"}, {"additionalProperties", std::move(values)}}; }
// Whatever there is.
inline Json anything() { return Json::object(); }

inline Json or_null(Json schema) {
  if (schema.contains("type") && schema["type"].is_string()) {
    schema["type"] = Json::array({schema["type"], "null"});
    if (schema.contains("enum")) schema["enum"].push_back(nullptr);
    return schema;
  }
  return {{"anyOf", Json::array({std::move(schema), {{"type", "null"}}})}};
}

inline Json described(Json schema, std::string about) {
  schema["description"] = std::move(about);
  return schema;
}

}  // namespace vedette::gateway::schemas
