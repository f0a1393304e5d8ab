// Supervisor: starts the stages, keeps them running, passes their logs on, stops them in order. One thread, the main one.
//
// A stage that dies is started again after its back-off; one that asks for a restart (kExitRestart) after a second or more, at
// once. A capture that ends with 0 is done (its file has ended). A stage that a restart can't mend (kExitUsage, kExitConfig) ends
// the whole, unless it has run well before.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/config.h"
#include "supervise/backoff.h"
#include "supervise/child.h"
#include "supervise/log_relay.h"
#include "supervise/plan.h"

namespace vedette::supervise {

class Supervisor {
 public:
  // With `endless` the end of all captures is no reason to end: some camera is another program's.
  Supervisor(std::vector<StageSpec> stages, const SuperviseConfig& config, bool endless = false);

  // Runs until a stop signal, `deadline_ns` (monotonic; 0: none), the end of all cameras, or a stage that can't run (the Error).
  // `tick` is called several times a second. All stages have ended when this returns.
  Result<> run(std::uint64_t deadline_ns, const std::function<void()>& tick);

 private:
  struct Stage {
    StageSpec spec;
    LogRelay relay;
    Backoff backoff;
    std::optional<Child> child;
    std::uint64_t started_ns = 0;
    std::uint64_t start_at_ns = 0;  // when to start it, if it isn't running
    bool done = false;
  };

  void start_due_stages();
  void wait_for_output(std::uint64_t at_most_ns);
  void let_go(Stage& stage);  // of its child, which has ended
  Result<> reap();
  Result<> on_end(Stage& stage, int wait_status);
  bool cameras_done() const;
  void stop_all();

  std::vector<Stage> stages_;
  SuperviseConfig config_;
  bool endless_;
};

}  // namespace vedette::supervise
