// vedette-gateway: the page, its pictures and the health of all cameras, over HTTP and WebSocket.
//
// One thread for the network (Server), one per camera that reads the bus and encodes (Feed); a CameraHub lies between the two.
// One more for each camera whose pictures are pushed (Ingest).
#include <pthread.h>

#include <algorithm>
#include <memory>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/process.h"
#include "bus/directory.h"
#include "config/command_line.h"
#include "config/overrides_watch.h"
#include "config/text.h"
#include "gateway/accounts.h"
#include "gateway/api/api.h"
#include "gateway/feed.h"
#include "gateway/ingest.h"
#include "gateway/server.h"
#include "gateway/tls.h"
#include "stage/waiting.h"
#include "telemetry/log.h"

namespace vedette::gateway {
namespace {

Result<std::shared_ptr<Accounts>> accounts_of(const Config& config) {
  const GatewayConfig& gateway = config.gateway;
  AccountOptions options{
      storage_dir(config.storage), {}, gateway.token.value, gateway.auth != "none", config::is_loopback(gateway.listen)};
  for (const UserConfig& user : gateway.users)
    options.configured.push_back({user.name, role_of(user.role).value_or(Role::kViewer), user.password_hash.value, user.cameras});
  VD_ASSIGN(auto accounts, Accounts::open(std::move(options)));
  if (gateway.auth == "none" && !config::is_loopback(gateway.listen))
    log::warning("gateway.auth is none: everybody who reaches {} sees and changes everything", gateway.listen);
  return std::shared_ptr<Accounts>(std::move(accounts));
}

// None: plain HTTP.
Result<std::shared_ptr<boost::asio::ssl::context>> tls_of(const GatewayConfig& config) {
  if (config.tls_cert.empty()) return std::shared_ptr<boost::asio::ssl::context>();
  VD_ASSIGN(Tls tls, load_tls({config.tls_cert, config.tls_key}));
  for (const std::string& warning : tls.warnings) log::warning("{}", warning);
  return std::move(tls.context);
}

// Only a folder that the configuration names must be there: without a page the gateway still serves everything else.
Result<StaticFiles> load_page(const GatewayConfig& config, std::string& missing) {
  const std::string root = config.web_root.empty() ? data_dir() + "/web" : config.web_root;
  auto files = StaticFiles::load(root);
  if (files || !config.web_root.empty()) return files;
  missing = "the page isn't built: " + files.error().text;
  log::warning("{}", missing);
  return StaticFiles();
}

// The feeds' threads, from construction to destruction.
class FeedThreads {
 public:
  FeedThreads(const bus::BusDir& dir, const std::vector<std::unique_ptr<CameraHub>>& hubs, const FeedOptions& options)
      : hubs_(hubs) {
    for (const auto& hub : hubs)
      threads_.emplace_back([&dir, camera = hub.get(), options] {
        ::pthread_setname_np(::pthread_self(), ("f/" + camera->name()).substr(0, 15).c_str());
        Feed feed(dir, *camera, options);
        if (const auto settled = feed.settle(); !settled) log::error("{}", settled.error().text);  // allowed a moment ago
        feed.run();
      });
  }
  ~FeedThreads() {
    for (const auto& hub : hubs_) hub->stop();
    for (std::thread& thread : threads_) thread.join();
  }

 private:
  const std::vector<std::unique_ptr<CameraHub>>& hubs_;
  std::vector<std::thread> threads_;
};

// What each feed does on its thread, tried on one: a refusal is told before the page is up.
Result<> try_to_settle(const WaitConfig& waiting) {
  Result<> answer;
  std::thread([&] { answer = stage::settle("gateway", waiting.cpu, waiting.wait, {}); }).join();
  return answer;
}

// Those that capture opens: none of a camera that another program publishes.
std::vector<InputReport> inputs_to_watch(const CameraConfig& camera) {
  std::vector<InputReport> inputs;
  if (camera.url == kExternalCamera) return inputs;
  for (const InputConfig& input : inputs_of(camera)) {
    InputReport& report = inputs.emplace_back();
    report.name = input.name;
    report.silent_after_ms =
        std::max<std::uint64_t>(kSilentAfterMs, 2 * static_cast<std::uint64_t>(camera.keyframe_interval.count()));
  }
  return inputs;
}

// What is pushed must not show what is hidden, unless it is to be recorded as it comes.
std::vector<vision::MaskPolygon> masks_of(const CameraConfig& camera) {
  std::vector<vision::MaskPolygon> masks;
  if (camera.record_unmasked) return masks;
  for (const Polygon& polygon : camera.masks) {
    vision::MaskPolygon& mask = masks.emplace_back();
    for (const Point& point : polygon) mask.push_back({point.x, point.y});
  }
  return masks;
}

// Masks that are changed while we run (config/overrides.h).
Ingest::MaskNews mask_news(const Config& config, const CameraConfig& camera, const ConfigSource& source) {
  return [watch = OverridesWatch(config.storage), masks = camera.masks, name = camera.name,
          source]() mutable -> std::optional<Ingest::Masks> {
    if (!watch.changed(monotonic_ns())) return std::nullopt;
    const auto now = source.load();
    if (!now) {
      log::warning("{}: the masks in force go on: {}", name, now.error().text);
      return std::nullopt;
    }
    for (const CameraConfig& each : now->cameras) {
      if (each.name != name || each.masks == masks) continue;
      masks = each.masks;
      log::info("{}: its masks are changed", name);
      return masks_of(each);
    }
    return std::nullopt;
  };
}

Result<> serve(const Config& config, const ConfigSource& source, const bus::BusDir& dir) {
  const GatewayConfig& gateway = config.gateway;
  std::vector<std::unique_ptr<CameraHub>> hubs;
  std::vector<CameraHub*> cameras;
  for (const CameraConfig& camera : config.cameras) {
    hubs.push_back(std::make_unique<CameraHub>(camera.name, camera.detect, inputs_to_watch(camera)));
    cameras.push_back(hubs.back().get());
  }
  std::vector<std::unique_ptr<Ingest>> ingests;
  std::vector<Ingest*> pushed;
  for (const CameraConfig& camera : config.cameras) {
    for (const InputConfig& input : inputs_of(camera))
      if (input.url == kIngestedCamera)
        ingests.push_back(std::make_unique<Ingest>(dir, camera.name, stage::Share{config.bus.readers, config.bus.held_per_reader},
                                                   masks_of(camera), mask_news(config, camera, source)));
  }
  for (const auto& ingest : ingests) pushed.push_back(ingest.get());
  std::string page_missing;
  VD_ASSIGN(StaticFiles page, load_page(gateway, page_missing));
  VD_ASSIGN(const auto accounts, accounts_of(config));
  VD_ASSIGN(auto tls, tls_of(gateway));
  const bool is_tls = tls != nullptr;
  if (!is_tls && !config::is_loopback(gateway.listen) && gateway.auth != "none")
    log::warning(
        "without gateway.tls_cert passwords and pictures cross the network in the clear: `make tls` makes a certificate");
  const auto renewal = std::make_shared<TlsRenewal>(TlsFiles{gateway.tls_cert, gateway.tls_key});
  VD_ASSIGN(Server server, Server::open({gateway.listen, gateway.port, gateway.max_viewers, std::move(tls),
                                         [renewal] { return renewal->look(); }}));
  const bool detects = std::any_of(config.cameras.begin(), config.cameras.end(), [](const CameraConfig& c) { return c.detect; });
  ModelInfo model(model_path(config.detect));
  Router router(Access(accounts, server.port(), is_tls), std::move(page), page_missing, cameras, pushed,
                detects ? &model : nullptr);
  AuditLog audit(storage_dir(config.storage));
  add_api(router, {dir, config, source, cameras, pushed, &audit});

  const FeedThreads feeds(dir, hubs, {{gateway.fps, static_cast<int>(gateway.jpeg_quality)}, gateway.waiting});
  log::info("page on {}", server.url());
  if (accounts->auth() == Accounts::Auth::kNone && accounts->asks())
    log::info("there are no users in {}: who is on this machine may do everything", storage_dir(config.storage));
  server.run(router, stop_fd());
  log::info("stopping");
  return {};
}

}  // namespace
}  // namespace vedette::gateway

int main(int argc, char** argv) {
  using namespace vedette;
  install_stop_signals();
  CLI::App app{"Vedette's gateway: serves the live page, its pictures and the health of all cameras over HTTP and WebSocket."};
  CommonOptions options;
  add_common_options(app, options);
  if (const auto code = parse_command_line(app, argc, argv)) return *code;
  const Result<Config> config = load_and_start_log(options, "gateway");
  if (!config) return fail(config.error(), exit_code_of(config.error()));
  const auto dir = bus::BusDir::open(config->bus.dir);
  if (!dir) return fail(dir.error(), exit_code_of(dir.error()));
  const auto settled = gateway::try_to_settle(config->gateway.waiting);
  if (!settled) return fail(settled.error(), exit_code_of(settled.error()));
  const Result<> served = gateway::serve(*config, {options.config, overrides_of(options)}, *dir);
  if (!served) return fail(served.error(), exit_code_of(served.error()));
  return 0;
}
