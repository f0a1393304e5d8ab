#include "notify/publisher.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/check.h"
#include "base/clock.h"
#include "base/file.h"
#include "telemetry/log.h"

namespace vedette::notify {
namespace {

constexpr std::uint64_t kStateEveryNs = 500'000'000;
constexpr std::uint64_t kStatsEveryNs = 10'000'000'000;
constexpr std::size_t kLargestImage = 8 << 20;  // 3840x2160 at its best is about 6
constexpr std::size_t kMostCounted = 500;       // of a camera: zones and lines times classes

// What is kept when a discovery message is taken back: values of one zone or line, not those that other entities read too.
bool is_of_one_place(std::string_view topic) {
  return topic.find("/count/") != std::string_view::npos || topic.find("/occupancy/") != std::string_view::npos;
}

}  // namespace

Result<std::unique_ptr<Publisher>> Publisher::start(PublisherOptions options) {
  std::unique_ptr<Publisher> publisher(new Publisher(std::move(options)));
  Publisher* const self = publisher.get();
  const PublisherOptions& wanted = self->options_;
  std::vector<std::string> names;
  for (const Camera& camera : self->cameras_) names.push_back(camera.name);
  self->desk_ =
      std::make_unique<CommandDesk>(self->options_.bus_dir, std::move(names),
                                    [self](const std::string& camera, const std::string& key, const std::string& sentence) {
                                      const std::lock_guard lock(self->mutex_);
                                      self->inbox_.answers[camera] = command_error_json(key, sentence);
                                    });
  ClientOptions client{
      wanted.mqtt, wanted.client_id, self->topics_.availability(), {self->topics_.commands(), self->topics_.commands_by_key()}};
  if (wanted.mqtt.discovery) {
    client.subscriptions.push_back(discovery_topic(wanted.mqtt.discovery_prefix, "+"));
    if (!wanted.mqtt.birth_topic.empty()) client.subscriptions.push_back(wanted.mqtt.birth_topic);
  }
  VD_ASSIGN(self->client_, BrokerClient::start(std::move(client), [self](auto topic, auto payload, bool retained) {
              self->broker_said(topic, payload, retained);
            }));
  for (const Camera& camera : self->cameras_) self->announce(camera);
  return publisher;
}

Publisher::Publisher(PublisherOptions options) : options_(std::move(options)), topics_(options_.mqtt.base, options_.client_id) {
  for (const PublisherOptions::Camera& from : options_.cameras) {
    Camera& camera = cameras_.emplace_back();
    camera.name = from.name;
    camera.zones.insert("");
    camera.zones.insert(from.zones.begin(), from.zones.end());
    for (const std::string& zone : camera.zones)
      for (const std::string& label : options_.classes) camera.counted.insert({zone, label, false});
    for (const std::string& line : from.lines)
      for (const std::string& label : options_.classes) camera.counted.insert({line, label, true});
    camera.changed = true;
  }
}

Publisher::~Publisher() {
  if (client_) (void)client_->stop();  // it may be that start() failed
  desk_.reset();
}

bool Publisher::stop() {
  for (const Camera& camera : cameras_) client_->set(topics_.of(camera.name, "availability"), "offline");
  const bool ended = client_->stop();
  if (const std::size_t left = client_->stats().events; left > 0)
    log::warning("MQTT: {} messages haven't arrived; the next start sends them if control still has the events", left);
  return ended;
}

Told Publisher::told(const std::string& name, const Told& taken) {
  Camera& camera = find(name);
  return {told(camera.events, taken.mqtt), told(camera.media, taken.media), taken.others};
}

Place Publisher::told(std::deque<Underway>& underway, const Place& taken) const {
  const std::uint64_t oldest = client_->oldest();
  while (!underway.empty() && underway.front().number < oldest) underway.pop_front();
  if (underway.empty()) return taken;
  const Place& place = underway.front().place;
  return {place.instance, place.sequence - 1};
}

void Publisher::broker_said(std::string_view topic, std::string_view payload, bool retained) {
  if (const auto command = topics_.command(topic)) return desk_->submit(command->camera, command->key, payload, retained);
  const std::lock_guard lock(mutex_);
  if (topic == options_.mqtt.birth_topic)
    inbox_.birth = inbox_.birth || (payload == "online" && !retained);
  else if (retained && !payload.empty() && topic.starts_with(options_.mqtt.discovery_prefix))
    inbox_.announced.push_back({std::string(topic), std::string(payload)});
}

Publisher::Camera& Publisher::find(const std::string& name) {
  const auto found = std::find_if(cameras_.begin(), cameras_.end(), [&](const Camera& camera) { return camera.name == name; });
  VD_ASSERT(found != cameras_.end(), "a camera that isn't configured");
  return *found;
}

void Publisher::event(const FreshEvent& fresh, const EventFiles& files) {
  const Event& event = fresh.event;
  Camera& camera = find(event.camera);
  std::uint64_t number = client_->push(topics_.of(event.camera, "events"), event_json(event, files));
  if (const auto mode = mode_of(event.kind); mode && !options_.mqtt.detr_mmap_topic.empty())
    number = client_->push(options_.mqtt.detr_mmap_topic, detr_mmap_json(event, mode_before(*mode, camera)));
  camera.events.push_back({number, fresh.place});
}

// The state that is known may be the one before the change, or already the one after it.
Mode Publisher::mode_before(Mode mode, const Camera& camera) {
  if (!camera.known) return mode == Mode::Tracking ? Mode::Validation : Mode::Tracking;  // as a rule
  return camera.state.mode == mode ? camera.state.previous_mode : camera.state.mode;
}

void Publisher::media(const FreshMedia& fresh) {
  const Media& media = fresh.media;
  if (fresh.to_mqtt) {
    const std::uint64_t number = client_->push(topics_.of(media.camera, "media"), media_json(media));
    find(media.camera).media.push_back({number, fresh.place});
  }
  if (media.kind != schema::MediaKind::Snapshot) return;
  auto image = read_file(media.path);
  if (!image) return log::warning("{}: {}", media.camera, image.error().text);
  if (image->size() > kLargestImage) return log::warning("{}: {}: too large to send", media.camera, media.path);
  client_->set(topics_.of(media.camera, "image"), *std::move(image));
}

void Publisher::state(const std::string& name, const State& state, const CameraLink& link) {
  Camera& camera = find(name);
  camera.changed = camera.changed || !camera.known || camera.state != state || camera.link != link;
  camera.known = true;
  camera.state = state;
  camera.link = link;
}

void Publisher::link(const std::string& name, const CameraLink& link) {
  Camera& camera = find(name);
  camera.changed = camera.changed || camera.link != link;
  camera.link = link;
}

void Publisher::tick() {
  client_->watch();
  take_inbox();
  const std::uint64_t now = monotonic_ns();
  for (Camera& camera : cameras_)
    if (camera.changed && age_ns(camera.sent_at_ns, now) >= kStateEveryNs) send(camera, now);
  if (now >= next_stats_ns_) send_stats(now);
}

void Publisher::send(Camera& camera, std::uint64_t now_ns) {
  camera.changed = false;
  camera.sent_at_ns = now_ns;
  if (camera.known) {
    const std::uint64_t since = wall_ns() - age_ns(camera.state.since_ns, now_ns);
    client_->set(topics_.of(camera.name, "state"), state_json(camera.state, camera.link, since));
    if (learn_places(camera)) announce(camera);
    send_counts(camera);
  }
  client_->set(topics_.of(camera.name, "availability"), camera.link.online ? "online" : "offline");
}

// Zones and lines that control counts and that weren't known: from its overrides, or lines. True if there are any.
bool Publisher::learn_places(Camera& camera) {
  const std::size_t before = camera.counted.size() + camera.zones.size();
  for (const Count& count : camera.state.counts) {
    if (camera.counted.size() >= kMostCounted) break;
    const bool line = count.into != 0 || count.out_of != 0;  // a zone's are 0
    if (!line) camera.zones.insert(count.place);
    camera.counted.insert({count.place, count.label, line});
  }
  return camera.counted.size() + camera.zones.size() > before;
}

void Publisher::send_counts(const Camera& camera) {
  std::map<std::string, bool> occupied;
  for (const std::string& zone : camera.zones) occupied[zone] = false;
  for (const CountedPlace& counted : camera.counted) {
    const auto& counts = camera.state.counts;
    const auto found = std::find_if(counts.begin(), counts.end(), [&](const Count& count) {
      return count.place == counted.place && count.label == counted.label;
    });
    const Count count = found != counts.end() ? *found : Count{};
    const std::string topic = topics_.count(camera.name, counted.place, counted.label);
    if (counted.line) {
      client_->set(topic + "/into", std::to_string(count.into));
      client_->set(topic + "/out_of", std::to_string(count.out_of));
      continue;
    }
    client_->set(topic, std::to_string(count.inside));
    const auto& classes = options_.classes;
    if (count.inside > 0 && std::find(classes.begin(), classes.end(), counted.label) != classes.end())
      occupied[counted.place] = true;
  }
  for (const auto& [zone, is] : occupied) client_->set(topics_.occupancy(camera.name, zone), is ? "ON" : "OFF");
}

void Publisher::announce(const Camera& camera) {
  if (!options_.mqtt.discovery) return;
  const DeviceOptions device{options_.client_id, camera.name, options_.mqtt.qos, camera.counted, camera.zones};
  client_->set(discovery_topic(options_.mqtt.discovery_prefix, device_object_id(options_.client_id, camera.name)),
               discovery_json(device, topics_, camera.gone));
}

void Publisher::take_inbox() {
  Inbox inbox;
  {
    const std::lock_guard lock(mutex_);
    std::swap(inbox, inbox_);
  }
  for (auto& [camera, answer] : inbox.answers) find(camera).answer = std::move(answer);
  send_answers();
  for (const Message& message : inbox.announced) take_announced(message);
  if (!inbox.birth) return;
  log::info("MQTT: Home Assistant has started: all is announced again");
  client_->resend_values();
}

// One a camera at a time, the newest: whoever sends bad commands by the thousand doesn't fill the queue of events.
void Publisher::send_answers() {
  const std::uint64_t oldest = client_->oldest();
  for (Camera& camera : cameras_) {
    if (!camera.answer || camera.last_answer >= oldest) continue;
    camera.last_answer = client_->push(topics_.of(camera.name, "set/error"), *std::exchange(camera.answer, std::nullopt));
  }
}

// What lay at the broker from an earlier run: entities that there aren't any more are taken back, and with them what they read.
void Publisher::take_announced(const Message& message) {
  for (Camera& camera : cameras_)
    if (message.topic == discovery_topic(options_.mqtt.discovery_prefix, device_object_id(options_.client_id, camera.name)))
      return forget_entities(camera, read_announced(message.payload));
  const Announced announced = read_announced(message.payload);
  if (!topics_.is_our_availability(announced.availability)) return look_for_namesakes(message.topic, announced);
  for (const auto& [id, topics] : announced.topics)
    for (const std::string& topic : topics)
      if (topics_.is_ours(topic)) client_->set(topic, "");
  client_->set(message.topic, "");
  log::info("MQTT: {} is of a camera that there isn't any more: taken back", message.topic);
}

// Another client's camera whose topics are those of one of ours.
void Publisher::look_for_namesakes(const std::string& topic, const Announced& announced) {
  for (Camera& camera : cameras_) {
    const auto connection = announced.topics.find(kConnectionEntity);
    if (camera.shared || connection == announced.topics.end()) continue;
    camera.shared = connection->second.front() == topics_.of(camera.name, "availability");
    if (camera.shared)
      log::warning(
          "MQTT: another client publishes camera {} too, or has ({}); give each device an mqtt.base of its own, or its cameras "
          "other names",
          camera.name, topic);
  }
}

void Publisher::forget_entities(Camera& camera, const Announced& announced) {
  const DeviceOptions device{options_.client_id, camera.name, options_.mqtt.qos, camera.counted, camera.zones};
  const Announced current = read_announced(discovery_json(device, topics_, {}));
  for (const auto& [id, platform] : announced.platforms) {
    const auto topics = announced.topics.find(id);
    if (current.platforms.contains(id) || topics == announced.topics.end()) continue;  // without topics: taken back already
    camera.gone[id] = platform;
    for (const std::string& topic : topics->second)
      if (topics_.is_ours(topic) && is_of_one_place(topic)) client_->set(topic, "");
  }
  if (!camera.gone.empty()) announce(camera);
}

void Publisher::send_stats(std::uint64_t now_ns) {
  next_stats_ns_ = now_ns + kStatsEveryNs;
  const ClientStats stats = client_->stats();
  const nlohmann::ordered_json json = {{"waiting", stats.waiting},
                                       {"dropped", stats.dropped},
                                       {"delivered", stats.delivered},
                                       {"refused", stats.refused},
                                       {"refused_commands", desk_->refused()}};
  client_->set(topics_.notify(), json.dump());
  if (stats.dropped > dropped_told_)
    log::warning("MQTT: the queue of {} messages is full: {} dropped so far, the oldest first (mqtt.queue)", options_.mqtt.queue,
                 stats.dropped);
  dropped_told_ = stats.dropped;
}

}  // namespace vedette::notify
