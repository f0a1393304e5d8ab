// BrokerClient: one MQTT connection, kept up for ever on a thread of its own, an Outbox in front of it. Values and events may be
// given to it from any thread at any time; whether the broker is away, slow, full or refuses us, they are taken at once. Each is
// sent until it was acknowledged: after a broken connection one may come twice, but in order. A connection (notify/connection.h)
// gets few messages at a time and is made anew when it breaks, so all that waits is in the Outbox, bounded and counted.
//
// What goes wrong is one line in the log, and no second one before that has changed. A broker that is away is tried again after
// 1 s, then more and more slowly, up to 1 min. If this process dies, the broker publishes its will: "offline" on `availability`.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "config/config.h"
#include "notify/outbox.h"

namespace vedette::notify {

struct ClientOptions {
  MqttConfig mqtt;
  std::string client_id;
  std::string availability;                // topic of "online" and "offline"
  std::vector<std::string> subscriptions;  // topics, wildcards allowed
};

struct ClientStats {
  bool connected = false;
  std::size_t waiting = 0;  // messages, in the queue or on their way
  std::size_t events = 0;   // of them
  std::uint64_t dropped = 0;
  std::uint64_t delivered = 0;
  std::uint64_t refused = 0;  // by the broker
};

class BrokerClient {
 public:
  // What comes from the broker, on the client's thread; must not block. `retained`: it is from before we subscribed.
  using Received = std::function<void(std::string_view topic, std::string_view payload, bool retained)>;

  // Makes SIGUSR1 the signal that interrupts a connect() which takes too long; no other thread may use it.
  static Result<std::unique_ptr<BrokerClient>> start(ClientOptions options, Received received);
  BrokerClient(BrokerClient&&) = delete;
  ~BrokerClient();  // as stop(); waits for the thread

  void set(const std::string& topic, std::string payload);
  std::uint64_t push(std::string topic, std::string payload);
  void resend_values();
  ClientStats stats() const;
  std::uint64_t oldest() const;  // as Outbox has it; what push() returns, too

  // Call a few times a second: looks after a connect() that takes too long.
  void watch();
  // Says "offline", gives what waits a second to go, disconnects. False: the thread is still in the resolver, which can't be
  // interrupted.
  bool stop();

 private:
  friend class Connection;  // the calls below "of the connection", on the client's thread
  BrokerClient(ClientOptions options, Received received, UniqueFd wake);
  void run();
  Nanoseconds pause_after(bool lasted, bool refused);
  void wait(Nanoseconds pause);
  void wake() const;
  void tell(const std::string& failure);

  // Of the connection:
  void connected();
  std::optional<Outbox::Sending> next(std::size_t most_on_the_way);
  void arrived(std::uint64_t ticket);
  void refused(std::uint64_t ticket, const std::string& why);

  const ClientOptions options_;
  const Received received_;
  const UniqueFd wake_;  // an eventfd: something to send, or stop

  mutable std::mutex mutex_;
  Outbox outbox_;           // under mutex_
  bool connected_ = false;  // too
  std::condition_variable changed_;

  std::atomic<bool> stopping_{false};
  std::atomic<bool> ended_{false};
  std::atomic<std::uint64_t> connecting_since_ns_{0};  // 0: not in connect()
  std::string told_;                                   // the failure that the log says last
  std::set<std::string> refusals_told_;
  Nanoseconds pause_{};
  std::minstd_rand dice_{std::random_device{}()};
  std::thread thread_;
};

}  // namespace vedette::notify
