// `vedette user`: who may log in on the page: adds, changes, removes and lists users, in <storage.dir>/users.json (libs/users),
// which a running gateway goes by at once; and hashes a password for gateway.users. Passwords come from the terminal without
// echo, or as the first line of a standard input that is no terminal; never from the command line, which everybody may read.
#pragma once

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

#include "base/result.h"
#include "config/command_line.h"

namespace vedette::cli {

struct UserOptions {
  CommonOptions common;
  std::string name;
  std::string role;                  // "": viewer for a new one, else as it is
  std::vector<std::string> cameras;  // empty: all for a new one, else as they are
  bool all_cameras = false;
};

// Adds `vedette user` and its verbs to the program.
CLI::App* add_user_command(CLI::App& app, UserOptions& options);

// What the parsed verb says to do. Returns what to print, a line each.
Result<std::vector<std::string>> run_user_command(const CLI::App& user, const UserOptions& options);

}  // namespace vedette::cli
