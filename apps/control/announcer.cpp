#include "control/announcer.h"

#include "base/clock.h"
#include "telemetry/log.h"

namespace vedette::control {
namespace {

using schema::EventPhase;

// "person 0.82"; of a crowd, since not every class has a plural that we know, "4 x person", or "nobody".
std::string who(const rules::Change& change) {
  const rules::Event& event = change.event;
  if (event.track_id != 0) return fmt::format("{} {:.2f}", event.label, event.best.score);
  if (!change.absence.empty()) return change.absence;
  return change.number > 0 ? fmt::format("{} x {}", change.number, event.label.empty() ? "object" : event.label) : event.label;
}

// "person 0.82 at door".
std::string text_of(const rules::Change& change, std::uint64_t now_ns) {
  const rules::Event& event = change.event;
  std::string text = who(change);
  if (!event.zone.empty()) text += " at " + event.zone;
  if (change.phase == EventPhase::End)
    text += fmt::format(", over after {:.1f} s", static_cast<double>(age_ns(event.started_at_ns, now_ns)) / 1e9);
  return text;
}

std::string with_frame(std::string text, std::uint64_t frame_id) {
  if (frame_id != 0) text += fmt::format(" (frame {})", frame_id);
  return text;
}

}  // namespace

void Announcer::tell(schema::EventKind kind, std::uint64_t frame_id, std::string text, const rules::Targets& targets) {
  EventRecord record;
  record.id = topics_.next_event_id();
  record.kind = kind;
  record.at_ns = monotonic_ns();
  record.wall_at_ns = wall_ns();
  record.frame_id = frame_id;
  record.label = targets.label;
  record.score = targets.score;
  record.text = with_frame(std::move(text), frame_id);
  topics_.publish(record);
  log::info("event {} {}: {}", camera_, to_string(kind), record.text);
}

void Announcer::tell(const rules::Change& change) {
  const rules::Event& event = change.event;
  const rules::Sight& best = event.best;
  EventRecord record;
  record.id = event.id;
  record.kind = event.track_id == 0 ? schema::EventKind::Crowd : schema::EventKind::Object;
  record.at_ns = monotonic_ns();
  record.wall_at_ns = wall_ns();
  record.frame_id = change.frame_id;
  record.label = event.label;
  record.score = best.score;
  record.text = with_frame(text_of(change, record.at_ns), change.frame_id);
  record.phase = change.phase;
  record.rule = event.rule;
  record.zone = event.zone;
  record.track_id = event.track_id;
  record.started_at_ns = event.started_at_ns;
  // Once and for all: the wall clock may be set while it is open.
  const auto started = started_wall_at_ns_.try_emplace(event.id, record.wall_at_ns - age_ns(event.started_at_ns, record.at_ns));
  record.started_wall_at_ns = started.first->second;
  record.best_frame_id = best.frame_id;
  record.best_captured_at_ns = best.captured_at_ns;
  record.x = best.x;
  record.y = best.y;
  record.width = best.width;
  record.height = best.height;
  topics_.publish(record);
  if (change.phase == EventPhase::End) started_wall_at_ns_.erase(event.id);
  if (change.phase == EventPhase::Update) return;
  log::info("event {} {} {}: {}", camera_, to_string(record.kind), to_string(record.phase), record.text);
}

std::vector<rules::Event> Announcer::resume(const std::vector<EventRecord>& open) {
  std::vector<rules::Event> events;
  for (const EventRecord& record : open) {
    started_wall_at_ns_[record.id] = record.started_wall_at_ns;
    events.push_back(
        {record.id,
         record.rule,
         record.zone,
         record.label,
         record.track_id,
         record.started_at_ns,
         {record.best_frame_id, record.best_captured_at_ns, record.x, record.y, record.width, record.height, record.score}});
  }
  return events;
}

}  // namespace vedette::control
