// The command line that all programs share: -c/--config, --bus-dir, --log-level and repeated --set key=value; then the first
// steps of every main(): load the configuration, start the log, register the secrets. Call from main() only: this prints.
//
//   int main(int argc, char** argv) {
//     CLI::App app{"What this program does"};
//     CommonOptions options;
//     add_common_options(app, options);
//     if (const auto code = parse_command_line(app, argc, argv)) return *code;
//     const Result<Config> config = load_and_start_log(options, "control");
//     if (!config) return fail(config.error(), kExitConfig);
#pragma once

#include <CLI/CLI.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/process.h"
#include "base/result.h"
#include "config/config.h"

namespace vedette {

// The same for every stage of one machine: `vedette up` passes it on with arguments_of().
struct CommonOptions {
  std::string config = "vedette.yaml";
  std::vector<std::string> set;  // "section.key=value", see load_config()
  std::string bus_dir;           // like bus.dir=…; "": not given
  std::string log_level;         // like log.level=…; "": not given
};

// Adds the options to a program or to one of its subcommands. `options` must outlive the parsing.
void add_common_options(CLI::App& app, CommonOptions& options);

// Parses; the exit code if the program is to end now: 0 (help or version was asked for) or kExitUsage; all is printed by then.
std::optional<int> parse_command_line(CLI::App& app, int argc, const char* const* argv);

// `--set` and the short options in load_config()'s form; the short ones win.
std::vector<std::string> overrides_of(const CommonOptions& options);

// The configuration with all layers; the log is started under `tag` at its level, its secrets are registered.
Result<Config> load_and_start_log(const CommonOptions& options, std::string_view tag);

// The arguments that make another program of ours load the same: {"--config", "/…/vedette.yaml", "--set", "a.b=c", …}.
std::vector<std::string> arguments_of(const CommonOptions& options);

// Prints the error as it is, mistakes in the configuration one a line, and returns `exit_code` (base/process.h) for main().
int fail(const Error& error, int exit_code = 1);

}  // namespace vedette
