// Standard output for people and scripts. Thread-bound.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "base/text.h"

namespace vedette::tools {

// Writes the text at once; false: nobody listens any more (`vedette echo … | head`).
bool print(const std::string& text);

// One line, whatever bytes its texts hold.
std::string json_line(const nlohmann::ordered_json& json);

// A note for people while standard output belongs to a script.
void note(const std::string& text);

// Sleeps; true: a stop signal came meanwhile or before.
bool stopped_within_ms(int milliseconds);

// "512M", "1G", "65536" bytes; 0: not a size.
std::uint64_t parse_size(const std::string& text);

}  // namespace vedette::tools
