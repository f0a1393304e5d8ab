// The command line that all programs share: -c/--config, --bus-dir, --log-level and repeated --set key=value; then the first
// steps of every main(): load the configuration, start the log, register the secrets. Call from main() only: this prints.
//
//   int main(int argc, char** argv) {
//     CLI::App app{"What this program does"};
//     CommonOptions options;
//     add_common_options(app, options);
//     if (const auto code = parse_command_line(app, argc, argv)) return *code;
//     const Result<Config> config = load_and_start_log(options, "control");
//     if (!config) return fail(config.error(), exit_code_of(config.error()));
#pragma once

#include <CLI/CLI.hpp>

#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/process.h"
#include "base/result.h"
#include "config/config.h"

namespace vedette {

// The same for every stage of one machine: `vedette up` passes it on with hand_on().
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

// The arguments that make a child process, another program of ours, load the same. The overrides travel in the environment
// (VEDETTE_SET of this process): everybody may read a command line, and they may hold secrets. Call before threads start.
std::vector<std::string> hand_on(const CommonOptions& options);

// Prints the error as it is, mistakes in the configuration one a line, and returns `exit_code` (base/process.h) for main().
int fail(const Error& error, int exit_code = EXIT_FAILURE);

// For what goes wrong at the start: kExitConfig if a restart can't mend it; EXIT_FAILURE for kBusy, kUnavailable and kIo.
int exit_code_of(const Error& error);

// Where what can be made again is kept: $XDG_CACHE_HOME/vedette, else ~/.cache/vedette, else (no home) /var/cache/vedette.
std::string cache_dir();

// Where what must last is kept, unless storage.dir says otherwise: /var/lib/vedette for root; else $XDG_DATA_HOME/vedette, else
// ~/.local/share/vedette.
std::string default_storage_dir();
std::string storage_dir(const StorageConfig& config);
// Whether users or tokens were made while it ran (libs/users).
bool has_users_file(const StorageConfig& config);

// The model's file: detect.model, else the default one that comes with the programs.
std::string model_path(const DetectConfig& config);

}  // namespace vedette
