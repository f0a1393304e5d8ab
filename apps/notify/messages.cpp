#include "notify/messages.h"

#include <cmath>
#include <ctime>
#include <nlohmann/json.hpp>

#include <fmt/format.h>

#include "base/check.h"

namespace vedette::notify {
namespace {

using Json = nlohmann::ordered_json;

std::string dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }
double rounded(float value, double steps) { return std::round(static_cast<double>(value) * steps) / steps; }
Json text_or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }
Json time_or_null(std::uint64_t wall_ns) { return wall_ns == 0 ? Json(nullptr) : Json(utc_text(wall_ns)); }

Json box_of(const Event& event) {
  if (event.width <= 0.0f || event.height <= 0.0f) return nullptr;
  return {{"x", rounded(event.x, 1e5)},
          {"y", rounded(event.y, 1e5)},
          {"width", rounded(event.width, 1e5)},
          {"height", rounded(event.height, 1e5)}};
}

}  // namespace

std::string utc_text(std::uint64_t wall_ns) {
  const auto seconds = static_cast<std::time_t>(wall_ns / 1'000'000'000);
  std::tm date{};
  ::gmtime_r(&seconds, &date);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", date.tm_year + 1900, date.tm_mon + 1, date.tm_mday,
                     date.tm_hour, date.tm_min, date.tm_sec, wall_ns / 1'000'000 % 1000);
}

std::string event_json(const Event& event, const EventFiles& files) {
  return dump({{"id", event.id},
               {"phase", to_string(event.phase)},
               {"kind", to_string(event.kind)},
               {"camera", event.camera},
               {"rule", text_or_null(event.rule)},
               {"zone", text_or_null(event.zone)},
               {"label", text_or_null(event.label)},
               {"score", rounded(event.score, 1e3)},
               {"track_id", event.track_id == 0 ? Json(nullptr) : Json(event.track_id)},
               {"text", event.text},
               {"time", utc_text(event.wall_at_ns)},
               {"started", time_or_null(event.started_wall_at_ns)},
               {"frame_id", event.frame_id},
               {"best_frame_id", event.best_frame_id == 0 ? Json(nullptr) : Json(event.best_frame_id)},
               {"box", box_of(event)},
               {"snapshot", text_or_null(files.snapshot)},
               {"clip", text_or_null(files.clip)}});
}

std::string state_json(const State& state, const CameraLink& link, std::uint64_t since_wall_ns) {
  Json counts = Json::array();
  for (const Count& count : state.counts)
    counts.push_back({{"place", count.place},
                      {"label", count.label},
                      {"inside", count.inside},
                      {"into", count.into},
                      {"out_of", count.out_of}});
  return dump({{"mode", to_string(state.mode)},
               {"forced", state.forced},
               {"previous_mode", to_string(state.previous_mode)},
               {"since", utc_text(since_wall_ns)},
               {"targets", state.targets},
               {"paused", state.paused},
               {"detecting", state.detecting},
               {"threshold", rounded(state.threshold, 1e3)},
               {"still", state.still},
               {"detections_stale", state.detections_stale},
               {"counts", std::move(counts)},
               {"camera", link.status},
               {"about", text_or_null(link.about)},
               {"error", text_or_null(link.error)}});
}

std::string media_json(const Media& media) {
  Json json = {{"event_id", media.event_id},
               {"kind", to_string(media.kind)},
               {"camera", media.camera},
               {"path", media.path},
               {"bytes", media.bytes}};
  if (media.kind == schema::MediaKind::Clip) json["duration_ms"] = media.duration_ms;
  return dump(json);
}

std::string command_error_json(std::string_view key, std::string_view sentence) {
  return dump({{"command", key.empty() ? "set" : "set/" + std::string(key)}, {"error", sentence}});
}

std::optional<Mode> mode_of(schema::EventKind kind) {
  if (kind == schema::EventKind::Alarm) return Mode::Tracking;
  if (kind == schema::EventKind::Standby) return Mode::Standby;
  return std::nullopt;
}

std::string detr_mmap_json(const Event& event, Mode previous) {
  const bool alarm = event.kind == schema::EventKind::Alarm;
  return dump({{"device_id", event.camera},
               {"timestamp", utc_text(event.wall_at_ns)},
               {"state", schema::EnumNameMode(alarm ? Mode::Tracking : Mode::Standby)},
               {"previous_state", schema::EnumNameMode(previous)},
               {"event_type", alarm ? "human_detected" : "standby_resumed"}});
}

std::string placeholder_value(std::string_view name, const Event& event, const EventFiles& files) {
  if (name == "camera") return event.camera;
  if (name == "kind") return std::string(to_string(event.kind));
  if (name == "phase") return std::string(to_string(event.phase));
  if (name == "id") return std::to_string(event.id);
  if (name == "rule") return event.rule;
  if (name == "zone") return event.zone;
  if (name == "label") return event.label;
  if (name == "score") return fmt::format("{:.3f}", event.score);
  if (name == "track_id") return std::to_string(event.track_id);
  if (name == "text") return event.text;
  if (name == "time") return utc_text(event.wall_at_ns);
  if (name == "frame_id") return std::to_string(event.frame_id);
  if (name == "snapshot") return files.snapshot;
  VD_ASSERT(name == "json", "a placeholder that the configuration doesn't know");
  return event_json(event, files);
}

}  // namespace vedette::notify
