// Texts for people. Pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace vedette {

// Columns as wide as their widest cell, the first and the last on the left, the others on the right. At least one row.
std::vector<std::string> aligned(const std::vector<std::vector<std::string>>& rows);

// "1 camera", "0 cameras".
std::string counted(std::size_t number, const std::string& noun);
// "1.4 GiB", "12 KiB".
std::string size_text(std::uint64_t bytes);
// With so many digits behind the point: "12.3".
std::string fixed(double number, int digits);

}  // namespace vedette
