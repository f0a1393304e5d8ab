#include "config/password_hash.h"

#include <algorithm>
#include <charconv>

namespace vedette::config {
namespace {

constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// What stands before the next `end`, which goes with it; none: there is no `end`.
std::optional<std::string_view> take_until(std::string_view& rest, char end) {
  const std::size_t at = rest.find(end);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view part = rest.substr(0, at);
  rest.remove_prefix(at + 1);
  return part;
}

// "m=19456" for 'm', from `least` to `most`, without leading zeros.
std::optional<std::uint32_t> number_of(std::string_view text, char name, std::uint32_t least, std::uint32_t most) {
  if (text.size() < 3 || text[0] != name || text[1] != '=' || text[2] == '0') return std::nullopt;
  std::uint32_t number = 0;
  const auto [stop, error] = std::from_chars(text.data() + 2, text.data() + text.size(), number);
  if (error != std::errc{} || stop != text.data() + text.size() || number < least || number > most) return std::nullopt;
  return number;
}

// Of base64 without padding; what no encoder makes (bits set behind the last byte) is none.
std::optional<std::string> decode(std::string_view text) {
  std::string bytes;
  std::uint32_t bits = 0;
  int held = 0;
  for (const char c : text) {
    const std::size_t digit = kBase64.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    bits = (bits << 6 | static_cast<std::uint32_t>(digit)) & 0xffff;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes.push_back(static_cast<char>(bits >> held & 0xff));
  }
  const bool whole = held < 6 && (bits & ((1u << held) - 1)) == 0;
  return whole ? std::optional(std::move(bytes)) : std::nullopt;
}

std::string encode(std::string_view bytes) {
  std::string text;
  std::uint32_t bits = 0;
  int held = 0;
  for (const char byte : bytes) {
    bits = (bits << 8 | static_cast<unsigned char>(byte)) & 0xffff;
    for (held += 8; held >= 6; held -= 6) text.push_back(kBase64[bits >> (held - 6) & 63]);
  }
  if (held > 0) text.push_back(kBase64[bits << (6 - held) & 63]);
  return text;
}

bool is_letter_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

}  // namespace

std::optional<PasswordHash> parse_password_hash(std::string_view phc) {
  constexpr std::string_view kPrefix = "$argon2id$v=19$";
  if (phc.size() > 256 || !phc.starts_with(kPrefix)) return std::nullopt;
  phc.remove_prefix(kPrefix.size());
  const auto memory = take_until(phc, ',');
  const auto passes = memory ? take_until(phc, ',') : std::nullopt;
  const auto lanes = passes ? take_until(phc, '$') : std::nullopt;
  const auto salt = lanes ? take_until(phc, '$') : std::nullopt;
  if (!salt) return std::nullopt;
  const auto memory_kib = number_of(*memory, 'm', kLeastHashKib, kMostHashKib);
  const auto pass_count = number_of(*passes, 't', 1, kMostHashPasses);
  const auto lane_count = number_of(*lanes, 'p', 1, kMostHashLanes);
  auto salt_bytes = decode(*salt);
  auto hash_bytes = decode(phc);
  if (!memory_kib || !pass_count || !lane_count || !salt_bytes || !hash_bytes) return std::nullopt;
  if (salt_bytes->size() < 8 || salt_bytes->size() > 48 || hash_bytes->size() < 16 || hash_bytes->size() > 64)
    return std::nullopt;
  return PasswordHash{*memory_kib, *pass_count, *lane_count, std::move(*salt_bytes), std::move(*hash_bytes)};
}

std::string to_phc(const PasswordHash& hash) {
  return "$argon2id$v=19$m=" + std::to_string(hash.memory_kib) + ",t=" + std::to_string(hash.passes) +
         ",p=" + std::to_string(hash.lanes) + "$" + encode(hash.salt) + "$" + encode(hash.hash);
}

bool is_user_name(std::string_view name) {
  constexpr std::string_view kOthers = "._-@";
  return !name.empty() && name.size() <= 64 && is_letter_or_digit(name.front()) &&
         std::all_of(name.begin(), name.end(),
                     [&](char c) { return is_letter_or_digit(c) || kOthers.find(c) != std::string_view::npos; });
}

}  // namespace vedette::config
