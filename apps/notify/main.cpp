// vedette-notify: tells everybody of events.
//
//   <cam>/events, <cam>/media ─► each one, in order ─┬► MQTT (BrokerClient's thread) ─► broker, Home Assistant
//   <cam>/state, <cam>/source ─► what holds now ─────┤        │
//   <bus>/control.sock ◄── CommandDesk's thread ◄── commands ─┘
//                                                    ├► each webhook's thread ─► HTTP
//                                                    └► HookRunner's threads ─► programs
//
// This thread reads the bus and hands on; whoever is told is told by threads of their own, from bounded queues.
#include <cstdlib>
#include <memory>
#include <vector>

#include "base/process.h"
#include "bus/directory.h"
#include "config/command_line.h"
#include "notify/feed.h"
#include "notify/file_book.h"
#include "notify/hook_runner.h"
#include "notify/identity.h"
#include "notify/progress.h"
#include "notify/publisher.h"
#include "notify/webhook.h"
#include "stage/topics.h"
#include "telemetry/log.h"

namespace vedette::notify {
namespace {

// All who are told.
struct Tellers {
  std::unique_ptr<Publisher> mqtt;  // none: no broker is configured
  std::vector<std::unique_ptr<Webhook>> webhooks;
  std::unique_ptr<HookRunner> hooks;  // none: no hooks are
  FileBook files;

  void event(const FreshEvent& fresh) {
    const Event& event = fresh.event;
    const EventFiles known = files.of(event.camera, event.id);
    if (mqtt && fresh.to_mqtt) mqtt->event(fresh, known);
    if (!fresh.to_others) return;
    for (const auto& webhook : webhooks) webhook->offer(event, known);
    if (hooks) hooks->offer(event, known);
  }
  void media(const FreshMedia& fresh) {
    const Media& media = fresh.media;
    files.add(media);
    if (mqtt) mqtt->media(fresh);
    if (media.kind == schema::MediaKind::Snapshot)
      for (const auto& webhook : webhooks) webhook->snapshot(media.camera, media.event_id, media.path);
  }
  void update(const CameraFeed& feed) {
    if (!mqtt) return;
    if (feed.state())
      mqtt->state(feed.camera(), *feed.state(), feed.link());
    else
      mqtt->link(feed.camera(), feed.link());
  }
  void tick() {
    if (mqtt) mqtt->tick();
    for (const auto& webhook : webhooks) webhook->tick();
  }
  Told told(const CameraFeed& feed) const { return mqtt ? mqtt->told(feed.camera(), feed.taken()) : feed.taken(); }
  // False: the broker's thread waits for a name server, and can't be ended.
  bool stop() {
    const bool ended = !mqtt || mqtt->stop();
    webhooks.clear();
    hooks.reset();
    return ended;
  }
};

constexpr auto kLongestWait = std::chrono::milliseconds(100);

FeedOptions feed_options(const CameraConfig& camera, const Told& told) {
  FeedOptions options;
  options.told = told;
  options.camera = camera.name;
  if (camera.url != kExternalCamera) options.source = stage::source_topic("");  // of the input that detects, or is watched
  return options;
}

Result<std::unique_ptr<Publisher>> start_publisher(const Config& config, const bus::BusDir& dir) {
  PublisherOptions options;
  options.mqtt = config.mqtt;
  options.bus_dir = dir.path();
  options.classes = config.sentry.classes;
  options.client_id = config.mqtt.client_id.empty() ? made_up_client_id(storage_dir(config.storage)) : config.mqtt.client_id;
  for (const CameraConfig& camera : config.cameras) {
    PublisherOptions::Camera& told = options.cameras.emplace_back();
    told.name = camera.name;
    for (const ZoneConfig& zone : camera.zones) told.zones.push_back(zone.name);
    for (const rules::Line& line : camera.lines) told.lines.push_back(line.name);
  }
  return Publisher::start(std::move(options));
}

Result<std::unique_ptr<Tellers>> start_tellers(const Config& config, const bus::BusDir& dir) {
  auto tellers = std::make_unique<Tellers>();
  if (!config.mqtt.host.empty()) {
    VD_ASSIGN(tellers->mqtt, start_publisher(config, dir));
  }
  for (const WebhookConfig& webhook : config.notify.webhooks) tellers->webhooks.push_back(std::make_unique<Webhook>(webhook));
  if (!config.notify.hooks.empty()) tellers->hooks = std::make_unique<HookRunner>(config.notify.hooks);
  return tellers;
}

Result<> run(const Config& config, const bus::BusDir& dir) {
  VD_ASSIGN(const std::unique_ptr<Tellers> tellers, start_tellers(config, dir));
  auto progress = std::make_unique<Progress>(storage_dir(config.storage));
  std::vector<std::unique_ptr<CameraFeed>> feeds;
  std::vector<bus::Subscriber*> topics;
  for (const CameraConfig& camera : config.cameras) {
    feeds.push_back(std::make_unique<CameraFeed>(dir, feed_options(camera, progress->of(camera.name))));
    feeds.back()->add_topics(topics);
  }
  log::info("tells of {} camera{}", feeds.size(), feeds.size() == 1 ? "" : "s");
  while (!stop_requested()) {
    bus::wait_any(topics, kLongestWait);
    for (const auto& feed : feeds) {
      while (const auto event = feed->next_event()) tellers->event(*event);
      while (const auto media = feed->next_media()) tellers->media(*media);
      if (feed->update()) tellers->update(*feed);
      progress->set(feed->camera(), tellers->told(*feed));
    }
    tellers->tick();
  }
  const bool ended = tellers->stop();
  for (const auto& feed : feeds) progress->set(feed->camera(), tellers->told(*feed));
  progress.reset();
  for (const auto& feed : feeds)
    log::info("{}: {} events missed, {} records corrupt", feed->camera(), feed->counters().missed, feed->counters().corrupt);
  if (!ended) std::_Exit(EXIT_SUCCESS);
  return {};
}

}  // namespace
}  // namespace vedette::notify

int main(int argc, char** argv) {
  using namespace vedette;
  install_stop_signals();
  CLI::App app{"Tells of events and states: by MQTT and Home Assistant, webhooks, programs; takes commands by MQTT."};
  CommonOptions common;
  add_common_options(app, common);
  if (const auto code = parse_command_line(app, argc, argv)) return *code;
  const Result<Config> config = load_and_start_log(common, "notify");
  if (!config) return fail(config.error(), exit_code_of(config.error()));
  const auto dir = bus::BusDir::open(config->bus.dir);
  if (!dir) return fail(dir.error(), exit_code_of(dir.error()));
  const Result<> done = notify::run(*config, *dir);
  if (!done) return fail(done.error(), exit_code_of(done.error()));
  return EXIT_SUCCESS;
}
