#include "recording/stamps.h"

#include <cstring>

#include "schema/motion.h"
#include "schema/packet.h"
#include "schema/records.h"
#include "schema/tracks.h"

namespace vedette::recording {
namespace {

std::uint64_t moved(std::uint64_t value, std::int64_t shift) {
  return value == 0 ? 0 : value + static_cast<std::uint64_t>(shift);
}

template <typename T>
std::optional<std::uint64_t> published_in(std::span<const std::byte> record) {
  T info;
  if (record.size() < sizeof info) return std::nullopt;
  std::memcpy(&info, record.data(), sizeof info);
  return info.published_at_ns();
}

template <typename T>
void restamp_struct(std::span<std::byte> record, const Move& move) {
  T info;
  if (record.size() < sizeof info) return;
  std::memcpy(&info, record.data(), sizeof info);
  info.mutate_frame_id(moved(info.frame_id(), move.id_shift));
  info.mutate_captured_at_ns(moved(info.captured_at_ns(), move.captured_shift_ns));
  info.mutate_published_at_ns(moved(info.published_at_ns(), move.shift_ns));
  if constexpr (std::is_same_v<T, FrameInfo>)
    if (!move.camera.empty()) set_camera(info, move.camera);
  std::memcpy(record.data(), &info, sizeof info);
}

void restamp_tracks(std::span<std::byte> record, const Move& move) {
  restamp_struct<TracksInfo>(record, move);
  for (std::size_t at = sizeof(TracksInfo); at + sizeof(Track) <= record.size(); at += sizeof(Track)) {
    Track track;
    std::memcpy(&track, record.data() + at, sizeof track);
    track.mutate_first_at_ns(moved(track.first_at_ns(), move.captured_shift_ns));
    track.mutate_seen_at_ns(moved(track.seen_at_ns(), move.captured_shift_ns));
    track.mutate_still_since_ns(moved(track.still_since_ns(), move.captured_shift_ns));
    std::memcpy(record.data() + at, &track, sizeof track);
  }
}

void restamp_event(schema::Event& event, const Move& move) {
  event.mutate_id(moved(event.id(), move.id_shift));
  event.mutate_at_ns(moved(event.at_ns(), move.shift_ns));
  event.mutate_frame_id(moved(event.frame_id(), move.id_shift));
  event.mutate_started_at_ns(moved(event.started_at_ns(), move.shift_ns));
  event.mutate_best_frame_id(moved(event.best_frame_id(), move.id_shift));
  event.mutate_best_captured_at_ns(moved(event.best_captured_at_ns(), move.shift_ns));
}

// A table, verified, that may be changed in place: it is a copy of the caller's.
template <typename T>
T* mutable_table(std::span<std::byte> record) {
  return verified<T>(record).ok() ? flatbuffers::GetMutableRoot<T>(record.data()) : nullptr;
}

}  // namespace

std::optional<std::uint64_t> published_at_ns(std::uint64_t schema_id, std::span<const std::byte> record) {
  if (schema_id == kFrameSchema) return published_in<FrameInfo>(record);
  if (schema_id == kDetectionsSchema) return published_in<DetectionsInfo>(record);
  if (schema_id == kMotionSchema) return published_in<MotionInfo>(record);
  if (schema_id == kTracksSchema) return published_in<TracksInfo>(record);
  if (schema_id == kPacketsSchema) return published_in<PacketInfo>(record);
  return std::nullopt;
}

void restamp(std::uint64_t schema_id, std::span<std::byte> record, const Move& move) {
  if (schema_id == kFrameSchema) return restamp_struct<FrameInfo>(record, move);
  if (schema_id == kDetectionsSchema) return restamp_struct<DetectionsInfo>(record, move);
  if (schema_id == kMotionSchema) return restamp_struct<MotionInfo>(record, move);
  if (schema_id == kTracksSchema) return restamp_tracks(record, move);
  if (schema_id == kPacketsSchema) return restamp_struct<PacketInfo>(record, move);
  // A field that isn't in the table has its default, 0, and needs no change: mutate_…() says false, that is fine.
  if (schema_id == kControlSchema) {
    if (auto* control = mutable_table<schema::Control>(record))
      control->mutate_heartbeat_at_ns(moved(control->heartbeat_at_ns(), move.shift_ns));
  } else if (schema_id == kStateSchema) {
    if (auto* state = mutable_table<schema::State>(record)) {
      state->mutate_since_ns(moved(state->since_ns(), move.shift_ns));
      state->mutate_heartbeat_at_ns(moved(state->heartbeat_at_ns(), move.shift_ns));
      state->mutate_last_frame_id(moved(state->last_frame_id(), move.id_shift));
    }
  } else if (schema_id == kSourceSchema) {
    if (auto* source = mutable_table<schema::Source>(record)) {
      source->mutate_since_ns(moved(source->since_ns(), move.shift_ns));
      source->mutate_heartbeat_at_ns(moved(source->heartbeat_at_ns(), move.shift_ns));
      if (source->picture_at_ns() != 0) source->mutate_picture_at_ns(moved(source->picture_at_ns(), move.shift_ns));
    }
  } else if (schema_id == kEventSchema) {
    if (auto* event = mutable_table<schema::Event>(record)) restamp_event(*event, move);
  } else if (schema_id == kMediaSchema) {
    if (auto* media = mutable_table<schema::Media>(record)) {
      media->mutate_event_id(moved(media->event_id(), move.id_shift));
      media->mutate_at_ns(moved(media->at_ns(), move.shift_ns));
      media->mutate_frame_id(moved(media->frame_id(), move.id_shift));
    }
  }
}

}  // namespace vedette::recording
