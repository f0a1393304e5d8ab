// The three topics that control writes for one camera, and what its predecessor left in them. Thread-bound.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "bus/ring.h"
#include "control/records.h"

namespace vedette::control {

// The newest records of a control that is gone; none if there are none or they aren't valid.
struct LeftBehind {
  std::optional<DesiredState> control;
  std::optional<CameraState> state;
};

class Topics {
 public:
  // Reads what was left behind, then creates or takes over the topics.
  static Result<Topics> open(const bus::BusDir& dir, const std::string& camera, std::uint32_t readers,
                             std::uint32_t held_per_reader);

  const LeftBehind& left_behind() const { return left_behind_; }

  void publish(const DesiredState& state) { publish(control_, encode(state)); }
  void publish(const CameraState& state) { publish(state_, encode(state)); }
  void publish(const EventRecord& event) { publish(events_, encode(event), event.id); }
  std::uint64_t next_event_id() { return events_.next_frame_id(); }  // goes on after a restart

  void beat();

 private:
  Topics(const LeftBehind& left_behind, bus::RingWriter control, bus::RingWriter state, bus::RingWriter events)
      : left_behind_(left_behind), control_(std::move(control)), state_(std::move(state)), events_(std::move(events)) {}
  static void publish(bus::RingWriter& writer, const Bytes& record) { publish(writer, record, writer.next_frame_id()); }
  static void publish(bus::RingWriter& writer, const Bytes& record, std::uint64_t id);

  LeftBehind left_behind_;
  bus::RingWriter control_;
  bus::RingWriter state_;
  bus::RingWriter events_;
};

}  // namespace vedette::control
