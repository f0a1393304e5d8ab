// `vedette decide`: what control would decide from a recording, with the recording's own clock: no bus, nothing waited for, the
// same output on every run. To try rules on what really happened, and to know what a change of them changes. Decides by the same
// Decisions as CameraControl.
#pragma once

#include <cstdio>
#include <string>

#include "base/result.h"
#include "config/config.h"

namespace vedette::control {

struct DecideOptions {
  std::string recording;
  std::string camera;        // in the recording; "": the only one
  std::string as;            // whose rules, of the configuration; "": the same name, or the only one
  bool tracks = false;       // each result's objects too
  std::uint32_t minute = 0;  // of the week, at the recording's begin: for schedules
};

// Prints JSON to `out`, an object a line: results (with `tracks`), transitions and events as they come, at last a summary: mode,
// counts, tracks. Times are milliseconds from the first result, frames are numbered from its own on.
Result<> decide(const Config& config, const DecideOptions& options, std::FILE* out);

}  // namespace vedette::control
