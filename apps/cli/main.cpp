// vedette: the one command people type. Subcommands that are programs of their own replace this process; the others are small and
// here.
#include <CLI/CLI.hpp>

#include <cstdio>
#include <string_view>

#include "base/process.h"
#include "cli/command.h"
#include "cli/init.h"
#include "cli/programs.h"
#include "cli/user.h"
#include "config/command_line.h"

namespace {

using namespace vedette;

constexpr const char* kExamples = R"(
Examples:
  vedette init                                  look for cameras, write vedette.yaml
  vedette cameras                               what is plugged in; `vedette cameras URL`: what a stream sends
  vedette up -c vedette.yaml                    run it; the page is on http://127.0.0.1:8080
  vedette up -c vedette.yaml --set gateway.port=9000 --set cameras.cam0.url=clip.mp4
  vedette top                                   what is on the bus, live
  vedette user add anna --role admin            who may log in on the page; the password is asked for
  vedette command cam0 pause                    no pictures of camera "cam0", and nothing detected, until "resume"
  vedette command cam0 detect off               pictures, but nothing detected
  vedette command cam0 set threshold 0.6        from now on, and after a restart too
  vedette up --help                             all options of a subcommand)";

int run_command(const cli::CommandOptions& options) {
  const auto sent = cli::send_command(options);
  if (!sent.ok()) return fail(sent.error());
  std::printf("ok\n");
  return 0;
}

int print(const Result<std::vector<std::string>>& lines) {
  if (!lines.ok()) return fail(lines.error());
  for (const std::string& line : *lines) std::printf("%s\n", line.c_str());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  // Programs get their arguments, --help included, untouched.
  for (const cli::Program& program : cli::programs())
    if (argc > 1 && argv[1] == program.name) return fail(cli::become(program, argc, argv), kExitConfig);

  CLI::App app{"Watches cameras on an edge machine and says what is there, now.", "vedette"};
  app.require_subcommand(1);
  app.footer(kExamples);
  app.set_version_flag("--version", VEDETTE_VERSION);
  for (const cli::Program& program : cli::programs())
    app.add_subcommand(std::string(program.name), std::string(program.description));

  cli::InitOptions init;
  CLI::App* init_app = app.add_subcommand("init", "Look at what is there and write a commented configuration to start from");
  init_app->add_option("-o,--output", init.output, "The file to write")->capture_default_str();
  init_app->add_flag("--force", init.force, "Overwrite it");

  cli::CommandOptions command;
  CLI::App* command_app = app.add_subcommand("command", "Tell a running camera what to do");
  command_app->add_option("camera", command.camera, "Its name in the configuration")->required();
  command_app
      ->add_option(
          "verb", command.verb,
          "pause (no pictures are published, nothing is detected), resume, auto (the sentry decides), force (a mode: "
          "standby, validation or tracking), detect (on or off), respawn (restart its stages), set (a key of the "
          "camera: threshold, zones, lines, rules or masks; and its value, YAML), unset (a key: as the configuration has it)")
      ->required();
  command_app->add_option("words", command.words, "What the verb asks for");
  command_app->add_option("--bus-dir", command.bus_dir, "Where topics live")->type_name("DIR");

  cli::UserOptions user;
  CLI::App* user_app = cli::add_user_command(app, user);

  CLI::App* version_app = app.add_subcommand("version", "Print the version");
  if (argc > 1 && argv[1][0] != '-' &&
      app.get_subcommands([&](const CLI::App* known) { return known->check_name(argv[1]); }).empty())
    return fail({ErrorCode::kInvalidArgument, "unknown subcommand \"" + std::string(argv[1]) + "\"; vedette --help lists them"},
                kExitUsage);
  if (const auto code = parse_command_line(app, argc, argv)) return *code;
  if (*version_app) return std::printf("vedette %s\n", VEDETTE_VERSION) < 0;
  if (*init_app) return print(cli::init(init));
  if (*user_app) return print(cli::run_user_command(*user_app, user));
  return run_command(command);
}
