#include "notify/commands.h"

#include <array>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include <fmt/format.h>

namespace vedette::notify {
namespace {

using nlohmann::json;
using schema::CommandKind;
using stage::Command;

constexpr std::array<std::string_view, 4> kKeys = {"mode", "paused", "detecting", "threshold"};

// As much of what came as a sentence bears; bytes that aren't printable ASCII become '?'.
std::string shown(std::string_view text) {
  constexpr std::size_t kMost = 40;
  std::string start(text.substr(0, kMost));
  for (char& c : start)
    if (c < ' ' || c > '~') c = '?';
  return "\"" + start + (text.size() > kMost ? "…" : "") + "\"";
}

Error refused(std::string_view key, std::string_view found, std::string_view expected) {
  return {ErrorCode::kInvalidArgument, fmt::format("{}: {}; expected {}", key, shown(found), expected)};
}

std::string lower(std::string_view text) {
  std::string word(text);
  for (char& c : word)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return word;
}

std::optional<bool> switch_of(std::string_view text) {
  const std::string word = lower(text);
  if (word == "on" || word == "true" || word == "1") return true;
  if (word == "off" || word == "false" || word == "0") return false;
  return std::nullopt;
}

Result<Command> mode_command(const std::string& camera, std::string_view text) {
  const std::string word = lower(text);
  if (word == "auto") return Command{camera, CommandKind::AutoMode};
  for (const Mode mode : {Mode::Standby, Mode::Validation, Mode::Tracking})
    if (word == to_string(mode)) return Command{camera, CommandKind::ForceMode, mode};
  return refused("mode", text, "auto, standby, validation or tracking");
}

Result<Command> threshold_command(const std::string& camera, std::string_view text) {
  double number = 0.0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool good = error == std::errc{} && end == text.data() + text.size() && number >= 0.0 && number <= 1.0;
  if (!good) return refused("threshold", text, "a number from 0 to 1");
  return Command{camera, CommandKind::Set, Mode::Standby, "threshold", fmt::format("{:.3f}", number)};
}

// One key and its value in words.
Result<Command> command_of(const std::string& camera, std::string_view key, std::string_view text) {
  if (key == "mode") return mode_command(camera, text);
  if (key == "threshold") return threshold_command(camera, text);
  const std::optional<bool> on = switch_of(text);
  if (key == "paused") {
    if (!on) return refused(key, text, "ON or OFF");
    return Command{camera, *on ? CommandKind::Pause : CommandKind::Resume};
  }
  if (key == "detecting") {
    if (!on) return refused(key, text, "ON or OFF");
    return Command{camera, *on ? CommandKind::StartDetecting : CommandKind::StopDetecting};
  }
  return Error{ErrorCode::kInvalidArgument,
               fmt::format("unknown key {}; expected one of {}", shown(key), fmt::join(kKeys, ", "))};
}

// A JSON value as the plain text that means the same; none for lists, objects and null.
std::optional<std::string> plain(const json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_boolean() || value.is_number()) return value.dump();
  return std::nullopt;
}

}  // namespace

Result<std::vector<Command>> parse_command(const std::string& camera, std::string_view key, std::string_view payload) {
  if (payload.size() > kLongestCommand)
    return Error{ErrorCode::kInvalidArgument, fmt::format("{} bytes; expected at most {}", payload.size(), kLongestCommand)};
  std::vector<Command> commands;
  if (!key.empty()) {
    VD_ASSIGN(Command command, command_of(camera, key, payload));
    commands.push_back(std::move(command));
    return commands;
  }
  const json wishes = json::parse(payload, nullptr, false);
  if (!wishes.is_object() || wishes.empty())
    return refused("set", payload, fmt::format("JSON with some of {}", fmt::join(kKeys, ", ")));
  for (const auto& [name, value] : wishes.items()) {
    const std::optional<std::string> text = plain(value);
    if (!text)
      return Error{ErrorCode::kInvalidArgument,
                   fmt::format("{}: no plain value; expected a text, a number, true or false", shown(name))};
    VD_ASSIGN(Command command, command_of(camera, name, *text));
    commands.push_back(std::move(command));
  }
  return commands;
}

}  // namespace vedette::notify
