// Standard output for people and scripts. Thread-bound.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace vedette::tools {

// Writes the text at once; false: nobody listens any more (`vedette echo … | head`).
bool print(const std::string& text);

// One line, whatever bytes its texts hold.
std::string json_line(const nlohmann::ordered_json& json);

// A note for people while standard output belongs to a script.
void note(const std::string& text);

// Sleeps; true: a stop signal came meanwhile or before.
bool stopped_within_ms(int milliseconds);

// Columns as wide as their widest cell, the first and the last on the left, the others on the right. At least one row.
std::vector<std::string> aligned(const std::vector<std::vector<std::string>>& rows);

// "1 camera", "0 cameras".
std::string counted(std::size_t number, const std::string& noun);
// "1.4 GiB", "12 KiB".
std::string size_text(std::uint64_t bytes);
// "512M", "1G", "65536" bytes; 0: not a size.
std::uint64_t parse_size(const std::string& text);

}  // namespace vedette::tools
