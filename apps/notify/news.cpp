#include "notify/news.h"

#include <cmath>

namespace vedette::notify {
namespace {

constexpr std::size_t kMostCounts = 256;  // more than a record has room for

float finite(float number) { return std::isfinite(number) ? number : 0.0f; }

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
  RecordBuffer copy;
  VD_ASSIGN(const schema::State* const from, copy_record<schema::State>(record, copy));
  if (!is_mode(from->mode()) || !is_mode(from->previous_mode())) return unknown("state record");
  State state;
  state.mode = from->mode();
  state.previous_mode = from->previous_mode();
  state.since_ns = from->since_ns();
  state.targets = from->targets();
  state.threshold = finite(from->threshold());
  state.paused = from->paused();
  state.detecting = from->detecting();
  state.detections_stale = from->detections_stale();
  state.still = from->still();
  if (from->counts() != nullptr)
    for (const schema::Count* count : *from->counts())
      if (state.counts.size() < kMostCounts)
        state.counts.push_back(
            {text_of(count->place()), text_of(count->label()), count->inside(), count->into(), count->out_of()});
  return state;
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
