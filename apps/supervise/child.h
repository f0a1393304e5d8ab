// Child: one running program: started with its output on a pipe, in a process group of its own (Ctrl-C in a terminal reaches the
// supervisor alone), killed by the kernel if the supervisor dies. Start it from the main thread: that is the parent the kernel
// watches.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"
#include "supervise/plan.h"

namespace vedette::supervise {

class Child {
 public:
  static Result<Child> start(const StageSpec& spec);

  pid_t pid() const { return pid_; }
  // Its stdout and stderr. Non-blocking at both ends: while nobody reads (a terminal that is stopped), its lines are lost, it
  // isn't held up. -1 once closed.
  int output_fd() const { return output_.get(); }
  void close_output() { output_.reset(); }
  void signal(int number) const;
  // The wait status if it has ended (and is reaped by this), else nothing.
  std::optional<int> ended();

 private:
  Child(pid_t pid, UniqueFd output) : pid_(pid), output_(std::move(output)) {}
  pid_t pid_ = -1;
  UniqueFd output_;
};

// "ended with exit code 3" or "died of signal 9 (Killed)".
std::string describe(int wait_status);

}  // namespace vedette::supervise
