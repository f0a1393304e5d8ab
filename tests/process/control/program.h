// Program: one of our binaries as a child process, its stderr collected line by line. Killed when it goes out of scope.
// Thread-bound, but for the thread of its own that reads the child's stderr.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/unique_fd.h"

namespace vedette::test {

// How long tests wait for what must come: a watchdog, not an expectation.
inline constexpr std::chrono::seconds kPatience{60};

// Until the condition holds, looked at every 5 ms; false: the watchdog came first.
template <typename Condition>
bool eventually(Condition&& condition) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

class Program {
 public:
  // words[0]: the binary's path.
  explicit Program(std::vector<std::string> words);
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  ~Program();

  pid_t pid() const { return pid_; }
  void signal(int number) const;
  // SIGKILL, and gone when this returns.
  void kill();
  // Its exit status as the shell has it: the code, or 128 + the signal. -1: the watchdog came first.
  int wait_exit();

  // True once its log holds `text`; false if it ended without.
  bool wait_log(const std::string& text);
  std::string log() const;
  int count_log(const std::string& text) const;

 private:
  void read_log();

  pid_t pid_ = -1;
  int status_ = -1;
  UniqueFd log_fd_;
  mutable std::mutex mutex_;
  std::condition_variable grown_;
  std::string log_;
  bool log_ended_ = false;
  std::thread reader_;
};

}  // namespace vedette::test
