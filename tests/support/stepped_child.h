// A forked child that a test drives machine instruction by machine instruction (ptrace): its body calls mark() at the begin and
// the end of the window of interest. Deterministic: every interleaving with the test at single instructions can be gone through.
#pragma once

#include <sched.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>

#include <cerrno>

#include <functional>

#include "support/child.h"

namespace vedette::test {

class SteppedChild {
 public:
  // Forks and runs `body` there up to its first mark().
  explicit SteppedChild(const std::function<int()>& body)
      : child_([&body] {
          ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
          return body();
        }) {
    await();
  }

  static void mark() { ::raise(SIGSTOP); }

  // One instruction. False: it reached its second mark() (or its end).
  bool step() {
    if (!at_end_) {
      ::ptrace(PTRACE_SINGLESTEP, child_.pid(), nullptr, nullptr);
      await();
    }
    return !at_end_;
  }
  // Goes on freely up to the second mark(). False: it ended before.
  bool run_to_end() {
    if (!at_end_) ::ptrace(PTRACE_CONT, child_.pid(), nullptr, nullptr), await();
    return WIFSTOPPED(status_);
  }
#ifdef __x86_64__
  // Is its next instruction a system call that waits for futexes?
  bool at_futex_wait() const {
    user_regs_struct registers{};
    ::ptrace(PTRACE_GETREGS, child_.pid(), nullptr, &registers);
    const long code = ::ptrace(PTRACE_PEEKTEXT, child_.pid(), registers.rip, nullptr);
    return (code & 0xffff) == 0x050f && (registers.rax == SYS_futex || registers.rax == 449);
  }
#endif
  // As run_to_end(); `timed_out`: one of its system calls ended with ETIMEDOUT on the way. False, too, if no system call was
  // seen: the second mark() is one.
  bool run_to_end(bool& timed_out) {
    timed_out = false;
    bool seen = false;
    // Without it a stop doesn't say that it is a system call's.
    ::ptrace(PTRACE_SETOPTIONS, child_.pid(), nullptr, PTRACE_O_TRACESYSGOOD);
    while (!at_end_) {
      ::ptrace(PTRACE_SYSCALL, child_.pid(), nullptr, nullptr);
      await();
      __ptrace_syscall_info info{};
      ::ptrace(PTRACE_GET_SYSCALL_INFO, child_.pid(), sizeof info, &info);
      seen |= info.op == PTRACE_SYSCALL_INFO_ENTRY || info.op == PTRACE_SYSCALL_INFO_EXIT;
      timed_out |= info.op == PTRACE_SYSCALL_INFO_EXIT && info.exit.rval == -ETIMEDOUT;
    }
    return WIFSTOPPED(status_) && seen;
  }
  // Lets go of it and waits for its exit code.
  int finish() {
    ::ptrace(PTRACE_DETACH, child_.pid(), nullptr, nullptr);
    return child_.exit_code();
  }
  void kill() { child_.end(); }

 private:
  void await() {
    const bool first = status_ == -1;
    ::waitpid(child_.pid(), &status_, 0);
    at_end_ = !WIFSTOPPED(status_) || (!first && WSTOPSIG(status_) == SIGSTOP);
  }
  Child child_;
  int status_ = -1;
  bool at_end_ = false;
};

// Test and children on one CPU: a step then costs two switches and no wake-up of another core.
inline void stay_on_one_cpu() {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(static_cast<std::size_t>(::sched_getcpu()), &one);
  ::sched_setaffinity(0, sizeof one, &one);
}

}  // namespace vedette::test
