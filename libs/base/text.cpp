#include "base/text.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace vedette {

std::vector<std::string> aligned(const std::vector<std::vector<std::string>>& rows) {
  const std::size_t last = rows.front().size() - 1;
  std::vector<std::size_t> widths(last + 1);
  for (const auto& row : rows)
    for (std::size_t i = 0; i < last; ++i) widths[i] = std::max(widths[i], row[i].size());
  std::vector<std::string> lines;
  for (const auto& row : rows) {
    std::string line = row[0] + std::string(widths[0] - row[0].size(), ' ');
    for (std::size_t i = 1; i < last; ++i) line += "  " + std::string(widths[i] - row[i].size(), ' ') + row[i];
    lines.push_back(line + "  " + row[last]);
  }
  return lines;
}

std::string counted(std::size_t number, const std::string& noun) {
  return std::to_string(number) + " " + noun + (number == 1 ? "" : "s");
}

std::string size_text(std::uint64_t bytes) {
  constexpr std::array<const char*, 4> kUnits = {"B", "KiB", "MiB", "GiB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 1024 && unit + 1 < kUnits.size()) value /= 1024, ++unit;
  return fixed(value, unit == 0 || value >= 100 ? 0 : 1) + " " + kUnits[unit];
}

std::string fixed(double number, int digits) {
  std::array<char, 400> text{};  // the largest double has 309 digits before the point
  return {text.data(), static_cast<std::size_t>(std::snprintf(text.data(), text.size(), "%.*f", digits, number))};
}

}  // namespace vedette
