// Broker: a real mosquitto on a port of the test's own. Listener: a real MQTT client that keeps what it gets, in order.
#pragma once

#include <mosquitto.h>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "support/program.h"
#include "support/system.h"

namespace vedette::test {

// Killed when it goes out of scope. Thread-bound.
class Broker {
 public:
  // `lines`: of its configuration, who may come.
  explicit Broker(const TempFolder& folder, std::uint16_t port = free_port(),
                  const std::string& lines = "allow_anonymous true\n");

  void start();  // again, after kill(), on the same port
  void kill();   // kill -9
  void signal(int number) const { program_->signal(number); }
  std::uint16_t port() const { return port_; }
  std::string log() const { return program_->err(); }

 private:
  std::string file_;  // of the configuration
  std::uint16_t port_;
  std::unique_ptr<Program> program_;
};

struct Heard {
  std::string topic;
  std::string payload;
  bool retained = false;
};

struct ListenerOptions {
  std::uint16_t port = 0;
  std::vector<std::string> topics = {"#"};
  std::string username;
  std::string password;
  std::string ca, cert, key;
};

// Connects and subscribes; reconnects by itself. Its calls are of one thread; the library has its own.
class Listener {
 public:
  explicit Listener(const ListenerOptions& options);
  explicit Listener(std::uint16_t port) : Listener(ListenerOptions{.port = port}) {}
  ~Listener();
  Listener(Listener&&) = delete;

  void publish(const std::string& topic, const std::string& payload, bool retain = false);
  std::vector<Heard> heard() const;                                   // all so far
  std::vector<std::string> payloads(const std::string& topic) const;  // of that topic
  std::optional<std::string> last(const std::string& topic) const;
  // Until the condition on all that was heard holds; false: the watchdog came first.
  bool wait(const std::function<bool(const std::vector<Heard>&)>& condition);
  bool wait_last(const std::string& topic, const std::string& payload);
  bool wait_topic(const std::string& topic) {
    return wait([&](const std::vector<Heard>&) { return last_unlocked(topic).has_value(); });
  }
  void forget();  // what was heard

 private:
  std::optional<std::string> last_unlocked(const std::string& topic) const;
  ListenerOptions options_;
  mosquitto* library_;
  mutable std::mutex mutex_;
  std::condition_variable grown_;
  std::vector<Heard> heard_;  // under mutex_
  bool subscribed_ = false;   // too
};

}  // namespace vedette::test
