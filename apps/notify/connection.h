// Connection: one try at a broker, by libmosquitto (2.0.11 to 2.0.21 of Debian 12 and 13), from connect() to its end. Driven by
// poll() on the client's thread: the library has no thread of its own. Thread-bound; used by BrokerClient alone.
#pragma once

#include <mosquitto.h>
#include <mqtt_protocol.h>

#include <memory>
#include <set>
#include <string>
#include <unordered_map>

#include "base/result.h"
#include "config/config.h"

namespace vedette::notify {

class BrokerClient;

// The files that mqtt.tls_… name can be read.
Result<> check_tls_files(const MqttConfig& mqtt);

class Connection {
 public:
  explicit Connection(BrokerClient& client);
  Connection(Connection&&) = delete;

  // Until it ends: why; kPermissionDenied if the broker refuses us. Ok: the client was asked to stop.
  Result<> run();
  bool accepted() const { return accepted_; }

 private:
  struct Destroy {
    void operator()(mosquitto* library) const { ::mosquitto_destroy(library); }
  };
  Result<> configure();
  Result<> configure_tls();
  Result<> connect();
  Result<> serve();
  Result<> send();
  void subscribe();
  void wait() const;
  Error ended(int code) const;

  void on_connect(int code);
  void on_disconnect(int code);
  void on_publish(int mid, int reason);
  void on_subscribe(int count, const int* granted) const;
  void on_message(const mosquitto_message& message) const;

  BrokerClient& client_;
  std::unique_ptr<mosquitto, Destroy> library_;
  bool accepted_ = false;
  int refusal_ = 0;                                 // of CONNACK
  int goodbye_ = 0;                                 // reason of the broker's DISCONNECT
  std::string complaint_;                           // the library's last error line: what OpenSSL says
  std::unordered_map<int, std::uint64_t> tickets_;  // by message id
  std::set<int> early_;                             // acknowledged before its id was known here
};

}  // namespace vedette::notify
