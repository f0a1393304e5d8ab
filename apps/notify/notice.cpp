#include "notify/notice.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace vedette::notify {
namespace {

bool has(const std::vector<std::string>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  return first == std::string_view::npos ? "" : text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

}  // namespace

bool is_chosen(const EventChoice& choice, const Event& event) {
  return (choice.events.empty() || has(choice.events, to_string(event.kind))) && has(choice.phases, to_string(event.phase)) &&
         (choice.cameras.empty() || has(choice.cameras, event.camera));
}

std::string json_escaped(const std::string& text) {
  const std::string quoted = nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return quoted.substr(1, quoted.size() - 2);
}

std::string fill_in(std::string_view body, const Notice& notice) {
  std::string filled;
  while (true) {
    const std::size_t open = body.find("{{");
    const std::size_t close = open == std::string_view::npos ? open : body.find("}}", open);
    if (close == std::string_view::npos) return filled.append(body);
    filled.append(body.substr(0, open));
    const std::string_view name = trimmed(body.substr(open + 2, close - open - 2));
    // The event as JSON stands for itself, everything else within a text.
    const std::string value = placeholder_value(name, notice.event, notice.files);
    filled += name == "json" ? value : json_escaped(value);
    body.remove_prefix(close + 2);
  }
}

}  // namespace vedette::notify
