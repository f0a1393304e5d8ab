#include "notify/news.h"

#include <utility>

namespace vedette::notify {
namespace {

template <typename E>
bool is_known(E value) {
  return value >= E::MIN && value <= E::MAX;
}

Error unknown(const char* what) { return {ErrorCode::kCorrupt, std::string(what) + ": a value that there isn't"}; }

}  // namespace

Result<Event> read_event(const std::string& camera, std::span<const std::byte> record) {
  VD_ASSIGN(EventRecord event, decode_event(record));
  return Event{std::move(event), camera};
}

Result<State> read_state(std::span<const std::byte> record) {
  VD_ASSIGN(CameraState from, decode_state(record));
  return State{from.mode,      from.previous_mode,    from.since_ns, from.targets, from.threshold,        from.paused,
               from.detecting, from.detections_stale, from.still,    from.forced,  std::move(from.counts)};
}

Result<Source> read_source(std::span<const std::byte> record) {
  RecordBuffer copy;
  VD_ASSIGN(const schema::Source* const from, copy_record<schema::Source>(record, copy));
  if (!is_known(from->status())) return unknown("source record");
  return Source{from->status(), text_of(from->about()), text_of(from->error())};
}

Result<Media> read_media(const std::string& camera, std::span<const std::byte> record) {
  RecordBuffer copy;
  VD_ASSIGN(const schema::Media* const from, copy_record<schema::Media>(record, copy));
  if (!is_known(from->kind())) return unknown("media record");
  return Media{camera, from->event_id(), from->kind(), text_of(from->path()), from->bytes(), from->duration_ms(), from->at_ns()};
}

}  // namespace vedette::notify
