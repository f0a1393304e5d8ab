#include "schema/class_names.h"

#include <algorithm>

namespace vedette {

std::string join_class_names(std::span<const std::string> names) {
  std::string text;
  for (const std::string& name : names) {
    const std::size_t start = text.size();
    text += name + '\n';
    std::replace(text.begin() + static_cast<std::ptrdiff_t>(start), text.end() - 1, '\n', ' ');
  }
  // Without the last break; that of an empty name at the end is needed to tell it from no name.
  if (!names.empty() && !names.back().empty()) text.pop_back();
  return text;
}

std::vector<std::string> split_class_names(std::string_view text) {
  std::vector<std::string> names;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    names.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return names;
}

std::string class_name(std::span<const std::string> names, std::size_t id) {
  return id < names.size() ? names[id] : std::to_string(id);
}

}  // namespace vedette
