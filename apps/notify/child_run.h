// One program from start to end, its input written and its output read meanwhile. Thread-safe, blocks until it has ended.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace vedette::notify {

struct ChildRun {
  std::vector<std::string> words;        // program (looked for in the PATH if it has no '/'), arguments
  std::vector<std::string> environment;  // "NAME=value", besides ours without what begins with VEDETTE_
  std::string input;
  Nanoseconds timeout{};
  std::function<bool()> stopping;                    // true: it is to be killed now
  std::function<void(std::string_view line)> print;  // each line of its output, stdout and stderr together
};

// Its exit status as the shell has it: the code, or 128 + the signal. kUnavailable: killed after the timeout, or at our end.
Result<int> run_child(const ChildRun& run);

}  // namespace vedette::notify
