// `vedette init`: looks at what is there (cameras, cores, memory for the bus, a model) and writes a commented configuration to
// start from.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace vedette::cli {

struct CaptureDevice {
  std::string path;  // "/dev/video0"
  std::string name;  // as the driver calls it
};

// V4L2 devices that capture video (a camera often has further nodes that don't).
std::vector<CaptureDevice> capture_devices();

struct InitOptions {
  std::string output = "vedette.yaml";
  bool force = false;  // overwrite
};

// Writes the file and checks it with the loader. Returns what was found, one line each, for the terminal.
Result<std::vector<std::string>> init(const InitOptions& options);

}  // namespace vedette::cli
