// `vedette replay`: a recording's records on the bus again, under their own topics, by this process as their writer. Time stamps
// become those of now, so that nothing is stale; wall times and, as far as they can, frame ids stay (docs/tools.md).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace vedette::tools {

struct ReplayOptions {
  std::string bus_dir;
  std::string file;
  std::string pace = "original";         // original, fast, lockstep
  std::vector<std::string> topics;       // "cam0/frames", "cam0", as recorded; none: all
  std::vector<std::string> acks;         // lockstep: topics that answer each picture of their camera with a record of its id
  std::vector<std::string> camera_maps;  // "old=new"
  double ack_timeout_s = 30;
  bool loop = false;
  bool wait_reader = false;  // begin when each topic has a reader
  bool leave = false;        // topics stay behind when it ends
};

// Until the recording's end or a stop signal.
Result<> replay(const ReplayOptions& options);

}  // namespace vedette::tools
