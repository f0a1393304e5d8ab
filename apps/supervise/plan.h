// Which programs a configuration needs, in the order of starting. They stop in the opposite order: first who reads, last who
// writes. No detect stage if no camera wants it.
#pragma once

#include <string>
#include <vector>

#include "config/config.h"

namespace vedette::supervise {

struct StageSpec {
  std::string tag;      // "capture/front", "detect"; as in its log lines
  std::string program;  // absolute path
  std::vector<std::string> arguments;
};

// `common`: the arguments that make every stage load the same configuration (hand_on()).
std::vector<StageSpec> plan(const Config& config, const std::vector<std::string>& common);

}  // namespace vedette::supervise
