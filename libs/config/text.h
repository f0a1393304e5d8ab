// Small text work of the config loader: durations, `${NAME}`, addresses, the nearest known word. Pure functions, thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace vedette::config {

using Environment = std::map<std::string, std::string>;

// The variable that holds overrides, one a line; see load_config().
inline constexpr const char* kOverridesVariable = "VEDETTE_SET";

// A whole number and its unit: "500ms", "5s", "2m", "1h", "30d". None for anything else, or more than 100,000 hours.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);
// The shortest text that parses back: "1500ms", "2s", "5m", "30d".
std::string format_duration(std::chrono::milliseconds duration);

// A whole number of bytes and its unit, 1000 or 1024 of the one below: "500MB", "10GB", "1TB", "64KiB", "8MiB", "2GiB"; "0" needs
// none. None for anything else, or more than 2^63 - 1.
std::optional<std::uint64_t> parse_bytes(std::string_view text);
// The shortest text that parses back: "10GB", "1536KiB", "7B".
std::string format_bytes(std::uint64_t bytes);

// `text` with each `${NAME}` replaced by that variable's value; "$${" stands for a plain "${".
Result<std::string> expand_variables(std::string_view text, const Environment& environment);

// The word of `known` that `word` was probably meant to be (least edit distance, at most a third of its length), or "".
std::string nearest(std::string_view word, const std::vector<std::string>& known);

// "unknown key; expected …": the nearest, else all.
std::string unknown_key(const std::string& word, const std::vector<std::string>& known);

bool is_camera_name(std::string_view name);      // [a-z0-9_-]+, at most 31 bytes
bool is_input_name(std::string_view name);       // the same, at most 23 bytes: "_packets" follows
bool is_listen_address(std::string_view text);   // an IPv4 or IPv6 address, or "localhost"
std::string listen_ip(std::string_view listen);  // the IP address that a listen address means: "localhost" is 127.0.0.1
bool is_loopback(std::string_view address);      // 127.0.0.0/8, ::1, "localhost"

}  // namespace vedette::config
