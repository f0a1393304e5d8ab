#include "record/news.h"

#include <algorithm>
#include <cmath>

namespace vedette::record {
namespace {

std::string text_of(const flatbuffers::String* text) { return text == nullptr ? std::string() : text->str(); }

bool is_part(float value) { return std::isfinite(value) && value >= 0.0f && value <= 1.0f; }

}  // namespace

Result<News> read_news(std::span<const std::byte> record) {
  RecordBuffer buffer;
  VD_ASSIGN(const schema::Event* event, copy_record<schema::Event>(record, buffer));
  if (event->kind() > schema::EventKind::MAX || event->phase() > schema::EventPhase::MAX)
    return Error{ErrorCode::kCorrupt, "event record: a kind or phase that there isn't"};
  News news;
  news.id = event->id();
  news.kind = event->kind();
  news.phase = event->phase();
  news.at_ns = event->at_ns();
  news.wall_at_ns = event->wall_at_ns();
  news.label = text_of(event->label());
  news.score = std::isfinite(event->score()) ? std::clamp(event->score(), 0.0f, 1.0f) : 0.0f;
  news.text = text_of(event->text());
  news.rule = text_of(event->rule());
  news.zone = text_of(event->zone());
  news.track = event->track_id();
  const bool began = event->started_at_ns() != 0;
  news.started_at_ns = began ? event->started_at_ns() : event->at_ns();
  news.started_wall_at_ns = began ? event->started_wall_at_ns() : event->wall_at_ns();
  news.best_frame_id = event->best_frame_id();
  news.best_captured_at_ns = event->best_captured_at_ns();
  if (news.phase == schema::EventPhase::Once && news.best_frame_id == 0 && event->frame_id() != 0) {
    news.best_frame_id = event->frame_id();  // an alarm shows what it is about
    news.best_captured_at_ns = news.at_ns;
  }
  const Box box{event->x(), event->y(), event->width(), event->height()};
  if (is_part(box.x) && is_part(box.y) && is_part(box.width) && is_part(box.height)) news.box = box;
  return news;
}

}  // namespace vedette::record
