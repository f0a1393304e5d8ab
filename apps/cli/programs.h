// The other programs of ours that `vedette` becomes: `vedette up` is vedette-supervise, `vedette capture` is vedette-capture, ….
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace vedette::cli {

struct Program {
  std::string_view name;    // the subcommand
  std::string_view binary;  // beside this one
  std::string_view description;
  bool has_subcommands = false;  // the program wants to know by which name it was called
};

// One row each, in the order of help.
const std::vector<Program>& programs();

// Replaces this process; returns only if that fails.
Error become(const Program& program, int argc, char** argv);

}  // namespace vedette::cli
