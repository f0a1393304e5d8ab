// FileWatch: have files become others? They may be written in place, be renamed over, or lie behind symlinks that are changed
// anywhere on the way. inotify tells at once of what happens in the first file's folder and to that file itself; the rest, and
// everything where inotify has nothing to tell (network file systems, a user's instances used up), is found by looking every 5 s.
// Thread-bound.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/unique_fd.h"

namespace vedette::detect {

using FileMarks = std::vector<FileMark>;  // in the paths' order
FileMarks marks_of(const std::vector<std::string>& paths);

class FileWatch {
 public:
  // paths[0] is there all the time, but for moments.
  explicit FileWatch(std::vector<std::string> paths);

  // Others behind the first, from now on. False: they are the same.
  bool follow(std::vector<std::string> paths);

  FileMarks marks() const { return marks_of(paths_); }

  // Sleeps until something may have happened, or `wake_fd` is readable.
  void wait(int wake_fd);
  // Waits until nobody changes the files any more: who writes in place has closed the file, and nothing happens for a moment.
  // False: `wake_fd` is readable.
  bool settle(int wake_fd);

 private:
  enum class End { kEvent, kTimeout, kWoken };
  End sleep(int wake_fd, std::chrono::milliseconds timeout);
  void follow_file();
  void take_events();

  std::vector<std::string> paths_;
  UniqueFd inotify_;
  int file_ = -1;               // the watch of the file itself
  bool being_written_ = false;  // written to in place, and not closed since
};

}  // namespace vedette::detect
