#include "config/notify_binders.h"

#include <algorithm>
#include <array>

#include "config/binders.h"
#include "telemetry/log.h"

namespace vedette::config {
namespace {

constexpr std::size_t kMostWebhooks = 16;
constexpr std::size_t kMostHooks = 16;
constexpr std::size_t kLongestTopic = 200;
constexpr std::string_view kAHeader = "a header such as \"Authorization: Bearer ${TOKEN}\"";

bool is_text(const Value& value) { return value.kind == Value::Kind::kText; }

bool is_printable(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == '\x7f'; });
}

// Of RFC 9110's token: what a header's name is made of.
bool is_token(std::string_view text) {
  constexpr std::string_view kAlso = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || kAlso.find(c) != std::string_view::npos;
  });
}

bool is_topic(std::string_view text) {
  return !text.empty() && text.size() <= kLongestTopic && is_printable(text) &&
         text.find_first_of("+#$") == std::string_view::npos && text.front() != '/' && text.back() != '/' &&
         text.find("//") == std::string_view::npos;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  return first == std::string_view::npos ? "" : text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::optional<std::string> append_header(std::vector<std::string>& headers, const Value& item) {
  const std::size_t colon = std::min(item.text.find(':'), item.text.size());
  const std::string_view name = std::string_view(item.text).substr(0, colon);
  if (colon == item.text.size() || !is_token(name) || item.text.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos)
    return fmt::format("not a header; expected {}", kAHeader);  // it may be a secret: not quoted
  headers.push_back(item.text);
  return std::nullopt;
}

std::optional<std::string> append_word(std::vector<std::string>& words, const std::vector<std::string>& choices,
                                       const Value& item) {
  if (item.text.empty() || (!choices.empty() && std::find(choices.begin(), choices.end(), item.text) == choices.end()))
    return mistake(item, choices.empty() ? "a word" : fmt::format("one of {}", fmt::join(choices, ", ")));
  if (std::find(words.begin(), words.end(), item.text) != words.end()) return mistake(item, "each once");
  words.push_back(item.text);
  return std::nullopt;
}

// Which of them may hold a secret is known by their names alone, so none shows what it says.
Json headers_json(const std::vector<std::string>& headers) {
  Json list = Json::array();
  for (const std::string& header : headers) list.push_back(header.substr(0, header.find(':')) + ": " + kHidden);
  return list;
}

// The first thing between {{ and }} that stands for nothing; none: all is well.
std::optional<std::string> unknown_placeholder(std::string_view text) {
  for (std::size_t at = text.find("{{"); at != std::string_view::npos; at = text.find("{{", at)) {
    const std::size_t end = text.find("}}", at);
    if (end == std::string_view::npos) return std::string(text.substr(at, 24));
    const std::string_view name = trimmed(text.substr(at + 2, end - at - 2));
    if (std::find(kEventPlaceholders.begin(), kEventPlaceholders.end(), name) == kEventPlaceholders.end())
      return std::string(text.substr(at, end + 2 - at));
    at = end + 2;
  }
  return std::nullopt;
}

}  // namespace

Field host(std::string name, std::string& member) {
  return readable({std::move(name),
                   [&member](const Value& value) -> std::optional<std::string> {
                     const bool plain = is_text(value) && value.text.size() <= 253 && is_printable(value.text) &&
                                        value.text.find('/') == std::string::npos;
                     if (!plain)
                       return mistake(value, "a broker's name or address such as broker.local or 192.168.1.2 (\"\" for none)");
                     member = value.text;
                     return std::nullopt;
                   }},
                  [&member] { return Json(member); });
}

Field client_id(std::string name, std::string& member) {
  return readable({std::move(name),
                   [&member](const Value& value) -> std::optional<std::string> {
                     if (!is_text(value) || value.text.size() > 64 || !is_printable(value.text))
                       return mistake(value, "at most 64 characters without spaces (\"\": one is made up, and kept)");
                     member = value.text;
                     return std::nullopt;
                   }},
                  [&member] { return Json(member); });
}

Field mqtt_topic(std::string name, std::string& member, NoTopic none) {
  return readable({std::move(name),
                   [&member, none](const Value& value) -> std::optional<std::string> {
                     if (!is_text(value) || !(is_topic(value.text) || (value.text.empty() && none == NoTopic::kTaken)))
                       return mistake(value, fmt::format("a topic such as home/vedette: no + # $ or spaces, no empty level{}",
                                                         none == NoTopic::kTaken ? " (\"\" for none)" : ""));
                     member = value.text;
                     return std::nullopt;
                   }},
                  [&member] { return Json(member); });
}

Field web_url(std::string name, std::string& member) {
  return readable({std::move(name),
                   [&member](const Value& value) -> std::optional<std::string> {
                     const auto is_url = [&](std::string_view scheme) {
                       return value.text.starts_with(scheme) && value.text.size() > scheme.size();
                     };
                     if (!is_text(value) || !(is_url("http://") || is_url("https://")) || !is_printable(value.text))
                       return mistake(value, "a URL such as https://host/path");
                     member = value.text;
                     return std::nullopt;
                   }},
                  [&member] { return Json(log::redact_url(member)); });
}

Field words(std::string name, std::vector<std::string>& member, std::vector<std::string> choices) {
  Field field{std::move(name), list_of(member, "a list such as [" + (choices.empty() ? "front" : choices.front()) + "]")};
  field.list = true;
  field.append = [&member, choices = std::move(choices)](const Value& item) { return append_word(member, choices, item); };
  field.get = [&member] { return Json(member); };
  return field;
}

Field headers(std::string name, std::vector<std::string>& member) {
  Field field{std::move(name), list_of(member, fmt::format("a list of {}", kAHeader))};
  field.list = true;
  field.append = [&member](const Value& item) { return append_header(member, item); };
  field.get = [&member] { return headers_json(member); };
  return field;
}

Field body_template(std::string name, std::string& member) {
  return readable({std::move(name),
                   [&member](const Value& value) -> std::optional<std::string> {
                     if (!is_text(value)) return mistake(value, "a text (\"\": the event as JSON)");
                     if (const auto unknown = unknown_placeholder(value.text))
                       return fmt::format("{}; expected one of {{{{{}}}}}", *unknown, fmt::join(kEventPlaceholders, "}}, {{"));
                     member = value.text;
                     return std::nullopt;
                   }},
                  [&member] { return Json(member); });
}

Field command(std::string name, std::vector<std::string>& member) {
  Field field{std::move(name), list_of(member, "a program and its arguments such as [/usr/local/bin/tell, \"--loud\"]")};
  field.list = true;
  field.append = [&member](const Value& item) -> std::optional<std::string> {
    if (member.empty() && item.text.empty()) return mistake(item, "a program");
    const bool path = member.empty() && item.text.find('/') != std::string::npos;
    member.push_back(path ? absolute(item.text, item.folder) : item.text);
    return std::nullopt;
  };
  field.get = [&member] { return Json(member); };
  return field;
}

Field webhooks(std::string name, std::vector<WebhookConfig>& member) {
  Field field{std::move(name), list_of(member, "a list of webhooks in the file, such as [{url: https://host/path}]")};
  field.most_maps = kMostWebhooks;
  field.append_map = [&member] { return fields_of(member.emplace_back()); };
  field.get = [&member] { return maps_json(member); };
  return field;
}

Field hooks(std::string name, std::vector<HookConfig>& member) {
  Field field{std::move(name), list_of(member, "a list of hooks in the file, such as [{exec: [/usr/local/bin/tell]}]")};
  field.most_maps = kMostHooks;
  field.append_map = [&member] { return fields_of(member.emplace_back()); };
  field.get = [&member] { return maps_json(member); };
  return field;
}

std::string secret_in_header(std::string_view header) {
  const std::size_t colon = std::min(header.find(':'), header.size());
  std::string name(header.substr(0, colon));
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  constexpr std::array<std::string_view, 6> kTelling = {"auth", "token", "key", "secret", "cookie", "password"};
  if (std::none_of(kTelling.begin(), kTelling.end(), [&](std::string_view word) { return name.find(word) != std::string::npos; }))
    return "";
  std::string_view value = trimmed(header.substr(std::min(colon + 1, header.size())));
  for (const std::string_view scheme : {"Bearer ", "Basic ", "Token "})
    if (value.starts_with(scheme)) value.remove_prefix(scheme.size());
  return std::string(value);
}

}  // namespace vedette::config
