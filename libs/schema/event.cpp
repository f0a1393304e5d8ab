#include "schema/event.h"

#include <algorithm>
#include <cmath>

namespace vedette {
namespace {

bool is_part(float value) { return std::isfinite(value) && value >= 0.0f && value <= 1.0f; }

}  // namespace

Result<EventRecord> decode_event(std::span<const std::byte> record) {
  RecordBuffer copy;
  VD_ASSIGN(const schema::Event* const from, copy_record<schema::Event>(record, copy));
  if (from->kind() > schema::EventKind::MAX) return bad_value("event", "kind", static_cast<unsigned>(from->kind()));
  if (from->phase() > schema::EventPhase::MAX) return bad_value("event", "phase", static_cast<unsigned>(from->phase()));
  EventRecord event;
  event.id = from->id();
  event.kind = from->kind();
  event.at_ns = from->at_ns();
  event.wall_at_ns = from->wall_at_ns();
  event.frame_id = from->frame_id();
  event.label = text_of(from->label());
  event.score = std::isfinite(from->score()) ? std::clamp(from->score(), 0.0f, 1.0f) : 0.0f;
  event.text = text_of(from->text());
  event.phase = from->phase();
  event.rule = text_of(from->rule());
  event.zone = text_of(from->zone());
  event.track_id = from->track_id();
  event.started_at_ns = from->started_at_ns();
  event.started_wall_at_ns = from->started_wall_at_ns();
  event.best_frame_id = from->best_frame_id();
  event.best_captured_at_ns = from->best_captured_at_ns();
  if (!is_part(from->x()) || !is_part(from->y()) || !is_part(from->width()) || !is_part(from->height())) return event;
  event.x = from->x();
  event.y = from->y();
  event.width = from->width();
  event.height = from->height();
  return event;
}

}  // namespace vedette
