// A Pod without an orchestrator: a pause process in pid, mount, net and ipc namespaces of its own, and programs started into them
// (unshare and nsenter of util-linux). Mounts are copies of the test's: a tmpfs that it had before is shared. Needs root.
// Everything in it ends with it. Thread-bound.
#pragma once

#include <csignal>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "support/program.h"

namespace vedette::test {

class Pod {
 public:
  // What its processes print goes to files `prefix`-…
  explicit Pod(const std::string& prefix)
      : prefix_(prefix),
        outer_({"/usr/bin/unshare", "--pid", "--mount", "--net", "--ipc", "--fork", "--kill-child", "--mount-proc", "/bin/sleep",
                "infinity"},
               prefix + "-pause") {
    (void)wait_until([&] { return pause() > 0 || !outer_.running(); });
  }
  bool lives() { return outer_.running() && pause() > 0; }

  // A program in it. Its own process is a child of the Program returned, which ends with it and as it did.
  std::unique_ptr<Program> run(const std::vector<std::string>& arguments) {
    std::vector<std::string> all{"/usr/bin/nsenter", "-t", std::to_string(pause()), "--pid", "--mount", "--net", "--ipc", "--"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    return std::make_unique<Program>(all, prefix_ + "-" + std::to_string(runs_++));
  }
  // The pause process dies, and the kernel kills all that is in the Pod.
  void kill() {
    outer_.signal(SIGKILL);
    (void)outer_.wait_exit();
  }

 private:
  pid_t pause() const {
    for (const ChildProcess& child : children_of(outer_.pid()))
      if (child.name == "sleep") return child.pid;
    return -1;
  }
  std::string prefix_;
  Program outer_;
  int runs_ = 0;
};

// The process that nsenter has started, as seen from here; none while it isn't there.
inline std::optional<pid_t> inner_process(const Program& program) {
  const auto children = children_of(program.pid());
  return children.size() == 1 && children.front().name != "nsenter" ? std::optional(children.front().pid) : std::nullopt;
}

}  // namespace vedette::test
