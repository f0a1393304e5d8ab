// ControlReader: what control wants of one camera, as every stage has to understand it: reads <camera>/control.
//
// Owner: the stage, one a camera; thread-bound. Without a living control (it died, hangs, or there is none: no heartbeat for
// kControlLostNs) nothing is wanted but the stage's own defaults: no stage depends on control. A record that a dead control left
// behind is no wish, and its session is nobody's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "bus/ring.h"
#include "schema/records.h"

namespace vedette::stage {

class ControlReader {
 public:
  // `dir` must outlive it.
  ControlReader(const bus::BusDir& dir, const std::string& camera) : topic_(dir, {camera, "control"}, kControlSchema) {}

  // Looks for news; never blocks and, but for attaching and errors, doesn't allocate. The Error says why the newest record was
  // refused: the one before stays in force, and the next one comes with the next heartbeat.
  Result<> poll(std::uint64_t now_ns);

  bool alive() const { return alive_; }  // as of the last poll(), like all below
  bool paused() const { return alive_ && paused_; }
  bool detecting() const { return !alive_ || detecting_; }
  Mode mode() const { return alive_ ? mode_ : Mode::Standby; }
  // Most detections a second, 0: of every frame; none without a living control.
  std::optional<float> detect_fps() const { return alive_ ? std::optional(detect_fps_) : std::nullopt; }
  // The session differs from the first one that was adopted: this process is to end and be started again.
  bool session_changed() const { return session_changed_; }

  // To wait on; its error() says why the topic can't be read.
  bus::Subscriber& topic() { return topic_; }
  const bus::Subscriber& topic() const { return topic_; }

 private:
  Result<> read(std::uint64_t now_ns);

  bus::Subscriber topic_;
  RecordBuffer buffer_;
  std::optional<std::uint64_t> session_;
  std::uint64_t heartbeat_at_ns_ = 0;
  bool session_changed_ = false;
  bool alive_ = false;
  bool paused_ = false;
  bool detecting_ = true;
  Mode mode_ = Mode::Standby;
  float detect_fps_ = 0.0f;
};

}  // namespace vedette::stage
