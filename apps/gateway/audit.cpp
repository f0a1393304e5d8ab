#include "gateway/audit.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/file.h"
#include "base/thread.h"
#include "base/unique_fd.h"
#include "gateway/login_limit.h"
#include "telemetry/log.h"

namespace vedette::gateway {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kLongestText = 256;

std::int64_t now_ms() { return static_cast<std::int64_t>(wall_ns() / 1'000'000); }

std::string line_of(const AuditEntry& entry, std::uint64_t left_out) {
  Json json{{"time_ms", now_ms()}, {"who", entry.who}};
  if (!entry.role.empty()) json["role"] = entry.role;
  json["from"] = entry.from;
  json["what"] = entry.what.substr(0, kLongestText);
  json["result"] = entry.result;
  if (!entry.detail.empty()) json["detail"] = entry.detail.substr(0, kLongestText);
  if (left_out > 0) json["left_out_before"] = left_out;
  return json.dump(-1, ' ', true, Json::error_handler_t::replace) + "\n";
}

std::string numbered(const std::string& path, int number) { return number == 0 ? path : path + "." + std::to_string(number); }

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::size_t start = 0;
  for (std::size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n', start)) {
    lines.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  return lines;  // one that isn't finished isn't there
}

}  // namespace

AuditLog::AuditLog(std::string storage) : path_(std::move(storage) + "/audit.log") {
  thread_ = start_thread("audit", [this] { write_all(); });
}

AuditLog::~AuditLog() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

AuditLog::Place AuditLog::place_for(const AuditEntry& entry) {
  const bool is_known = !entry.role.empty();
  const bool changes = entry.result < 400 && entry.what != "login" && entry.what != "logout";
  if (is_known && changes) return Place::kFree;
  const std::uint64_t minute = monotonic_ns() / 60'000'000'000;
  if (minute != minute_) limited_.clear();
  minute_ = minute;
  const std::uint32_t most = is_known ? kOfNameAMinute : kUnknownAMinute;
  std::uint32_t& count = limited_[is_known ? entry.role + " " + entry.who : ""];
  if (count == most || (entry.often && limited_["often " + network_of(entry.from)]++ > 0)) return Place::kTaken;
  return ++count == most ? Place::kLast : Place::kFree;
}

void AuditLog::add(AuditEntry entry) {
  const std::lock_guard lock(mutex_);
  const Place place = queue_.size() >= kQueue ? Place::kTaken : place_for(entry);
  if (place == Place::kTaken) {
    ++left_out_;
    return;
  }
  if (place == Place::kLast) entry.detail += (entry.detail.empty() ? "" : "; ") + std::string("more of this minute are left out");
  queue_.push_back(line_of(entry, std::exchange(left_out_, 0)));
  changed_.notify_all();
}

void AuditLog::flush() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return queue_.empty() && !writing_; });
}

void AuditLog::write_all() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (queue_.empty()) return;
    std::string lines;
    for (const std::string& line : queue_) lines += line;
    queue_.clear();
    writing_ = true;
    lock.unlock();
    write(lines);
    lock.lock();
    writing_ = false;
    changed_.notify_all();
  }
}

void AuditLog::write(const std::string& lines) {
  std::error_code ignored;
  std::filesystem::create_directories(std::filesystem::path(path_).parent_path(), ignored);
  struct ::stat info {};
  if (::stat(path_.c_str(), &info) == 0 && static_cast<std::uint64_t>(info.st_size) + lines.size() > kRotateBytes)
    for (int number = kKept - 1; number >= 0; --number)
      (void)std::rename(numbered(path_, number).c_str(), numbered(path_, number + 1).c_str());
  const UniqueFd fd(::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600));
  const bool whole = fd && ::write(fd.get(), lines.data(), lines.size()) == static_cast<ssize_t>(lines.size());
  if (!whole && !failed_) log::error("the audit log can't be written: {}", errno_error(path_).text);
  failed_ = !whole;
}

Result<std::vector<std::string>> AuditLog::newest(std::size_t limit, std::optional<std::int64_t> before_ms) const {
  std::vector<std::string> found;
  for (int number = 0; number <= kKept && found.size() < limit; ++number) {
    const auto text = read_file(numbered(path_, number));
    if (!text && text.error().code == ErrorCode::kNotFound) break;
    if (!text) return text.error();
    const std::vector<std::string> lines = lines_of(*text);
    for (auto line = lines.rbegin(); line != lines.rend() && found.size() < limit; ++line) {
      const Json json = Json::parse(*line, nullptr, false);
      if (!json.is_object() || !json.contains("time_ms") || !json["time_ms"].is_number_integer()) continue;
      if (!before_ms || json["time_ms"].get<std::int64_t>() < *before_ms) found.push_back(*line);
    }
  }
  return found;
}

}  // namespace vedette::gateway
