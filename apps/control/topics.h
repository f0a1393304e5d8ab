// The topics that control writes for one camera, and what its predecessor left in them. Thread-bound.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "bus/ring.h"
#include "control/records.h"
#include "schema/tracks.h"
#include "stage/topics.h"

namespace vedette::control {

// The newest records of a control that is gone; none if there are none or they aren't valid.
struct LeftBehind {
  std::optional<DesiredState> control;
  std::optional<CameraState> state;
  std::optional<Tracks> tracks;
  std::string class_names;               // of the tracks
  std::vector<EventRecord> open_events;  // the newest record of each that has no End
  std::uint64_t newest_event_id = 0;     // 0: none
  bool camera_lost = false;              // told, and not that it is back
};

class Topics {
 public:
  // Reads what was left behind, then creates or takes over the topics. <cam>/tracks comes with open_tracks().
  static Result<Topics> open(const bus::BusDir& dir, const std::string& camera, std::uint32_t readers,
                             std::uint32_t held_per_reader);

  const LeftBehind& left_behind() const { return left_behind_; }

  void publish(const DesiredState& state) { publish(control_, encode(state)); }
  void publish(const CameraState& state) { publish(state_, encode(state)); }
  void publish(const EventRecord& event) { publish(events_, encode(event)); }
  // Never one twice: ids go on after a restart. They begin by the wall clock where topics are made anew; of a machine whose clock
  // may be that of before then, `given` is the newest id that is known of it (what was given within a while after that may be
  // unknown).
  std::uint64_t next_event_id();
  void skip_event_ids(std::uint64_t given);
  std::uint64_t newest_event_id() const { return newest_event_id_; }

  // With these class names from now on; other ones make new files, so that no record is read with the names of another model.
  Result<> open_tracks(const std::string& class_names);
  // Nothing before open_tracks().
  void publish(const TracksInfo& info, std::span<const Track> tracks);

  void beat();

 private:
  Topics(const bus::BusDir& dir, std::string camera, const stage::Share& share, LeftBehind left_behind, bus::RingWriter control,
         bus::RingWriter state, bus::RingWriter events);
  static void publish(bus::RingWriter& writer, const Bytes& record);

  const bus::BusDir* dir_;
  std::string camera_;
  stage::Share share_;
  LeftBehind left_behind_;
  bus::RingWriter control_;
  bus::RingWriter state_;
  bus::RingWriter events_;
  std::uint64_t newest_event_id_ = 0;
  std::optional<bus::RingWriter> tracks_;
};

}  // namespace vedette::control
