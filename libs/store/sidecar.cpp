#include "store/sidecar.h"

#include <nlohmann/json.hpp>

namespace vedette::store {
namespace {

using Json = nlohmann::ordered_json;

std::string_view to_string(EventState state) {
  return state == EventState::kDone ? "done" : state == EventState::kOpen ? "open" : "interrupted";
}

EventState state_of(const std::string& word) {
  return word == "done" ? EventState::kDone : word == "open" ? EventState::kOpen : EventState::kInterrupted;
}

// A name that can be a camera's: it becomes part of paths.
bool is_name(const std::string& text) {
  return !text.empty() && text.size() <= 31 &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_-") == std::string::npos;
}

Event event_of(const Json& json) {
  Event event;
  event.key.camera = json.at("camera").get<std::string>();
  event.key.id = json.at("id").get<std::uint64_t>();
  event.kind = json.at("kind").get<std::string>();
  event.rule = json.at("rule").get<std::string>();
  event.label = json.at("label").get<std::string>();
  event.text = json.at("text").get<std::string>();
  for (const Json& visit : json.at("zones")) event.visits.push_back({visit.at("zone"), visit.at("at_ms")});
  event.track = json.at("track").get<std::uint64_t>();
  event.score = json.at("score").get<float>();
  event.started_at_ms = json.at("started_at_ms").get<std::int64_t>();
  event.ended_at_ms = json.at("ended_at_ms").get<std::int64_t>();
  const Json& box = json.at("box");
  event.x = box.at(0), event.y = box.at(1), event.width = box.at(2), event.height = box.at(3);
  event.state = state_of(json.at("state"));
  event.favourite = json.at("favourite").get<bool>();
  event.snapshot = json.at("snapshot").get<bool>();
  event.clips = json.at("clips").get<std::uint32_t>();
  event.clip_ms = json.at("clip_ms").get<std::int64_t>();
  event.codec = json.at("codec").get<std::string>();
  event.bytes = json.at("bytes").get<std::uint64_t>();
  event.until_at_ns = json.at("until_at_ns").get<std::uint64_t>();
  return event;
}

}  // namespace

std::string to_json(const Event& event) {
  Json zones = Json::array();
  for (const ZoneVisit& visit : event.visits) zones.push_back({{"zone", visit.zone}, {"at_ms", visit.at_ms}});
  const Json json{{"camera", event.key.camera},
                  {"id", event.key.id},
                  {"kind", event.kind},
                  {"rule", event.rule},
                  {"label", event.label},
                  {"text", event.text},
                  {"zones", zones},
                  {"track", event.track},
                  {"score", event.score},
                  {"started_at_ms", event.started_at_ms},
                  {"ended_at_ms", event.ended_at_ms},
                  {"box", {event.x, event.y, event.width, event.height}},
                  {"state", to_string(event.state)},
                  {"favourite", event.favourite},
                  {"snapshot", event.snapshot},
                  {"clips", event.clips},
                  {"clip_ms", event.clip_ms},
                  {"codec", event.codec},
                  {"bytes", event.bytes},
                  {"until_at_ns", event.until_at_ns}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<Event> event_from_json(std::string_view text) {
  try {
    Event event = event_of(Json::parse(text));
    if (is_name(event.key.camera)) return event;
    return Error{ErrorCode::kCorrupt, "\"camera\" isn't the name of one; expected 1 to 31 of a-z 0-9 _ -"};
  } catch (const nlohmann::json::exception& error) {
    return Error{ErrorCode::kCorrupt, std::string("not an event's JSON: ") + error.what()};
  }
}

}  // namespace vedette::store
