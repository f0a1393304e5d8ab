#include "detect/file_watch.h"

#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>

namespace vedette::detect {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr milliseconds kLookEvery{5000};
constexpr milliseconds kQuiet{200};        // two files that belong together are copied one after the other
constexpr milliseconds kAbandoned{10000};  // a writer that neither writes nor closes for so long: taken as it is

}  // namespace

FileMarks marks_of(const std::vector<std::string>& paths) {
  FileMarks marks;
  for (const std::string& path : paths) marks.push_back(mark_of(path));
  return marks;
}

FileWatch::FileWatch(std::vector<std::string> paths)
    : paths_(std::move(paths)), inotify_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
  const std::string folder = std::filesystem::path(paths_[0]).parent_path().string();
  if (inotify_)
    (void)::inotify_add_watch(inotify_.get(), folder.empty() ? "." : folder.c_str(),
                              IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ONLYDIR);
  follow_file();
}

bool FileWatch::follow(std::vector<std::string> paths) {
  std::swap(paths_, paths);
  return paths_ != paths;
}

// The file that lies at the path now.
void FileWatch::follow_file() {
  if (!inotify_) return;
  const int file = ::inotify_add_watch(inotify_.get(), paths_[0].c_str(), IN_MODIFY | IN_CLOSE_WRITE);
  if (file == file_) return;
  if (file_ >= 0) (void)::inotify_rm_watch(inotify_.get(), file_);
  file_ = file;
  being_written_ = false;
}

void FileWatch::take_events() {
  alignas(inotify_event) std::array<char, 4096> events;
  for (ssize_t bytes; (bytes = ::read(inotify_.get(), events.data(), events.size())) > 0;)
    for (ssize_t at = 0; at < bytes;) {
      const auto* event = reinterpret_cast<const inotify_event*>(events.data() + at);
      if (event->wd == file_ && (event->mask & IN_MODIFY) != 0) being_written_ = true;
      if (event->wd == file_ && (event->mask & IN_CLOSE_WRITE) != 0) being_written_ = false;
      at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
    }
}

FileWatch::End FileWatch::sleep(int wake_fd, milliseconds timeout) {
  follow_file();
  std::array<pollfd, 2> fds{{{wake_fd, POLLIN, 0}, {inotify_.get(), POLLIN, 0}}};  // poll() passes by -1
  const int ready = ::poll(fds.data(), fds.size(), static_cast<int>(std::max(timeout, milliseconds(0)).count()));
  if (fds[0].revents != 0) return End::kWoken;
  if (ready <= 0) return End::kTimeout;
  take_events();
  return End::kEvent;
}

void FileWatch::wait(int wake_fd) { (void)sleep(wake_fd, kLookEvery); }

bool FileWatch::settle(int wake_fd) {
  FileMarks before = marks();
  for (auto changed_at = Clock::now();;) {
    const milliseconds patience = !inotify_ ? kLookEvery : being_written_ ? kAbandoned : kQuiet;
    const auto left = std::chrono::ceil<milliseconds>(changed_at + patience - Clock::now());
    if (left <= milliseconds(0)) return true;
    if (sleep(wake_fd, left) == End::kWoken) return false;
    FileMarks now = marks();
    if (now != before) changed_at = Clock::now(), before = std::move(now);
  }
}

}  // namespace vedette::detect
