// Publisher: what goes out by MQTT, on which topic and when (docs/mqtt.md has the table). Owner: main(); thread-bound, but for
// broker_said(). State and counts go at most twice a second and camera; each event goes.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "notify/client.h"
#include "notify/command_desk.h"
#include "notify/discovery.h"
#include "notify/feed.h"
#include "notify/messages.h"
#include "notify/topics.h"

namespace vedette::notify {

struct PublisherOptions {
  MqttConfig mqtt;
  std::string client_id;
  std::string bus_dir;               // where control is asked
  std::vector<std::string> classes;  // that are targets
  struct Camera {
    std::string name;
    std::vector<std::string> zones;
    std::vector<std::string> lines;
  };
  std::vector<Camera> cameras;
};

class Publisher {
 public:
  // Connects.
  static Result<std::unique_ptr<Publisher>> start(PublisherOptions options);
  Publisher(Publisher&&) = delete;
  ~Publisher();

  void event(const FreshEvent& event, const EventFiles& files);
  void media(const FreshMedia& media);
  void state(const std::string& camera, const State& state, const CameraLink& link);
  void link(const std::string& camera, const CameraLink& link);  // while control is away
  // Sends what is due. Call a few times a second.
  void tick();
  // Up to where the camera's events and files have arrived, or never will, if they are `taken` so far.
  Told told(const std::string& camera, const Told& taken);
  // As BrokerClient has it.
  bool stop();

 private:
  struct Message {
    std::string topic;
    std::string payload;
  };
  // On its way to the broker.
  struct Underway {
    std::uint64_t number = 0;  // as the client counts
    Place place;
  };
  struct Camera {
    std::string name;
    std::set<std::string> zones;              // and the whole picture
    std::set<CountedPlace> counted;           // from the configuration, and all that control ever counted
    std::map<std::string, std::string> gone;  // entities of before
    State state;
    CameraLink link;
    bool known = false;    // control has told its state
    bool changed = false;  // something to send
    bool shared = false;   // another client publishes one of this name: has been said
    std::uint64_t sent_at_ns = 0;
    std::deque<Underway> events, media;
    std::optional<std::string> answer;  // to a bad command: the newest that isn't sent
    std::uint64_t last_answer = 0;      // the number of the one before
  };
  // What came on other threads since the last tick().
  struct Inbox {
    std::vector<Message> announced;              // discovery messages that lay at the broker
    std::map<std::string, std::string> answers;  // to bad commands, by camera
    bool birth = false;                          // of Home Assistant
  };

  explicit Publisher(PublisherOptions options);
  void broker_said(std::string_view topic, std::string_view payload, bool retained);
  static Mode mode_before(Mode mode, const Camera& camera);
  void send(Camera& camera, std::uint64_t now_ns);
  void send_counts(const Camera& camera);
  bool learn_places(Camera& camera);
  void announce(const Camera& camera);
  Place told(std::deque<Underway>& underway, const Place& taken) const;
  void take_inbox();
  void send_answers();
  void take_announced(const Message& message);
  void look_for_namesakes(const std::string& topic, const Announced& announced);
  void forget_entities(Camera& camera, const Announced& announced);
  void send_stats(std::uint64_t now_ns);
  Camera& find(const std::string& name);

  const PublisherOptions options_;
  const Topics topics_;
  std::vector<Camera> cameras_;
  std::uint64_t next_stats_ns_ = 0;
  std::uint64_t dropped_told_ = 0;

  std::mutex mutex_;
  Inbox inbox_;  // under mutex_

  std::unique_ptr<CommandDesk> desk_;  // the client's thread uses it
  std::unique_ptr<BrokerClient> client_;
};

}  // namespace vedette::notify
