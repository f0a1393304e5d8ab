#include "config/binders.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "config/text.h"

namespace vedette::config {
namespace {

constexpr std::size_t kMaxSecretBytes = 4096;

bool is_text(const Value& value) { return value.kind == Value::Kind::kText; }

bool is_plain_number(const Value& value) {
  return is_text(value) && !value.text.empty() &&
         std::all_of(value.text.begin(), value.text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::optional<std::string> store_secret(const Value& value, std::string text, Secret& member, std::size_t least) {
  if (!text.empty() && text.size() < least)
    return fmt::format("{}{} bytes; expected at least {}", value.shown.empty() ? "" : value.shown + " of ", text.size(), least);
  member.value = std::move(text);
  return std::nullopt;
}

}  // namespace

std::string mistake(const Value& found, std::string_view expected) {
  switch (found.kind) {
    case Value::Kind::kNothing:
      return fmt::format("no value; expected {}", expected);
    case Value::Kind::kList:
      return fmt::format("a list; expected {}", expected);
    case Value::Kind::kMap:
      return fmt::format("a map of keys; expected {}", expected);
    case Value::Kind::kText:
      break;
  }
  return fmt::format("\"{}\"; expected {}", found.shown, expected);
}

std::string absolute(const std::string& file, const std::string& folder) {
  if (file.empty() || file[0] == '/') return file;
  return (std::filesystem::path(folder) / file).lexically_normal().string();
}

Field text(std::string name, std::string& member) {
  return readable({std::move(name),
                   [&member](const Value& value) -> std::optional<std::string> {
                     if (!is_text(value)) return mistake(value, "a text (\"\" for none)");
                     member = value.text;
                     return std::nullopt;
                   }},
                  [&member] { return Json(member); });
}

Field path(std::string name, std::string& member) {
  return readable({std::move(name),
                   [&member](const Value& value) -> std::optional<std::string> {
                     if (!is_text(value) || value.text.find('\0') != std::string::npos)
                       return mistake(value, "a path (\"\" for none)");
                     member = absolute(value.text, value.folder);
                     return std::nullopt;
                   }},
                  [&member] { return Json(member); });
}

Field address(std::string name, std::string& member) {
  return readable({std::move(name),
                   [&member](const Value& value) -> std::optional<std::string> {
                     if (!is_text(value) || !is_listen_address(value.text))
                       return mistake(value, "an IP address of this machine such as 127.0.0.1, 0.0.0.0 (all) or ::1");
                     member = value.text;
                     return std::nullopt;
                   }},
                  [&member] { return Json(member); });
}

Field choice(std::string name, std::string& member, std::vector<std::string> choices) {
  return readable({std::move(name),
                   [&member, choices = std::move(choices)](const Value& value) -> std::optional<std::string> {
                     if (!is_text(value) || std::find(choices.begin(), choices.end(), value.text) == choices.end())
                       return mistake(value, fmt::format("one of {}", fmt::join(choices, ", ")));
                     member = value.text;
                     return std::nullopt;
                   }},
                  [&member] { return Json(member); });
}

Field boolean(std::string name, bool& member) {
  return readable({std::move(name),
                   [&member](const Value& value) -> std::optional<std::string> {
                     if (!is_text(value) || (value.text != "true" && value.text != "false"))
                       return mistake(value, "true or false");
                     member = value.text == "true";
                     return std::nullopt;
                   }},
                  [&member] { return Json(member); });
}

Field duration(std::string name, Milliseconds& member, Milliseconds least, Milliseconds most) {
  return readable({std::move(name),
                   [&member, least, most](const Value& value) -> std::optional<std::string> {
                     const auto parsed = is_text(value) ? parse_duration(value.text) : std::nullopt;
                     if (parsed && *parsed >= least && *parsed <= most) {
                       member = *parsed;
                       return std::nullopt;
                     }
                     if (is_plain_number(value))
                       return mistake(value, fmt::format("a unit behind it: {0}ms, {0}s or {0}m", value.shown));
                     return mistake(value, fmt::format("a duration such as 500ms, 5s or 2m, from {} to {}",
                                                       format_duration(least), format_duration(most)));
                   }},
                  [&member] { return Json(format_duration(member)); });
}

Field bytes(std::string name, std::uint64_t& member, std::uint64_t least, std::uint64_t most) {
  return readable({std::move(name),
                   [&member, least, most](const Value& value) -> std::optional<std::string> {
                     const auto parsed = is_text(value) ? parse_bytes(value.text) : std::nullopt;
                     if (parsed && *parsed >= least && *parsed <= most) {
                       member = *parsed;
                       return std::nullopt;
                     }
                     if (!parsed && is_plain_number(value))
                       return mistake(value, fmt::format("a unit behind it: {0}MB or {0}GB", value.shown));
                     return mistake(value, fmt::format("a size such as 500MB, 10GB or 2GiB, from {} to {}", format_bytes(least),
                                                       format_bytes(most)));
                   }},
                  [&member] { return Json(format_bytes(member)); });
}

Field wait_policy(std::string name, bus::WaitPolicy& member) {
  return readable({std::move(name),
                   [&member](const Value& value) -> std::optional<std::string> {
                     const auto parsed = bus::WaitPolicy::parse(is_text(value) ? value.text : "");
                     if (!parsed) return mistake(value, bus::WaitPolicy::kExpected);
                     member = *parsed;
                     return std::nullopt;
                   }},
                  [&member] { return Json(member.text()); });
}

Field cpu(std::string name, std::optional<std::uint32_t>& member) {
  return readable({std::move(name),
                   [&member](const Value& value) -> std::optional<std::string> {
                     constexpr std::uint32_t kMost = 8191;
                     std::uint32_t number = 0;
                     const char* end = value.text.data() + value.text.size();
                     const auto [stop, error] = std::from_chars(value.text.data(), end, number);
                     const bool whole = is_text(value) && error == std::errc{} && stop == end && number <= kMost;
                     if (!whole && !(is_text(value) && value.text == "any"))
                       return mistake(value, fmt::format("any, or a core's number from 0 to {}", kMost));
                     member = whole ? std::optional(number) : std::nullopt;
                     return std::nullopt;
                   }},
                  [&member] { return member ? Json(*member) : Json("any"); });
}

Field text_list(std::string name, std::vector<std::string>& member) {
  return readable(
      {std::move(name),
       [&member](const Value& value) -> std::optional<std::string> {
         if (value.kind != Value::Kind::kList || value.items.empty() ||
             std::any_of(value.items.begin(), value.items.end(), [](const std::string& item) { return item.empty(); }))
           return value.kind == Value::Kind::kList
                      ? "a list that is empty or has an empty item; expected a list of words such as [person, car]"
                      : mistake(value, "a list of words such as [person, car]");
         member = value.items;
         return std::nullopt;
       },
       {},
       true},
      [&member] { return Json(member); });
}

Field number_or_none(std::string name, std::optional<float>& member, float least, float most) {
  return readable({name,
                   [&member, name, least, most](const Value& value) -> std::optional<std::string> {
                     float parsed = 0.0f;
                     const bool none = is_text(value) && value.text.empty();
                     if (auto wrong = none ? std::nullopt : number(name, parsed, least, most).set(value)) return wrong;
                     member = none ? std::nullopt : std::optional(parsed);
                     return std::nullopt;
                   }},
                  [&member] { return member ? number_json(*member) : Json(""); });
}

Field secret(std::string name, Secret& member, std::size_t least) {
  const std::string file_key = name + "_file";
  return readable({std::move(name),
                   [&member, least](const Value& value) -> std::optional<std::string> {
                     if (!is_text(value)) return mistake(value, "a text (\"\" for none)");
                     Value unseen = value;
                     unseen.shown.clear();  // a secret isn't quoted
                     return store_secret(unseen, value.text, member, least);
                   },
                   file_key},
                  [&member] { return Json(member.empty() ? "" : kHidden); });
}

Field secret_file(const std::string& name, Secret& member, std::size_t least) {
  return {name + "_file",
          [&member, least](const Value& value) -> std::optional<std::string> {
            if (!is_text(value) || value.text.find('\0') != std::string::npos)
              return mistake(value, "the path of a file (\"\" for none)");
            if (value.text.empty()) return std::nullopt;
            const std::string file = absolute(value.text, value.folder);
            std::error_code error;
            if (!std::filesystem::is_regular_file(file, error)) return mistake(value, "a file that exists: " + file);
            std::ifstream stream(file, std::ios::binary);
            std::string content(kMaxSecretBytes + 1, '\0');
            stream.read(content.data(), static_cast<std::streamsize>(content.size()));
            if (stream.bad() || !stream.is_open()) return mistake(value, "a file that may be read: " + file);
            content.resize(static_cast<std::size_t>(stream.gcount()));
            if (content.size() > kMaxSecretBytes)
              return mistake(value, fmt::format("a file of at most {} bytes", kMaxSecretBytes));
            while (!content.empty() && (content.back() == '\n' || content.back() == '\r')) content.pop_back();
            if (content.empty()) return mistake(value, "a file with the secret in it; it is empty");
            return store_secret(value, std::move(content), member, least);
          },
          name};
}

}  // namespace vedette::config
