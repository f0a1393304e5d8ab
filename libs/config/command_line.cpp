#include "config/command_line.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "config/overrides.h"
#include "config/text.h"
#include "telemetry/log.h"

namespace vedette {
namespace {

log::Level level_of(const std::string& name) {
  if (name == "debug") return log::Level::kDebug;
  if (name == "warning") return log::Level::kWarning;
  if (name == "error") return log::Level::kError;
  return log::Level::kInfo;
}

}  // namespace

void add_common_options(CLI::App& app, CommonOptions& options) {
  app.add_option("-c,--config", options.config, "The configuration file (every key: deploy/vedette.yaml)")
      ->type_name("FILE")
      ->capture_default_str();
  app.add_option("--bus-dir", options.bus_dir, "Where topics live: a folder in a tmpfs (like --set bus.dir=DIR)")
      ->type_name("DIR");
  app.add_option("--set", options.set,
                 "Overrides a key of the configuration, such as gateway.port=9000 or cameras.front.url=clip.mp4; may be repeated")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_option("--log-level", options.log_level, "debug, info, warning or error (like --set log.level=LEVEL)")
      ->type_name("LEVEL");
}

std::optional<int> parse_command_line(CLI::App& app, int argc, const char* const* argv) {
  try {
    app.parse(argc, argv);
    return std::nullopt;
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kExitUsage;
  }
}

std::vector<std::string> overrides_of(const CommonOptions& options) {
  std::vector<std::string> overrides = options.set;
  if (!options.bus_dir.empty()) overrides.push_back("bus.dir=" + options.bus_dir);
  if (!options.log_level.empty()) overrides.push_back("log.level=" + options.log_level);
  return overrides;
}

Result<Config> load_and_start_log(const CommonOptions& options, std::string_view tag) {
  VD_ASSIGN(Config config, load_config(options.config, overrides_of(options)));
  log::start_log(tag, level_of(config.log.level));
  for (const std::string& secret : secrets_of(config)) log::add_secret(secret);
  if (!config.overridden.empty())
    log::info("{} overrides {}", overrides_path(config.storage), fmt::join(config.overridden, ", "));
  for (const std::string& sentence : config.passed_over) log::warning("{}", sentence);
  return config;
}

std::vector<std::string> hand_on(const CommonOptions& options) {
  const char* before = std::getenv(config::kOverridesVariable);
  std::string overrides = before == nullptr ? "" : before;
  for (const std::string& override : overrides_of(options)) overrides += "\n" + override;
  ::setenv(config::kOverridesVariable, overrides.c_str(), 1);
  std::error_code error;
  const std::filesystem::path config = std::filesystem::absolute(options.config, error);
  return {"--config", error ? options.config : config.string()};
}

int fail(const Error& error, int exit_code) {
  std::fprintf(stderr, "%s\n", error.text.c_str());
  return exit_code;
}

int exit_code_of(const Error& error) {
  switch (error.code) {
    case ErrorCode::kBusy:
    case ErrorCode::kUnavailable:
    case ErrorCode::kIo:
      return EXIT_FAILURE;
    case ErrorCode::kInvalidArgument:
    case ErrorCode::kNotFound:
    case ErrorCode::kPermissionDenied:
    case ErrorCode::kResourceExhausted:
    case ErrorCode::kIncompatible:
    case ErrorCode::kCorrupt:
      return kExitConfig;
  }
  return kExitConfig;
}

std::string cache_dir() {
  const char* xdg = std::getenv("XDG_CACHE_HOME");
  if (xdg != nullptr && xdg[0] == '/') return std::string(xdg) + "/vedette";
  const char* home = std::getenv("HOME");
  if (home != nullptr && home[0] == '/') return std::string(home) + "/.cache/vedette";
  return "/var/cache/vedette";
}

std::string default_storage_dir() {
  constexpr char kOfTheSystem[] = "/var/lib/vedette";
  if (::geteuid() == 0) return kOfTheSystem;
  const char* xdg = std::getenv("XDG_DATA_HOME");
  if (xdg != nullptr && xdg[0] == '/') return std::string(xdg) + "/vedette";
  const char* home = std::getenv("HOME");
  if (home != nullptr && home[0] == '/') return std::string(home) + "/.local/share/vedette";
  return kOfTheSystem;
}

std::string storage_dir(const StorageConfig& config) { return config.dir.empty() ? default_storage_dir() : config.dir; }

bool has_users_file(const StorageConfig& config) {
  std::error_code error;
  return std::filesystem::exists(storage_dir(config) + "/users.json", error);
}

std::string model_path(const DetectConfig& config) {
  return config.model.empty() ? data_dir() + "/models/nanodet_g_416.onnx" : config.model;
}

}  // namespace vedette
