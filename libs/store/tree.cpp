#include "store/tree.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <ctime>
#include <filesystem>

#include "base/file.h"
#include "base/unique_fd.h"

namespace vedette::store {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kFolderMode = 0750;
constexpr mode_t kFileMode = 0640;

std::tm utc(std::int64_t at_ms) {
  const auto seconds = static_cast<std::time_t>(at_ms / 1000);
  std::tm broken_down{};
  ::gmtime_r(&seconds, &broken_down);
  return broken_down;
}

std::string formatted(const char* format, std::int64_t at_ms) {
  const std::tm time = utc(at_ms);
  std::array<char, 64> text{};
  return {text.data(), std::strftime(text.data(), text.size(), format, &time)};
}

std::optional<int> number(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

// Of "2026/11/26" and "120501".
std::optional<std::int64_t> moment_of(std::string_view date, std::string_view time_of_day) {
  if (date.size() != 10 || time_of_day.size() != 6) return std::nullopt;
  const auto year = number(date.substr(0, 4)), month = number(date.substr(5, 2)), day = number(date.substr(8, 2));
  const auto hour = number(time_of_day.substr(0, 2)), minute = number(time_of_day.substr(2, 2));
  const auto second = number(time_of_day.substr(4, 2));
  if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
  std::tm time{};
  time.tm_year = *year - 1900, time.tm_mon = *month - 1, time.tm_mday = *day;
  time.tm_hour = *hour, time.tm_min = *minute, time.tm_sec = *second;
  return std::int64_t{::timegm(&time)} * 1000;
}

std::string folder_of(const std::string& path) { return fs::path(path).parent_path().string(); }

}  // namespace

std::string zones_text(const std::vector<ZoneVisit>& visits) {
  std::string text;
  for (std::size_t i = 0; i < visits.size(); ++i) {
    bool again = false;
    for (std::size_t before = 0; before < i; ++before) again |= visits[before].zone == visits[i].zone;
    if (!again) text += (text.empty() ? "" : ",") + visits[i].zone;
  }
  return text;
}

std::string Tree::stem(const EventKey& key, std::int64_t started_at_ms) const {
  return root_ + "/" + std::string(kEventsFolder) + formatted("/%Y/%m/%d/", started_at_ms) + key.camera +
         formatted("-%H%M%S-", started_at_ms) + std::to_string(key.id);
}

std::string Tree::clip(const EventKey& key, std::int64_t started_at_ms, std::uint32_t part) const {
  return stem(key, started_at_ms) + (part <= 1 ? "" : "." + std::to_string(part)) + ".mp4";
}

std::vector<std::string> Tree::files_of(const Event& event) const {
  std::vector<std::string> files{sidecar(event.key, event.started_at_ms)};
  if (event.snapshot)
    for (const std::string& path :
         {snapshot(event.key, event.started_at_ms), crop(event.key, event.started_at_ms), boxed(event.key, event.started_at_ms)})
      files.push_back(path);
  for (std::uint32_t part = 1; part <= event.clips; ++part) files.push_back(clip(event.key, event.started_at_ms, part));
  std::erase_if(files, [](const std::string& path) { return ::access(path.c_str(), F_OK) != 0; });
  return files;
}

std::string Tree::segment(const std::string& camera, std::int64_t started_at_ms) const {
  std::array<char, 16> milliseconds{};
  std::snprintf(milliseconds.data(), milliseconds.size(), "-%03d.mp4", static_cast<int>(started_at_ms % 1000));
  return root_ + "/" + std::string(kRecordingsFolder) + "/" + camera + formatted("/%Y/%m/%d/%H%M%S", started_at_ms) +
         milliseconds.data();
}

std::optional<Segment> Tree::segment_of(const std::string& path) const {
  const std::string prefix = root_ + "/" + std::string(kRecordingsFolder) + "/";
  if (!path.starts_with(prefix)) return std::nullopt;
  const std::size_t slash = path.find('/', prefix.size());
  // "/2026/11/26/120500-000.mp4"
  if (slash == std::string::npos || path.size() != slash + 26) return std::nullopt;
  const std::string_view rest = std::string_view(path).substr(slash);
  const auto second = moment_of(rest.substr(1, 10), rest.substr(12, 6));
  const auto milliseconds = number(rest.substr(19, 3));
  if (!second || !milliseconds) return std::nullopt;
  Segment segment{path.substr(prefix.size(), slash - prefix.size()), *second + *milliseconds, 0, 0};
  // Only what would be written under this name again is one of ours.
  return this->segment(segment.camera, segment.started_at_ms) == path ? std::optional(segment) : std::nullopt;
}

bool Tree::is_of_event(const std::string& path) const {
  const std::string prefix = root_ + "/" + std::string(kEventsFolder) + "/";
  const std::string stem = stem_of(path);
  if (!stem.starts_with(prefix)) return false;
  // "2026/11/26/front-120501-1846212334592"
  const std::string_view rest = std::string_view(stem).substr(prefix.size());
  const std::size_t to_id = rest.rfind('-');
  if (to_id == std::string_view::npos || to_id < 19) return false;  // "2026/11/26/c-120501"
  const auto started_at_ms = moment_of(rest.substr(0, 10), rest.substr(to_id - 6, 6));
  EventKey key{std::string(rest.substr(11, to_id - 7 - 11)), 0};
  const auto [end, error] = std::from_chars(rest.data() + to_id + 1, rest.data() + rest.size(), key.id);
  if (!started_at_ms || error != std::errc{} || key.camera.find('/') != std::string::npos) return false;
  if (this->stem(key, *started_at_ms) != stem) return false;
  const std::string_view suffix = std::string_view(path).substr(stem.size());
  for (const char* known : {".json", ".jpg", ".crop.jpg", ".box.jpg", ".mp4"})
    if (suffix == known) return true;
  if (suffix.size() < 6 || !suffix.ends_with(".mp4")) return false;
  const auto part = number(suffix.substr(1, suffix.size() - 5));
  return part && *part > 1 && clip(key, *started_at_ms, static_cast<std::uint32_t>(*part)) == path;
}

std::string Tree::stem_of(const std::string& path) {
  const std::size_t name = path.rfind('/') + 1;
  const std::size_t dot = path.find('.', name);
  return path.substr(0, dot);
}

Result<> make_folder_for(const std::string& path) {
  const std::string folder = folder_of(path);
  struct ::stat info {};
  if (::stat(folder.c_str(), &info) == 0) {
    if (S_ISDIR(info.st_mode)) return {};
    return Error{ErrorCode::kInvalidArgument, folder + ": not a folder"};
  }
  VD_TRY(make_folder_for(folder));
  if (::mkdir(folder.c_str(), kFolderMode) != 0 && errno != EEXIST) return errno_error(folder);
  return sync_folder_of(folder);
}

Result<> settle(const std::string& path) {
  const std::string part = path + std::string(kPart);
  {
    const UniqueFd fd(::open(part.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
    if (!fd || ::fsync(fd.get()) != 0) return errno_error(part);
  }
  if (::rename(part.c_str(), path.c_str()) != 0) return errno_error(path);
  return sync_folder_of(path);
}

Result<> write_durably(const std::string& path, std::string_view content) {
  VD_TRY(make_folder_for(path));
  const std::string part = path + std::string(kPart);
  {
    const UniqueFd fd(::open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, kFileMode));
    if (!fd) return errno_error(part);
    while (!content.empty()) {
      const ssize_t wrote = ::write(fd.get(), content.data(), content.size());
      if (wrote < 0 && errno == EINTR) continue;
      if (wrote < 0) {
        Error error = errno_error(part);
        ::unlink(part.c_str());
        return error;
      }
      content.remove_prefix(static_cast<std::size_t>(wrote));
    }
  }
  return settle(path);
}

Result<> remove_file(const std::string& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return errno_error(path);
  return {};
}

std::uint64_t file_bytes(const std::string& path) { return static_cast<std::uint64_t>(mark_of(path).size); }

}  // namespace vedette::store
