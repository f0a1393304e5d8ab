// The configuration in force, as JSON in the shape of the file: for people and pages. Secrets are "***", URLs without user and
// password, headers without their values. Pure functions, thread-safe.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"

namespace vedette::config {

using Json = nlohmann::ordered_json;

// {"bus": {…}, …, "cameras": {"front": {…}}}: every key, defaults too; of zones, lines, rules and other lists of maps what isn't
// as it is by itself.
Json effective(const Config& config);

// The keys of a camera that may change while it runs (config/overrides.h): "threshold", "zones", ….
std::vector<std::string> changeable_keys();
// What such a key has, in the shape that Change::value takes (JSON is YAML); none: there is no such key.
std::optional<Json> changeable_value(const CameraConfig& camera, const std::string& key);

}  // namespace vedette::config
