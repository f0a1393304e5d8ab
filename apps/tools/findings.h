// What `vedette doctor` finds: one thing that was looked at, how it is, and what to do about it in one line.
#pragma once

#include <string>
#include <vector>

namespace vedette::tools {

enum class Health {
  kOk,
  kWarn,  // works, but not as well or not for ever
  kBad,   // something doesn't work, or won't
};

struct Finding {
  Health health = Health::kOk;
  std::string check;   // "tmpfs", "topic cam0/frames"
  std::string text;    // how it is
  std::string advice;  // what to do; "" if it is well
};

using Findings = std::vector<Finding>;

}  // namespace vedette::tools
