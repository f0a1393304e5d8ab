// How many system calls a program makes, by number: all its threads are traced (ptrace) for a while. It goes on a little slower
// meanwhile; how often it calls is what counts. The program is a child of the caller; call it from one thread.
#pragma once

#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/wait.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <thread>

namespace vedette::test {

class SystemCalls {
 public:
  explicit SystemCalls(pid_t program) {
    for (const auto& task : std::filesystem::directory_iterator("/proc/" + std::to_string(program) + "/task")) {
      const auto thread = static_cast<pid_t>(std::stol(task.path().filename().string()));
      if (::ptrace(PTRACE_SEIZE, thread, nullptr, PTRACE_O_TRACESYSGOOD) != 0) continue;
      threads_.insert(thread);
      ::ptrace(PTRACE_INTERRUPT, thread, nullptr, nullptr);
    }
  }
  ~SystemCalls() {
    for (const pid_t thread : threads_) {
      ::ptrace(PTRACE_INTERRUPT, thread, nullptr, nullptr);
      int status = 0;
      (void)::waitpid(thread, &status, __WALL);
      ::ptrace(PTRACE_DETACH, thread, nullptr, nullptr);
    }
  }
  SystemCalls(const SystemCalls&) = delete;
  SystemCalls& operator=(const SystemCalls&) = delete;

  bool traced() const { return !threads_.empty(); }

  // Lets it run for `time`; `meanwhile` is called every millisecond. The calls made, of all threads.
  std::size_t count(std::chrono::milliseconds time, const std::function<void()>& meanwhile) {
    std::size_t stops = 0;
    const auto end = std::chrono::steady_clock::now() + time;
    while (std::chrono::steady_clock::now() < end) {
      for (const pid_t thread : threads_) {
        int status = 0;
        if (::waitpid(thread, &status, __WALL | WNOHANG) != thread || !WIFSTOPPED(status)) continue;
        const bool at_call = WSTOPSIG(status) == (SIGTRAP | 0x80);
        stops += at_call ? 1 : 0;
        ::ptrace(PTRACE_SYSCALL, thread, nullptr, nullptr);
      }
      meanwhile();
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return stops / 2;  // one as it begins, one as it ends
  }

 private:
  std::set<pid_t> threads_;
};

}  // namespace vedette::test
