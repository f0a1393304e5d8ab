// Forked children of a test: real processes that are killed, stopped and waited for. A child runs `body` and ends with its result
// as exit code, without the parent's destructors; it dies with the parent. Thread-bound; fork from single-threaded tests only.
#pragma once

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <utility>

namespace vedette::test {

class Child {
 public:
  Child() = default;
  explicit Child(const std::function<int()>& body) : pid_(::fork()) {
    if (pid_ != 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int code = body();
    ::_exit(code);
  }
  Child(Child&& other) noexcept : pid_(std::exchange(other.pid_, -1)) {}
  Child& operator=(Child&& other) noexcept {
    if (this != &other) end(), pid_ = std::exchange(other.pid_, -1);
    return *this;
  }
  ~Child() { end(); }

  pid_t pid() const { return pid_; }
  void signal(int number) const { ::kill(pid_, number); }
  // The wait status (WIFEXITED, …); -1 if there is no child.
  int wait() {
    int status = -1;
    if (pid_ > 0) ::waitpid(pid_, &status, 0);
    pid_ = -1;
    return status;
  }
  // Its exit code, or minus the signal that ended it.
  int exit_code() {
    const int status = wait();
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }
  // SIGKILLs it and waits until it is gone.
  void end() {
    if (pid_ > 0) signal(SIGKILL);
    wait();
  }

 private:
  pid_t pid_ = -1;
};

}  // namespace vedette::test
