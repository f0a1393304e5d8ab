// The kinds of values a key can take: each function makes the Field that checks such a value and stores it in a member.
// Used by fields.cpp alone. Pure but for secret_file(), which reads the file it is given.
#pragma once

#include <charconv>
#include <cmath>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "config/fields.h"

namespace vedette::config {

Field text(std::string name, std::string& member);
// A file or folder; relative ones become absolute. "" stays "".
Field path(std::string name, std::string& member);
Field address(std::string name, std::string& member);
Field choice(std::string name, std::string& member, std::vector<std::string> choices);
Field boolean(std::string name, bool& member);
Field duration(std::string name, Milliseconds& member, Milliseconds least, Milliseconds most);
Field bytes(std::string name, std::uint64_t& member, std::uint64_t least, std::uint64_t most);
Field wait_policy(std::string name, bus::WaitPolicy& member);
Field cpu(std::string name, std::optional<std::uint32_t>& member);  // "any" (none), or a core's number
Field text_list(std::string name, std::vector<std::string>& member);
// At least `least` bytes when not empty.
Field secret(std::string name, Secret& member, std::size_t least);
// `<name>_file`: the secret is that file's first bytes (at most 4 KiB) without the line end behind them.
Field secret_file(const std::string& name, Secret& member, std::size_t least);

// The field, with what it says.
inline Field readable(Field field, Field::Get get) {
  field.get = std::move(get);
  return field;
}

// A number as people wrote it: a float without the digits that make a double of it.
template <typename T>
Json number_json(T number) {
  if constexpr (std::is_same_v<T, float>) return Json::parse(fmt::format("{}", number), nullptr, false);
  return Json(number);
}

// What a secret shows.
inline constexpr const char* kHidden = "***";

// `file` against `folder`; "" stays "".
std::string absolute(const std::string& file, const std::string& folder);

// "what was found; expected …"
std::string mistake(const Value& found, std::string_view expected);

// Of a Field whose items are appended one by one: takes a list, and empties the member.
template <typename T>
Field::Set list_of(std::vector<T>& member, std::string expected) {
  return [&member, expected = std::move(expected)](const Value& value) -> std::optional<std::string> {
    if (value.kind != Value::Kind::kList) return mistake(value, expected);
    member.clear();
    return std::nullopt;
  };
}

// Of a list of maps: of each item what isn't as it is by itself.
template <typename T>
Json maps_json(const std::vector<T>& items) {
  Json list = Json::array();
  for (const T& item : items) {
    T shown = item, plain{};
    Json map = Json::object();
    const std::vector<Field> fields = fields_of(shown), defaults = fields_of(plain);
    for (std::size_t i = 0; i < fields.size(); ++i) {
      if (!fields[i].get) continue;
      Json value = fields[i].get();
      if (i == 0 || value != defaults[i].get()) map[fields[i].name] = std::move(value);
    }
    list.push_back(std::move(map));
  }
  return list;
}

template <typename E>
Field enumeration(std::string name, E& member, std::vector<std::pair<std::string, E>> values) {
  return readable({std::move(name),
                   [&member, values](const Value& value) -> std::optional<std::string> {
                     std::string words;
                     for (const auto& [word, constant] : values) {
                       if (value.kind == Value::Kind::kText && value.text == word) {
                         member = constant;
                         return std::nullopt;
                       }
                       words += (words.empty() ? "" : ", ") + word;
                     }
                     return mistake(value, "one of " + words);
                   }},
                  [&member, values] {
                    for (const auto& [word, constant] : values)
                      if (constant == member) return Json(word);
                    return Json();
                  });
}

// A decimal number from `least` to `most`; whole if T is an integer.
template <typename T>
Field number(std::string name, T& member, T least, T most) {
  return readable({std::move(name),
                   [&member, least, most](const Value& value) -> std::optional<std::string> {
                     constexpr bool kWhole = std::is_integral_v<T>;
                     std::conditional_t<kWhole, long long, double> parsed{};
                     const char* end = value.text.data() + value.text.size();
                     const auto [stop, error] = std::from_chars(value.text.data(), end, parsed);
                     const bool good = value.kind == Value::Kind::kText && error == std::errc{} && stop == end &&
                                       std::isfinite(static_cast<double>(parsed));
                     if (!good || parsed < static_cast<decltype(parsed)>(least) || parsed > static_cast<decltype(parsed)>(most))
                       return mistake(value, fmt::format("a {}number from {} to {}", kWhole ? "whole " : "", least, most));
                     member = static_cast<T>(parsed);
                     return std::nullopt;
                   }},
                  [&member] { return number_json(member); });
}

// The same, or "": none.
Field number_or_none(std::string name, std::optional<float>& member, float least, float most);

}  // namespace vedette::config
