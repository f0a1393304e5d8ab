#include "tools/output.h"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>

#include "base/process.h"

namespace vedette::tools {

bool print(const std::string& text) {
  return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
}

std::string json_line(const nlohmann::ordered_json& json) {
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

void note(const std::string& text) { std::fprintf(stderr, "%s\n", text.c_str()); }

bool stopped_within_ms(int milliseconds) {
  pollfd stop{.fd = stop_fd(), .events = POLLIN, .revents = 0};
  if (!stop_requested()) ::poll(&stop, 1, milliseconds);
  return stop_requested();
}

std::vector<std::string> aligned(const std::vector<std::vector<std::string>>& rows) {
  const std::size_t last = rows.front().size() - 1;
  std::vector<std::size_t> widths(last + 1);
  for (const auto& row : rows)
    for (std::size_t i = 0; i < last; ++i) widths[i] = std::max(widths[i], row[i].size());
  std::vector<std::string> lines;
  for (const auto& row : rows) {
    std::string line = fmt::format("{:<{}}", row[0], widths[0]);
    for (std::size_t i = 1; i < last; ++i) line += fmt::format("  {:>{}}", row[i], widths[i]);
    lines.push_back(line + "  " + row[last]);
  }
  return lines;
}

std::string counted(std::size_t number, const std::string& noun) {
  return fmt::format("{} {}{}", number, noun, number == 1 ? "" : "s");
}

std::string size_text(std::uint64_t bytes) {
  constexpr std::array<const char*, 4> kUnits = {"B", "KiB", "MiB", "GiB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 1024 && unit + 1 < kUnits.size()) value /= 1024, ++unit;
  return fmt::format("{:.{}f} {}", value, unit == 0 || value >= 100 ? 0 : 1, kUnits[unit]);
}

std::uint64_t parse_size(const std::string& text) {
  char* end = nullptr;
  if (text.empty() || text[0] < '0' || text[0] > '9') return 0;
  const std::uint64_t number = std::strtoull(text.c_str(), &end, 10);
  const std::string unit = end;
  const int shift = unit.empty() ? 0 : unit == "K" ? 10 : unit == "M" ? 20 : unit == "G" ? 30 : 64;
  return shift == 64 || number > (~0ull >> shift) ? 0 : number << shift;
}

}  // namespace vedette::tools
