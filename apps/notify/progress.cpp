#include "notify/progress.h"

#include <chrono>
#include <filesystem>
#include <sstream>

#include "base/file.h"
#include "base/thread.h"
#include "telemetry/log.h"

namespace vedette::notify {
namespace {

constexpr char kFile[] = "notify_progress";
constexpr auto kSaveEvery = std::chrono::seconds(1);

std::istream& operator>>(std::istream& words, Place& place) { return words >> place.instance >> place.sequence; }
std::ostream& operator<<(std::ostream& words, const Place& place) {
  return words << ' ' << place.instance << ' ' << place.sequence;
}

std::string text_of(const std::map<std::string, Told>& cameras) {
  std::ostringstream text;
  for (const auto& [camera, told] : cameras) text << camera << told.mqtt << told.media << told.others << '\n';
  return text.str();
}

}  // namespace

Progress::Progress(const std::string& storage_dir) : path_(storage_dir + "/" + kFile) {
  std::error_code ignored;  // write() tells
  std::filesystem::create_directories(storage_dir, ignored);
  const auto text = read_file(path_);
  std::istringstream words(text ? *text : "");
  std::string camera;
  Told told;
  while (words >> camera >> told.mqtt >> told.media >> told.others) cameras_[camera] = told;
  thread_ = start_thread("progress", [this] { run(); });
}

Progress::~Progress() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  news_.notify_all();
  thread_.join();
}

Told Progress::of(const std::string& camera) const {
  const std::lock_guard lock(mutex_);
  const auto found = cameras_.find(camera);
  return found != cameras_.end() ? found->second : Told{};
}

void Progress::set(const std::string& camera, const Told& told) {
  {
    const std::lock_guard lock(mutex_);
    Told& known = cameras_[camera];
    if (known == told) return;
    known = told;
    changed_ = true;
  }
  news_.notify_all();
}

void Progress::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    news_.wait(lock, [this] { return stopping_ || changed_; });
    if (!changed_) return;
    changed_ = false;
    const std::string text = text_of(cameras_);
    lock.unlock();
    write(text);
    lock.lock();
    news_.wait_for(lock, kSaveEvery, [this] { return stopping_; });
  }
}

void Progress::write(const std::string& text) {
  const auto written = write_file(path_, text);
  if (!written && !failed_)
    log::warning("{}; after a restart, some events may be told again or not at all", written.error().text);
  failed_ = !written;
}

}  // namespace vedette::notify
