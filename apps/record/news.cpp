#include "record/news.h"

#include "schema/event.h"

namespace vedette::record {

Result<News> read_news(std::span<const std::byte> record) {
  VD_ASSIGN(EventRecord event, decode_event(record));
  News news;
  news.id = event.id;
  news.kind = event.kind;
  news.phase = event.phase;
  news.at_ns = event.at_ns;
  news.wall_at_ns = event.wall_at_ns;
  news.label = std::move(event.label);
  news.score = event.score;
  news.text = std::move(event.text);
  news.rule = std::move(event.rule);
  news.zone = std::move(event.zone);
  news.track = event.track_id;
  const bool began = event.started_at_ns != 0;
  news.started_at_ns = began ? event.started_at_ns : event.at_ns;
  news.started_wall_at_ns = began ? event.started_wall_at_ns : event.wall_at_ns;
  news.best_frame_id = event.best_frame_id;
  news.best_captured_at_ns = event.best_captured_at_ns;
  if (news.phase == schema::EventPhase::Once && news.best_frame_id == 0 && event.frame_id != 0) {
    news.best_frame_id = event.frame_id;  // an alarm shows what it is about
    news.best_captured_at_ns = news.at_ns;
  }
  news.box = {event.x, event.y, event.width, event.height};
  return news;
}

}  // namespace vedette::record
