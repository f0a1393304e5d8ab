#include "stage/control_reader.h"

#include "base/clock.h"

namespace vedette::stage {
namespace {

constexpr float kMostFps = 1e4f;  // more is nonsense, and not a number is too: every frame

// Neither too old nor of another boot's clock.
bool is_recent(std::uint64_t heartbeat_at_ns, std::uint64_t now_ns) {
  return heartbeat_at_ns != 0 && age_ns(heartbeat_at_ns, now_ns) <= kControlLostNs &&
         age_ns(now_ns, heartbeat_at_ns) <= kControlLostNs;
}

}  // namespace

Result<> ControlReader::poll(std::uint64_t now_ns) {
  auto good = read(now_ns);
  alive_ = is_recent(heartbeat_at_ns_, now_ns);
  return good;
}

Result<> ControlReader::read(std::uint64_t now_ns) {
  const bus::Taken taken = topic_.take_newest();
  if (!taken) return {};
  VD_ASSIGN(const schema::Control* const wish, copy_record<schema::Control>(taken.lease.bytes(), buffer_));
  if (!is_mode(wish->mode()))
    return Error{ErrorCode::kCorrupt,
                 "control record has mode " + std::to_string(static_cast<int>(wish->mode())) + ", which there isn't"};
  if (!is_recent(wish->heartbeat_at_ns(), now_ns)) return {};
  heartbeat_at_ns_ = wish->heartbeat_at_ns();
  if (!session_) session_ = wish->session();
  session_changed_ = session_changed_ || wish->session() != *session_;
  paused_ = wish->paused();
  detecting_ = wish->detecting();
  mode_ = wish->mode();
  detect_fps_ = wish->detect_fps() > 0.0f && wish->detect_fps() < kMostFps ? wish->detect_fps() : 0.0f;
  return {};
}

}  // namespace vedette::stage
