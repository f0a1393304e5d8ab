#include "notify/topics.h"

namespace vedette::notify {

std::string topic_level(std::string_view text) {
  if (text.empty()) return "all";
  std::string level(text);
  for (char& c : level) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
    if (!plain) c = '_';
  }
  return level;
}

std::optional<Topics::Command> Topics::command(std::string_view topic) const {
  if (!is_ours(topic)) return std::nullopt;
  topic.remove_prefix(base_.size() + 1);
  const std::size_t slash = topic.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const std::string camera(topic.substr(0, slash));
  const std::string_view rest = topic.substr(slash + 1);
  if (rest == "set") return Command{camera, ""};
  if (!rest.starts_with("set/") || rest == "set/error") return std::nullopt;
  return Command{camera, std::string(rest.substr(4))};
}

}  // namespace vedette::notify
