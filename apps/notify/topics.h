// The names of our MQTT topics (docs/mqtt.md). Pure functions, thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace vedette::notify {

// A text as one level of a topic: "" is "all", and what isn't a letter, a digit, '-', '_' or '.' becomes '_'.
std::string topic_level(std::string_view text);

class Topics {
 public:
  // Clients may share a base as long as their cameras have different names.
  Topics(std::string base, std::string_view client_id) : base_(std::move(base)), client_(topic_level(client_id)) {}

  // Of this client as a whole.
  std::string availability() const { return base_ + "/availability/" + client_; }
  std::string notify() const { return base_ + "/notify/" + client_; }
  bool is_our_availability(std::string_view topic) const { return topic.ends_with("/availability/" + client_); }  // of any base
  std::string commands() const { return base_ + "/+/set"; }  // to subscribe to
  std::string commands_by_key() const { return base_ + "/+/set/+"; }

  std::string of(std::string_view camera, std::string_view what) const {
    return base_ + "/" + std::string(camera) + "/" + std::string(what);
  }
  std::string count(std::string_view camera, std::string_view place, std::string_view label) const {
    return of(camera, "count/" + topic_level(place) + "/" + topic_level(label));
  }
  std::string occupancy(std::string_view camera, std::string_view place) const {
    return of(camera, "occupancy/" + topic_level(place));
  }
  bool is_ours(std::string_view topic) const { return topic.starts_with(base_ + "/"); }

  struct Command {
    std::string camera;
    std::string key;  // behind "set/"; "": the topic is "set" itself
  };
  // None if it isn't a command's topic; our own answers on set/error aren't.
  std::optional<Command> command(std::string_view topic) const;

 private:
  std::string base_;
  std::string client_;
};

}  // namespace vedette::notify
