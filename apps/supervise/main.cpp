// vedette-supervise, which `vedette up` becomes: starts the stages of one configuration, restarts what dies, passes the logs on,
// stops all in order. stdout: the page's address, and with --summary one JSON object as the last line. stderr: the log.
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <thread>

#include "base/process.h"
#include "config/command_line.h"
#include "config/text.h"
#include "supervise/address.h"
#include "supervise/bus_home.h"
#include "supervise/patience.h"
#include "supervise/plan.h"
#include "supervise/summary.h"
#include "supervise/supervisor.h"
#include "telemetry/log.h"

namespace vedette::supervise {
namespace {

struct Options {
  CommonOptions common;
  double seconds = 0.0;
  bool summary = false;
  std::string camera_url;
  std::string listen;
  int port = -1;
  bool made_token = false;  // for this run: it may be printed
};

void add_options(CLI::App& app, Options& options) {
  add_common_options(app, options.common);
  app.add_option("--seconds", options.seconds, "End by itself after so many seconds")->check(CLI::PositiveNumber);
  app.add_flag("--summary", options.summary,
               "Print one JSON object at the end: frames, detections, fps, latency; fail if nothing was detected");
  app.add_option("--camera-url", options.camera_url,
                 "Use this device, URL or file for the first camera instead of the configured one")
      ->type_name("URL");
  app.add_option("--listen", options.listen, "Address of the page; 0.0.0.0 opens it to the network, guarded by a token")
      ->type_name("ADDRESS");
  app.add_option("--port", options.port, "Port of the page; 0: any free one")->check(CLI::Range(0, 65535));
}

// The page is to be seen from elsewhere, and nobody chose users or a token: make one for this run. It travels to the gateway in
// the environment.
Result<> ensure_token(const Config& config, Options& options) {
  const GatewayConfig& gateway = config.gateway;
  const bool is_guarded = !gateway.token.empty() || !gateway.users.empty() || has_users_file(config.storage);
  if (options.listen.empty() || config::is_loopback(options.listen) || is_guarded || gateway.auth == "none") return {};
  VD_ASSIGN(const std::string token, new_token());
  ::setenv("VEDETTE_GATEWAY_TOKEN", token.c_str(), 1);
  options.made_token = true;
  return {};
}

// The short flags become overrides that every stage gets too (in the environment: a URL may hold a password).
Result<Config> load(Options& options) {
  auto& set = options.common.set;
  if (options.port >= 0) set.push_back("gateway.port=" + std::to_string(options.port));
  VD_ASSIGN(Config config, load_and_start_log(options.common, "up"));
  if (!options.camera_url.empty()) set.push_back("cameras." + config.cameras.front().name + ".url=" + options.camera_url);
  VD_TRY(ensure_token(config, options));
  if (!options.listen.empty()) set.push_back("gateway.listen=" + options.listen);
  return load_and_start_log(options.common, "up");
}

// The page's port, known before anything starts. A killed supervisor's gateway may have it for a moment yet.
Result<> settle_port(Config& config, Options& options, bool had_killed_predecessor) {
  const std::uint64_t give_up_ns = had_killed_predecessor ? monotonic_ns() + to_ns(kPatience) : 0;
  Result<std::uint16_t> port = free_port(config.gateway);
  for (; !port.ok() && port.error().code == ErrorCode::kBusy && monotonic_ns() < give_up_ns; port = free_port(config.gateway))
    std::this_thread::sleep_for(kLookAgain);
  if (!port.ok()) return std::move(port).error();
  if (config.gateway.port == 0) options.common.set.push_back("gateway.port=" + std::to_string(*port));
  config.gateway.port = *port;
  return {};
}

void print_urls_once_ready(const GatewayConfig& config, bool made_token, bool& printed) {
  if (printed || !answers(config)) return;
  for (const std::string& url : page_urls(config, made_token)) std::printf("page: %s\n", url.c_str());
  std::fflush(stdout);
  printed = true;
}

int run(Options& options) {
  Result<Config> config = load(options);
  if (!config.ok()) return fail(config.error(), exit_code_of(config.error()));
  auto home = BusHome::open(config->bus.dir, written_topics(*config));
  if (!home.ok()) return fail(home.error(), exit_code_of(home.error()));
  const Result<> settled = settle_port(*config, options, home->had_killed_predecessor());
  if (!settled.ok()) return fail(settled.error(), exit_code_of(settled.error()));

  const std::vector<std::string> arguments = hand_on(options.common);
  std::unique_ptr<Observer> observer;
  if (options.summary) observer = std::make_unique<Observer>(home->dir(), *config);
  Supervisor supervisor(plan(*config, arguments), config->supervise, has_external_camera(*config));
  const std::uint64_t deadline_ns = options.seconds > 0 ? monotonic_ns() + static_cast<std::uint64_t>(options.seconds * 1e9) : 0;
  bool printed = false;
  const Result<> outcome =
      supervisor.run(deadline_ns, [&] { print_urls_once_ready(config->gateway, options.made_token, printed); });
  if (!outcome.ok()) return fail(outcome.error(), kExitConfig);
  if (!observer) return 0;

  const Summary summary = observer->finish();
  observer.reset();
  std::printf("%s\n", summary.to_json().c_str());
  if (!summary.detections.empty()) return 0;
  std::fprintf(stderr, "nothing was detected\n");
  return 1;
}

}  // namespace
}  // namespace vedette::supervise

int main(int argc, char** argv) {
  using namespace vedette;
  CLI::App app{"Starts and supervises all stages of one configuration", "vedette up"};
  supervise::Options options;
  supervise::add_options(app, options);
  if (const auto code = parse_command_line(app, argc, argv)) return *code;
  install_stop_signals();
  return supervise::run(options);
}
