// `vedette echo`: prints each record of a topic as it comes. An ordinary reader: one entry while it runs.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace vedette::tools {

struct EchoOptions {
  std::string bus_dir;
  std::string topic;
  bool json = false;
  bool newest = false;      // skip what is overtaken
  bool all = false;         // the default, said aloud: every record that is still kept, in order
  bool passive = false;     // ask for no pictures: see only what others have asked for
  std::uint64_t count = 0;  // end after so many; 0: never
};

// Until the count, a stop signal, or a closed output.
Result<> echo(const EchoOptions& options);

}  // namespace vedette::tools
