#include "config/mistakes.h"

#include <algorithm>
#include <tuple>

namespace vedette::config {
namespace {

constexpr std::size_t kLongestText = 400;

std::string printable(std::string_view text) {
  const bool cut = text.size() > kLongestText;
  std::string line(text.substr(0, kLongestText));
  for (char& c : line)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  return cut ? line + "…" : line;
}

}  // namespace

void Mistakes::add(const Origin& origin, std::string_view key, std::string_view text) {
  std::string line = origin.source + ":";
  if (origin.line > 0) line += std::to_string(origin.line) + ":" + std::to_string(origin.column) + ":";
  if (!key.empty()) line += " " + printable(key) + ":";
  lines_.push_back({origin, std::string(key), line + " " + printable(text)});
}

bool Mistakes::about(std::string_view key_prefix) const {
  return std::any_of(lines_.begin(), lines_.end(), [&](const Line& line) { return line.key.starts_with(key_prefix); });
}

Error Mistakes::error() const {
  VD_ASSERT(!empty(), "no mistake to tell");
  std::vector<Line> sorted = lines_;
  // The file first (it has lines), in its order; then variables and flags in theirs.
  std::stable_sort(sorted.begin(), sorted.end(), [](const Line& a, const Line& b) {
    return std::make_tuple(a.origin.line == 0, a.origin.line, a.origin.column) <
           std::make_tuple(b.origin.line == 0, b.origin.line, b.origin.column);
  });
  std::string text;
  for (std::size_t i = 0; i < std::min(sorted.size(), kMost); ++i) text += (i == 0 ? "" : "\n") + sorted[i].text;
  if (sorted.size() > kMost) text += "\nand " + std::to_string(sorted.size() - kMost) + " more mistakes";
  return {ErrorCode::kInvalidArgument, std::move(text)};
}

}  // namespace vedette::config
