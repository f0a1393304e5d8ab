// vedette-tools: looks at the bus and moves its records to files and back. What `vedette top`, `echo`, `doctor`, `dump` and
// `replay` become. Ordinary readers and writers of the bus, or lookers that leave no trace; no part of the running system needs
// them.
#include <CLI/CLI.hpp>

#include "base/process.h"
#include "config/command_line.h"
#include "tools/echo.h"
#include "tools/top.h"

namespace {

using namespace vedette;
using namespace vedette::tools;

void add_bus_dir(CLI::App& app, std::string& place) {
  app.add_option("--bus-dir", place, "Where topics live")->type_name("DIR")->envname("VEDETTE_BUS_DIR");
}

CLI::App* add_top(CLI::App& app, TopOptions& options) {
  CLI::App* top = app.add_subcommand("top", "Live table: topics, writers, readers, fps, age, drops, missed, held slots, CPU");
  add_bus_dir(*top, options.bus_dir);
  top->add_option("--interval", options.interval_s, "Seconds between two looks")
      ->check(CLI::Range(0.05, 3600.0))
      ->capture_default_str();
  top->add_flag("--once", options.once, "One table over one interval, then end");
  top->add_flag("--json", options.json, "One JSON object a look");
  top->footer(
      "Looks only: takes no reader entry, asks nothing of anybody. A reader's MISSED counts records published between two that "
      "it\n"
      "took: one that wants 3 of 30 frames a second misses 27 on purpose.\n\nExamples:\n"
      "  vedette top\n  vedette top --interval 0.2 --bus-dir /dev/shm/vedette-1000\n"
      "  vedette top --once --json | jq '.topics[] | {topic, fps, age_ms}'");
  return top;
}

CLI::App* add_echo(CLI::App& app, EchoOptions& options) {
  CLI::App* echo = app.add_subcommand("echo", "Print each record of a topic as it comes");
  echo->add_option("topic", options.topic, "<camera>/<topic>; one that isn't there yet is waited for")->required();
  add_bus_dir(*echo, options.bus_dir);
  echo->add_flag("--json", options.json, "One JSON object a line");
  echo->add_option("--count", options.count, "End after so many records")->type_name("N");
  auto* newest = echo->add_flag("--newest", options.newest, "Only what is newest when the last one is printed");
  echo->add_flag("--all", options.all, "Every record, the kept ones of before first (the default); frames keep only their newest")
      ->excludes(newest);
  echo->add_flag("--passive", options.passive, "Ask the camera for no pictures: see those that others asked for");
  echo->footer(
      "Examples:\n  vedette echo cam0/detections\n  vedette echo cam0/frames --json --count 1\n  vedette echo cam0/events --all");
  return echo;
}

}  // namespace

int main(int argc, char** argv) {
  install_stop_signals();
  CLI::App app{"Looks at the bus and moves its records to files and back.", "vedette"};
  app.require_subcommand(1);
  TopOptions top_options;
  EchoOptions echo_options;
  const CLI::App* top_app = add_top(app, top_options);
  add_echo(app, echo_options);
  if (const auto code = parse_command_line(app, argc, argv)) return *code;
  const Result<> done = *top_app ? top(top_options) : echo(echo_options);
  return done.ok() ? EXIT_SUCCESS : fail(done.error());
}
