#include "config/text.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <numeric>

#include <fmt/format.h>

namespace vedette::config {
namespace {

constexpr long long kMaxDurationMs = 100'000LL * 3600 * 1000;
constexpr long long kDayMs = 24 * 3'600'000LL;

struct ByteUnit {
  std::string_view name;
  std::uint64_t bytes;
};
// The larger ones first.
constexpr std::array<ByteUnit, 9> kByteUnits{{{"TiB", 1ull << 40},
                                              {"TB", 1'000'000'000'000},
                                              {"GiB", 1ull << 30},
                                              {"GB", 1'000'000'000},
                                              {"MiB", 1ull << 20},
                                              {"MB", 1'000'000},
                                              {"KiB", 1ull << 10},
                                              {"KB", 1'000},
                                              {"B", 1}}};

bool is_name_start(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_'; }
bool is_name(char c) { return is_name_start(c) || (c >= '0' && c <= '9'); }

// Levenshtein distance, one row at a time.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row[b.size()];
}

}  // namespace

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  long long number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || number < 0) return std::nullopt;
  const std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
  const long long scale = unit == "ms"  ? 1
                          : unit == "s" ? 1000
                          : unit == "m" ? 60'000
                          : unit == "h" ? 3'600'000
                          : unit == "d" ? kDayMs
                                        : 0;
  if (scale == 0 || number > kMaxDurationMs / scale) return std::nullopt;
  return std::chrono::milliseconds(number * scale);
}

std::string format_duration(std::chrono::milliseconds duration) {
  const long long ms = duration.count();
  if (ms == 0) return "0s";
  if (ms % kDayMs == 0 && ms > kDayMs) return std::to_string(ms / kDayMs) + "d";
  if (ms % 3'600'000 == 0) return std::to_string(ms / 3'600'000) + "h";
  if (ms % 60'000 == 0) return std::to_string(ms / 60'000) + "m";
  if (ms % 1000 == 0) return std::to_string(ms / 1000) + "s";
  return std::to_string(ms) + "ms";
}

std::optional<std::uint64_t> parse_bytes(std::string_view text) {
  constexpr std::uint64_t kMost = (1ull << 63) - 1;
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return std::nullopt;
  const std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
  if (unit.empty() && number == 0) return 0;
  for (const ByteUnit& known : kByteUnits)
    if (unit == known.name) return number <= kMost / known.bytes ? std::optional(number * known.bytes) : std::nullopt;
  return std::nullopt;
}

std::string format_bytes(std::uint64_t bytes) {
  if (bytes == 0) return "0";
  std::string shortest;
  for (const ByteUnit& unit : kByteUnits) {
    if (bytes % unit.bytes != 0) continue;
    const std::string text = std::to_string(bytes / unit.bytes) + std::string(unit.name);
    if (shortest.empty() || text.size() < shortest.size()) shortest = text;
  }
  return shortest;
}

Result<std::string> expand_variables(std::string_view text, const Environment& environment) {
  std::string expanded;
  for (std::size_t at = 0; at < text.size();) {
    if (text.substr(at, 3) == "$${") {
      expanded += "${";
      at += 3;
      continue;
    }
    if (text.substr(at, 2) != "${") {
      expanded += text[at++];
      continue;
    }
    const std::size_t close = text.find('}', at);
    const std::string_view name = close == std::string_view::npos ? "" : text.substr(at + 2, close - at - 2);
    if (name.empty() || !is_name_start(name[0]) || !std::all_of(name.begin(), name.end(), is_name))
      return Error{ErrorCode::kInvalidArgument,
                   "\"${\" without a variable's name and \"}\"; expected ${NAME}, or $${ for a plain ${"};
    const auto variable = environment.find(std::string(name));
    if (variable == environment.end())
      return Error{ErrorCode::kNotFound,
                   "${" + std::string(name) + "}; expected the environment variable " + std::string(name) + " to be set"};
    expanded += variable->second;
    at = close + 1;
  }
  return expanded;
}

std::string nearest(std::string_view word, const std::vector<std::string>& known) {
  if (word.size() > 64) return "";  // no key of ours; keeps hostile input cheap
  std::string best;
  std::size_t least = std::max<std::size_t>(2, word.size() / 3) + 1;
  for (const std::string& candidate : known) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance < least && distance < candidate.size()) {
      least = distance;
      best = candidate;
    }
  }
  return best;
}

std::string unknown_key(const std::string& word, const std::vector<std::string>& known) {
  const std::string guess = nearest(word, known);
  return guess.empty() ? fmt::format("unknown key; expected one of {}", fmt::join(known, ", "))
                       : fmt::format("unknown key; expected \"{}\"?", guess);
}

bool is_camera_name(std::string_view name) {
  return !name.empty() && name.size() <= 31 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

bool is_input_name(std::string_view name) { return is_camera_name(name) && name.size() <= 23; }

bool is_listen_address(std::string_view text) {
  unsigned char address[sizeof(in6_addr)];
  const std::string copy(text);
  return text == "localhost" || ::inet_pton(AF_INET, copy.c_str(), address) == 1 ||
         ::inet_pton(AF_INET6, copy.c_str(), address) == 1;
}

std::string listen_ip(std::string_view listen) { return listen == "localhost" ? "127.0.0.1" : std::string(listen); }

bool is_loopback(std::string_view address) {
  return address == "localhost" || address == "::1" || address.substr(0, 4) == "127.";
}

}  // namespace vedette::config
