#include "capture/control_watch.h"

#include <vector>

#include "base/clock.h"

namespace vedette::capture {

void ControlWatch::poll(std::uint64_t now_ns) {
  if (auto taken = topic_.take_newest()) {
    const auto bytes = taken.lease.bytes();
    const std::vector<std::byte> copy(bytes.begin(), bytes.end());
    taken.lease.release();
    // A record that doesn't verify isn't worth a word: the next one comes with the next heartbeat.
    if (const auto control = verified<schema::Control>(copy); control.ok()) adopt(**control);
  }
  if (age_ns(heartbeat_at_ns_, now_ns) > kHeartbeatLostNs) {
    paused_ = false;
    mode_ = Mode::Standby;
  }
}

void ControlWatch::adopt(const schema::Control& control) {
  heartbeat_at_ns_ = control.heartbeat_at_ns();
  // What a dead control left behind isn't a wish.
  if (age_ns(heartbeat_at_ns_) > kHeartbeatLostNs) return;
  if (!session_) session_ = control.session();
  session_changed_ = session_changed_ || control.session() != *session_;
  paused_ = control.paused();
  mode_ = control.mode();
}

}  // namespace vedette::capture
