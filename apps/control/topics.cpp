#include "control/topics.h"

#include <algorithm>
#include <cstring>
#include <map>

namespace vedette::control {
namespace {

// The newest record of a topic; none if there is none or it isn't valid.
template <typename T>
std::optional<T> newest(const bus::BusDir& dir, const bus::TopicName& topic, std::uint64_t schema_id,
                        Result<T> (*decode)(std::span<const std::byte>)) {
  auto reader = bus::RingReader::attach(dir, topic, schema_id);
  if (!reader) return std::nullopt;
  const bus::Taken taken = reader->take_newest();
  if (!taken) return std::nullopt;
  Result<T> record = decode(taken.lease.bytes());
  return record ? std::optional<T>(*std::move(record)) : std::nullopt;
}

Result<Tracks> decode_tracks(std::span<const std::byte> record) {
  Tracks tracks;
  VD_TRY(read_tracks(record, tracks));
  return tracks;
}

// From the history that the topic holds.
void read_events(const bus::BusDir& dir, const bus::TopicName& topic, LeftBehind& left) {
  auto reader = bus::RingReader::attach(dir, topic, kEventSchema);
  if (!reader) return;
  std::map<std::uint64_t, EventRecord> open;
  for (bus::Taken taken = reader->take_next(); taken; taken = reader->take_next()) {
    Result<EventRecord> event = decode_event(taken.lease.bytes());
    if (!event) continue;
    left.newest_event_id = std::max(left.newest_event_id, event->id);
    if (event->kind == schema::EventKind::CameraLost) left.camera_lost = true;
    if (event->kind == schema::EventKind::CameraBack) left.camera_lost = false;
    if (event->phase == schema::EventPhase::Once) continue;
    if (event->phase == schema::EventPhase::End)
      open.erase(event->id);
    else
      open.insert_or_assign(event->id, *event);
  }
  for (auto& [id, event] : open) left.open_events.push_back(std::move(event));
}

}  // namespace

Topics::Topics(const bus::BusDir& dir, std::string camera, const stage::Share& share, LeftBehind left_behind,
               bus::RingWriter control, bus::RingWriter state, bus::RingWriter events)
    : dir_(&dir),
      camera_(std::move(camera)),
      share_(share),
      left_behind_(std::move(left_behind)),
      control_(std::move(control)),
      state_(std::move(state)),
      events_(std::move(events)),
      newest_event_id_(left_behind_.newest_event_id) {}

std::uint64_t Topics::next_event_id() {
  newest_event_id_ = std::max(events_.next_frame_id(), newest_event_id_ + 1);
  return newest_event_id_;
}

void Topics::skip_event_ids(std::uint64_t given) {
  constexpr std::uint64_t kUnknown = 1 << 20;  // far more than are given from one time that it is kept to the next
  const bool again = given >= events_.next_frame_id();
  newest_event_id_ = std::max(newest_event_id_, again ? given + kUnknown : given);
}

Result<Topics> Topics::open(const bus::BusDir& dir, const std::string& camera, std::uint32_t readers,
                            std::uint32_t held_per_reader) {
  VD_ASSIGN(const auto control, bus::TopicName::make(camera, "control"));
  VD_ASSIGN(const auto state, bus::TopicName::make(camera, "state"));
  VD_ASSIGN(const auto events, bus::TopicName::make(camera, "events"));
  VD_ASSIGN(const auto tracks, bus::TopicName::make(camera, "tracks"));
  LeftBehind left{newest(dir, control, kControlSchema, decode_control), newest(dir, state, kStateSchema, decode_state),
                  newest(dir, tracks, kTracksSchema, decode_tracks)};
  read_events(dir, events, left);
  if (const auto reader = bus::RingReader::attach(dir, tracks, kTracksSchema)) left.class_names = reader->metadata();

  const stage::Share share{readers, held_per_reader};
  VD_ASSIGN(bus::RingWriter control_writer, bus::RingWriter::open(dir, control, stage::control_ring(share)));
  VD_ASSIGN(bus::RingWriter state_writer, bus::RingWriter::open(dir, state, stage::state_ring(share)));
  VD_ASSIGN(bus::RingWriter events_writer, bus::RingWriter::open(dir, events, stage::events_ring(share)));
  return Topics(dir, camera, share, std::move(left), std::move(control_writer), std::move(state_writer),
                std::move(events_writer));
}

Result<> Topics::open_tracks(const std::string& class_names) {
  const bus::RingOptions options = stage::tracks_ring(share_, class_names);
  if (tracks_) return tracks_->resize(options);
  VD_ASSIGN(bus::RingWriter writer, bus::RingWriter::open(*dir_, {camera_, "tracks"}, options));
  tracks_ = std::move(writer);
  return {};
}

void Topics::publish(bus::RingWriter& writer, const Bytes& record) {
  VD_ASSERT(record.size() <= kMaxRecordBytes, "a record larger than its slot");
  const std::uint64_t number = writer.next_frame_id();
  auto loan = writer.loan();
  if (!loan) return writer.count_drop();
  std::memcpy(loan->bytes().data(), record.data(), record.size());
  writer.publish(std::move(*loan), number, record.size());
}

void Topics::publish(const TracksInfo& info, std::span<const Track> tracks) {
  if (!tracks_) return;
  auto loan = tracks_->loan();
  if (!loan) return tracks_->count_drop();
  const std::size_t bytes = write_tracks(loan->bytes(), info, tracks);
  tracks_->publish(std::move(*loan), info.frame_id(), bytes);
}

void Topics::beat() {
  control_.beat();
  state_.beat();
  events_.beat();
  if (tracks_) tracks_->beat();
}

}  // namespace vedette::control
