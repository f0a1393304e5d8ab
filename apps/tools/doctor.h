// `vedette doctor`: is this machine, and is the bus on it, as Vedette needs it; what to do where not.
#pragma once

#include "base/result.h"
#include "config/command_line.h"

namespace vedette::tools {

struct DoctorOptions {
  CommonOptions common;
  bool config_given = false;  // by -c: then it must be there
  bool size = false;          // only the bytes that the configuration needs
  bool json = false;
  bool fix = false;  // removes the files of dead topics first
};

// The exit code: 0, or 1 if something is bad.
Result<int> doctor(const DoctorOptions& options);

}  // namespace vedette::tools
