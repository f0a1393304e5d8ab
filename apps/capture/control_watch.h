// What control wants of this camera: reads <camera>/control. Without a fresh heartbeat (control died, or there is none) nothing
// is wanted but the defaults: capture never depends on control. Thread-bound.
#pragma once

#include <cstdint>
#include <optional>

#include "bus/ring.h"
#include "schema/records.h"

namespace vedette::capture {

class ControlWatch {
 public:
  ControlWatch(const bus::BusDir& dir, bus::TopicName topic) : topic_(dir, std::move(topic), kControlSchema) {}

  // Looks for news; never blocks.
  void poll(std::uint64_t now_ns);

  bool paused() const { return paused_; }
  Mode mode() const { return mode_; }
  // The session differs from the one adopted at start: this process is to end and be started again.
  bool session_changed() const { return session_changed_; }

  static constexpr std::uint64_t kHeartbeatLostNs = 2'000'000'000;

 private:
  void adopt(const schema::Control& control);

  bus::Subscriber topic_;
  std::optional<std::uint64_t> session_;
  std::uint64_t heartbeat_at_ns_ = 0;
  bool session_changed_ = false;
  bool paused_ = false;
  Mode mode_ = Mode::Standby;
};

}  // namespace vedette::capture
