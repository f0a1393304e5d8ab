#include "notify/discovery.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include <fmt/format.h>

namespace vedette::notify {
namespace {

using Json = nlohmann::ordered_json;

// Home Assistant takes letters, digits, '_' and '-' in a discovery topic.
std::string plain_id(std::string_view text) {
  std::string id = topic_level(text);
  std::replace(id.begin(), id.end(), '.', '_');
  return id;
}

// "front_door" as a name for people.
std::string spoken(std::string_view text) {
  std::string words(text);
  std::replace(words.begin(), words.end(), '_', ' ');
  if (!words.empty() && words[0] >= 'a' && words[0] <= 'z') words[0] = static_cast<char>(words[0] - 'a' + 'A');
  return words;
}

class Components {
 public:
  Components(const DeviceOptions& options, const Topics& topics)
      : options_(options), topics_(topics), device_(device_object_id(options.client_id, options.camera)) {}

  void add(const std::string& id, const char* platform, const std::string& name, Json fields) {
    Json component = {{"platform", platform}, {"unique_id", device_ + "_" + id}, {"name", name}};
    component.update(fields);
    all_[id] = std::move(component);
  }
  std::string topic(std::string_view what) const { return topics_.of(options_.camera, what); }

  // A switch whose state is a word in the state's JSON, and whose command is set/<key>.
  void add_switch(const std::string& key, const std::string& name, const char* icon) {
    add(key, "switch", name,
        {{"state_topic", topic("state")},
         {"value_template", "{{ 'ON' if value_json." + key + " else 'OFF' }}"},
         {"command_topic", topic("set/" + key)},
         {"payload_on", "ON"},
         {"payload_off", "OFF"},
         {"icon", icon}});
  }

  void add_places() {
    for (const std::string& zone : options_.zones)
      add("occupancy_" + plain_id(zone), "binary_sensor", zone.empty() ? "Occupancy" : spoken(zone) + " occupancy",
          {{"device_class", "occupancy"}, {"state_topic", topics_.occupancy(options_.camera, zone)}});
    for (const CountedPlace& counted : options_.counted) {
      const std::string id = "count_" + plain_id(counted.place) + "_" + plain_id(counted.label);
      const std::string where = counted.place.empty() ? spoken(counted.label) : spoken(counted.place) + " " + counted.label;
      const std::string count = topics_.count(options_.camera, counted.place, counted.label);
      if (!counted.line) {
        add(id, "sensor", where + " count", {{"state_topic", count}, {"state_class", "measurement"}, {"icon", "mdi:counter"}});
        continue;
      }
      for (const std::string direction : {"into", "out_of"})
        add(id + "_" + direction, "sensor", where + (direction == "into" ? " in" : " out"),
            {{"state_topic", count + "/" + direction}, {"state_class", "total_increasing"}, {"icon", "mdi:counter"}});
    }
  }

  Json take() { return std::move(all_); }

 private:
  const DeviceOptions& options_;
  const Topics& topics_;
  const std::string device_;
  Json all_ = Json::object();
};

Json components_of(const DeviceOptions& options, const Topics& topics) {
  Components components(options, topics);
  const std::string state = components.topic("state");
  components.add("last_event", "image", "Last event",
                 {{"image_topic", components.topic("image")}, {"content_type", "image/jpeg"}});
  components.add("last_event_camera", "camera", "Last event", {{"topic", components.topic("image")}});
  components.add("alarm", "binary_sensor", "Alarm",
                 {{"device_class", "safety"},
                  {"state_topic", state},
                  {"value_template", "{{ 'ON' if value_json.mode == 'tracking' else 'OFF' }}"}});
  components.add(kConnectionEntity, "binary_sensor", "Connection",
                 {{"device_class", "connectivity"},
                  {"entity_category", "diagnostic"},
                  {"state_topic", components.topic("availability")},
                  {"payload_on", "online"},
                  {"payload_off", "offline"},
                  {"availability", Json::array({{{"topic", topics.availability()}}})}});
  components.add("targets", "sensor", "Targets",
                 {{"state_topic", state},
                  {"value_template", "{{ value_json.targets }}"},
                  {"state_class", "measurement"},
                  {"icon", "mdi:target"}});
  components.add("mode", "select", "Mode",
                 {{"state_topic", state},
                  {"value_template", "{{ value_json.mode if value_json.forced else 'auto' }}"},
                  {"command_topic", components.topic("set/mode")},
                  {"options", {"auto", "standby", "validation", "tracking"}},
                  {"icon", "mdi:shield-account"}});
  components.add("mode_now", "sensor", "Mode now",
                 {{"device_class", "enum"},
                  {"state_topic", state},
                  {"value_template", "{{ value_json.mode }}"},
                  {"options", {"standby", "validation", "tracking"}},
                  {"icon", "mdi:shield-account"}});
  components.add("threshold", "number", "Threshold",
                 {{"state_topic", state},
                  {"value_template", "{{ value_json.threshold }}"},
                  {"command_topic", components.topic("set/threshold")},
                  {"min", 0},
                  {"max", 1},
                  {"step", 0.01},
                  {"mode", "slider"},
                  {"entity_category", "config"}});
  components.add_switch("detecting", "Detection", "mdi:eye");
  components.add_switch("paused", "Pause", "mdi:pause");
  components.add_places();
  return components.take();
}

}  // namespace

std::string device_object_id(const std::string& client_id, const std::string& camera) {
  return plain_id(client_id) + "_" + plain_id(camera);
}

std::string discovery_topic(const std::string& prefix, const std::string& object_id) {
  return prefix + "/device/" + object_id + "/config";
}

std::string discovery_json(const DeviceOptions& options, const Topics& topics, const std::map<std::string, std::string>& gone) {
  Json components = components_of(options, topics);
  for (const auto& [id, platform] : gone)
    if (!components.contains(id)) components[id] = {{"platform", platform}};  // so Home Assistant removes it
  const Json message = {
      {"device",
       {{"identifiers", {device_object_id(options.client_id, options.camera)}},
        {"name", spoken(options.camera)},
        {"manufacturer", "Vedette"},
        {"model", "camera"},
        {"sw_version", VEDETTE_VERSION}}},
      {"origin", {{"name", "vedette"}, {"sw_version", VEDETTE_VERSION}}},
      {"availability", Json::array({{{"topic", topics.availability()}}, {{"topic", topics.of(options.camera, "availability")}}})},
      {"availability_mode", "all"},
      {"qos", options.qos},
      {"components", std::move(components)}};
  return message.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Announced read_announced(std::string_view payload) {
  Announced announced;
  const Json message = Json::parse(payload, nullptr, false);
  if (!message.is_object() || !message.contains("components") || !message["components"].is_object()) return announced;
  const Json::json_pointer first_availability("/availability/0/topic");
  if (message.contains(first_availability) && message[first_availability].is_string())
    announced.availability = message[first_availability].get<std::string>();
  for (const auto& [id, component] : message["components"].items()) {
    if (!component.is_object() || !component.contains("platform") || !component["platform"].is_string()) continue;
    announced.platforms[id] = component["platform"].get<std::string>();
    for (const char* field : {"state_topic", "image_topic", "topic"})
      if (component.contains(field) && component[field].is_string())
        announced.topics[id].push_back(component[field].get<std::string>());
  }
  return announced;
}

}  // namespace vedette::notify
