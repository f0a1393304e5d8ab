// `vedette command`: asks the running control process for something, over its socket in the bus directory.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace vedette::cli {

struct CommandOptions {
  std::string camera;
  std::string verb;                // see main.cpp
  std::vector<std::string> words;  // behind it: force's mode, detect's on or off, set's key and value, unset's key
  std::string bus_dir;             // "": the default
};

// Ok if control said yes; else why not: its own words, or why it can't be asked.
Result<> send_command(const CommandOptions& options);

}  // namespace vedette::cli
