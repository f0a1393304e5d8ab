// `vedette dump`: records of chosen topics into a recording, as they come; and what is in a recording.
//
// Reading and writing are two threads with a bounded buffer between them: a disk that is slow for a moment costs nothing, one
// that is too slow costs records, which are counted and told, never the cameras their pace.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace vedette::tools {

struct DumpOptions {
  std::string bus_dir;
  std::string output;
  std::vector<std::string> topics;  // "cam0/frames", "cam0"; none: all, those that come later too
  std::string buffer = "256M";      // between bus and disk
  double seconds = 0;               // 0: until a stop signal
  bool passive = false;             // ask for no pictures
  bool force = false;
};

// Until the time is over or a stop signal. An Error of a full disk leaves a valid file.
Result<> dump(const DumpOptions& options);

// `vedette dump --info FILE`.
Result<> show_recording(const std::string& path, bool json);

}  // namespace vedette::tools
