// What comes by MQTT on <base>/<camera>/set (JSON with any of mode, paused, detecting, threshold) and <base>/<camera>/set/<key>
// (that key's value as plain text), made into commands for control. Anybody who may publish at the broker writes these bytes:
// whatever they are, the answer is commands or one sentence. Pure functions, thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "stage/command.h"

namespace vedette::notify {

inline constexpr std::size_t kLongestCommand = 1024;  // bytes

// `key`: what follows "set/" in the topic; "" for the JSON of "set". In the order in which control is to be asked; at least one.
Result<std::vector<stage::Command>> parse_command(const std::string& camera, std::string_view key, std::string_view payload);

}  // namespace vedette::notify
