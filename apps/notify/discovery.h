// What Home Assistant is told of a camera: one retained message a camera (its "device discovery", of 2024.11 and later), with
// every entity in it. Field names are those of its MQTT integration; tests/data/home_assistant.json has them. Pure functions,
// thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "notify/topics.h"

namespace vedette::notify {

// A zone or line that counts a class.
struct CountedPlace {
  std::string place;  // "": the whole picture
  std::string label;
  bool line = false;
  auto operator<=>(const CountedPlace&) const = default;
};

struct DeviceOptions {
  std::string client_id;  // of this Vedette: no other device has it
  std::string camera;
  std::uint32_t qos = 1;
  std::set<CountedPlace> counted;
  std::set<std::string> zones;  // that may be occupied; "": the whole picture
};

// The part of the topic that names the device: <prefix>/device/<this>/config.
std::string device_object_id(const std::string& client_id, const std::string& camera);
std::string discovery_topic(const std::string& prefix, const std::string& object_id);

// `gone`: entities of before, by id, and their platforms: Home Assistant removes them.
std::string discovery_json(const DeviceOptions& options, const Topics& topics, const std::map<std::string, std::string>& gone);

// The entity that tells whether a camera is connected.
inline constexpr char kConnectionEntity[] = "connection";

// What a discovery message of ours, or of another Vedette, says.
struct Announced {
  std::string availability;                                // topic of the client that sent it; "": none
  std::map<std::string, std::string> platforms;            // by the entity's id
  std::map<std::string, std::vector<std::string>> topics;  // that it reads, by the entity's id
};
// Empty if it isn't one. The broker may hold anything: whatever comes, nothing throws.
Announced read_announced(std::string_view payload);

}  // namespace vedette::notify
