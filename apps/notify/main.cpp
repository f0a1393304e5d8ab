// vedette-notify: tells everybody of events.
//
//   <cam>/events, <cam>/media ─► each one, in order ─┬► MQTT (BrokerClient's thread) ─► broker, Home Assistant
//   <cam>/state, <cam>/source ─► what holds now ─────┘        │
//   <bus>/control.sock ◄── CommandDesk's thread ◄── commands ─┘
//
// This thread reads the bus and hands on; whoever is told is told by threads of their own, from bounded queues.
#include <cstdlib>
#include <memory>
#include <vector>

#include "base/process.h"
#include "bus/directory.h"
#include "config/command_line.h"
#include "notify/feed.h"
#include "notify/identity.h"
#include "notify/publisher.h"
#include "stage/topics.h"
#include "telemetry/log.h"

namespace vedette::notify {
namespace {

constexpr auto kLongestWait = std::chrono::milliseconds(100);

FeedOptions feed_options(const CameraConfig& camera) {
  FeedOptions options;
  options.camera = camera.name;
  if (camera.url != kExternalCamera) options.source = stage::source_topic("");  // of the input that detects, or is watched
  return options;
}

Result<std::unique_ptr<Publisher>> start_publisher(const Config& config, const bus::BusDir& dir) {
  PublisherOptions options;
  options.mqtt = config.mqtt;
  options.classes = config.sentry.classes;
  options.client_id = config.mqtt.client_id.empty() ? made_up_client_id(storage_dir(config.storage)) : config.mqtt.client_id;
  for (const CameraConfig& camera : config.cameras) {
    PublisherOptions::Camera& told = options.cameras.emplace_back();
    told.name = camera.name;
    for (const ZoneConfig& zone : camera.zones) told.zones.push_back(zone.name);
  }
  return Publisher::start(std::move(options), dir);
}

Result<> run(const Config& config, const bus::BusDir& dir) {
  std::unique_ptr<Publisher> mqtt;
  if (!config.mqtt.host.empty()) {
    VD_ASSIGN(mqtt, start_publisher(config, dir));
  }
  std::vector<std::unique_ptr<CameraFeed>> feeds;
  std::vector<bus::Subscriber*> topics;
  for (const CameraConfig& camera : config.cameras) {
    feeds.push_back(std::make_unique<CameraFeed>(dir, feed_options(camera)));
    feeds.back()->add_topics(topics);
  }
  log::info("tells of {} camera{}", feeds.size(), feeds.size() == 1 ? "" : "s");
  while (!stop_requested()) {
    bus::wait_any(topics, kLongestWait);
    for (const auto& feed : feeds) {
      while (const auto event = feed->next_event())
        if (mqtt) mqtt->event(*event, {});
      while (const auto media = feed->next_media())
        if (mqtt) mqtt->media(*media);
      if (feed->update() && mqtt) {
        if (feed->state())
          mqtt->state(feed->camera(), *feed->state(), feed->link());
        else
          mqtt->link(feed->camera(), feed->link());
      }
    }
    if (mqtt) mqtt->tick();
  }
  if (mqtt && !mqtt->stop()) std::_Exit(EXIT_SUCCESS);  // its thread waits for a name server
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
