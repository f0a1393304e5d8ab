#include "gateway/api/event_api.h"

#include <algorithm>
#include <charconv>
#include <memory>

#include <fmt/format.h>

#include "gateway/api/event_store.h"
#include "gateway/api/files.h"
#include "gateway/api/schemas.h"

namespace vedette::gateway {
namespace {

using namespace schemas;
using store::Event;
using store::EventState;

constexpr std::int64_t kMostEvents = 500;  // of one list
constexpr std::int64_t kUsualEvents = 50;
constexpr std::int64_t kMostMs = 253'402'300'799'999;  // the year 9999

Json box_of(const Event& event) {
  if (event.width <= 0) return nullptr;
  return {{"x", event.x}, {"y", event.y}, {"width", event.width}, {"height", event.height}};
}

std::string_view name_of(EventState state) {
  return state == EventState::kDone ? "done" : state == EventState::kOpen ? "open" : "interrupted";
}

Json json_of(const Event& event) {
  Json zones = Json::array();
  for (const store::ZoneVisit& visit : event.visits)
    if (std::find(zones.begin(), zones.end(), Json(visit.zone)) == zones.end()) zones.push_back(visit.zone);
  return {{"camera", event.key.camera},
          {"id", event.key.id},
          {"kind", event.kind},
          {"rule", event.rule},
          {"label", event.label},
          {"text", event.text},
          {"zones", std::move(zones)},
          {"track", event.track},
          {"score", event.score},
          {"started_at_ms", event.started_at_ms},
          {"ended_at_ms", event.ended_at_ms == 0 ? Json() : Json(event.ended_at_ms)},
          {"box", box_of(event)},
          {"state", name_of(event.state)},
          {"favourite", event.favourite},
          {"snapshot", event.snapshot},
          {"clips", event.clips},
          {"clip_ms", event.clip_ms},
          {"codec", event.codec},
          {"bytes", event.bytes}};
}

Json event_schema() {
  return object({{"camera", text()},
                 {"id", integer()},
                 {"kind", described(text(), "\"object\", \"crowd\", \"alarm\", …")},
                 {"rule", text()},
                 {"label", described(text(), "the class: \"person\", …")},
                 {"text", described(text(), "one line for people")},
                 {"zones", described(list(text()), "that it was in, in order; empty: the whole picture")},
                 {"track", integer()},
                 {"score", number()},
                 {"started_at_ms", integer()},
                 {"ended_at_ms", described(or_null(integer()), "null: it goes on")},
                 {"box", described(or_null(object({{"x", number()}, {"y", number()}, {"width", number()}, {"height", number()}})),
                                   "where it is on its best picture, relative; null: nowhere")},
                 {"state", one_of({"open", "done", "interrupted"})},
                 {"favourite", described(boolean(), "it is kept, whatever its age and whatever room it takes")},
                 {"snapshot", described(boolean(), "there is snapshot.jpg, and may be boxed.jpg and crop.jpg")},
                 {"clips", described(integer(), "parts of its clip, clip.mp4?part=1 to this; 0: none")},
                 {"clip_ms", integer()},
                 {"codec", described(text(), "of the clip's pictures: h264, hevc, mjpeg; \"\": no clip")},
                 {"bytes", described(integer(), "of all its files")}});
}

std::optional<std::uint64_t> number_of(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size() && number <= INT64_MAX ? std::optional(number) : std::nullopt;
}

class EventApi {
 public:
  explicit EventApi(std::string storage) : store_(std::move(storage)) {}

  Reply list(const Request& request) {
    store::Filter filter;
    filter.camera = request.text("camera"), filter.label = request.text("label"), filter.zone = request.text("zone");
    filter.since_ms = request.integer("since"), filter.until_ms = request.integer("until");
    filter.favourites = request.is_set("favourites");
    if (filter.camera && !request.who.may_see(*filter.camera)) return problem(404, "no such camera");
    if (const auto before = request.text("before"); before) {
      filter.before = parse_cursor(*before);
      if (!filter.before) return problem(400, "before=…; expected what an earlier list has as \"next\"");
    }
    const auto store = store_.to_read();
    if (!store && store.error().code == ErrorCode::kNotFound) return answer({}, nullptr);
    if (!store) return problem_of(store.error());
    return list(**store, filter, request);
  }

  Reply one(const Request& request) {
    const auto event = find(request);
    return event ? json_reply(200, dump(json_of(*event))) : problem_of(event.error());
  }

  Reply mark(const Request& request) {
    const Result<> done = change(request, [&](store::Store& store, const store::EventKey& key) {
      return store.set_favourite(key, request.body["favourite"].get<bool>());
    });
    return done ? one(request) : problem_of(done.error());
  }

  Reply remove(const Request& request) {
    const Result<> done = change(request, [](store::Store& store, const store::EventKey& key) { return store.remove(key); });
    return done ? no_content() : problem_of(done.error());
  }

  using PathOf = std::string (store::Tree::*)(const store::EventKey&, std::int64_t) const;
  Reply picture(const Request& request, PathOf path_of) {
    const auto event = find(request);
    if (!event) return problem_of(event.error());
    if (!event->snapshot) return problem(404, "there is no picture of this event");
    return media(request, (store_.tree().*path_of)(event->key, event->started_at_ms), "image/jpeg");
  }

  Reply clip(const Request& request) {
    const auto event = find(request);
    if (!event) return problem_of(event.error());
    const std::int64_t part = request.integer("part").value_or(1);
    if (part > event->clips) return problem(404, "there is no such clip of this event (yet)");
    return media(request, store_.tree().clip(event->key, event->started_at_ms, static_cast<std::uint32_t>(part)), "video/mp4");
  }

 private:
  static Reply answer(Json events, Json next) {
    if (events.is_null()) events = Json::array();
    return json_reply(200, dump({{"events", std::move(events)}, {"next", std::move(next)}}));
  }

  static Reply list(const store::Store& store, store::Filter& filter, const Request& request) {
    const auto wanted = static_cast<std::size_t>(request.integer("limit").value_or(kUsualEvents));
    filter.limit = static_cast<std::uint32_t>(wanted);
    filter.cameras = request.who.cameras;
    const auto found = store.list(filter);
    if (!found) return problem_of(found.error());
    Json events = Json::array();
    for (const Event& event : *found) events.push_back(json_of(event));
    return answer(std::move(events), found->size() < wanted ? Json() : Json(cursor_text(found->back())));
  }

  static Result<store::EventKey> key_of(const Request& request) {
    const auto id = number_of(request.param("id"));
    if (!id) return Error{ErrorCode::kNotFound, "no event \"" + request.param("id") + "\"; expected a number"};
    return store::EventKey{request.param("camera"), *id};
  }

  Result<Event> find(const Request& request) {
    VD_ASSIGN(const store::EventKey key, key_of(request));
    VD_ASSIGN(const auto store, store_.to_read());
    VD_ASSIGN(std::optional<Event> event, store->find(key));
    if (!event) return Error{ErrorCode::kNotFound, "no event " + key.camera + "/" + std::to_string(key.id)};
    return *std::move(event);
  }

  template <typename Do>
  Result<> change(const Request& request, const Do& change) {
    VD_ASSIGN(const store::EventKey key, key_of(request));
    VD_ASSIGN(const auto store, store_.to_change());
    return change(*store, key);
  }

  static Reply media(const Request& request, const std::string& path, const char* type) {
    Reply reply = file_reply(path, type, request.head);
    if (reply.status >= 400) return reply;
    // Asked for again each time (the ETag makes that cheap): the next who uses this browser may not see the camera.
    reply.headers.emplace_back("Cache-Control", "private, no-cache");
    const std::string name = path.substr(path.rfind('/') + 1);
    reply.headers.emplace_back("Content-Disposition", "inline; filename=\"" + name + "\"");
    return reply;
  }

  EventStore store_;
};

Operation operation(std::string summary, std::vector<Answer> answers) {
  Operation what{.tag = "events", .summary = std::move(summary), .answers = std::move(answers)};
  what.problems = {500};
  return what;
}

Operation media(std::string summary, const char* type) {
  Operation what = operation(
      std::move(summary), {{200, "", {}, type}, {206, "the part that Range asked for", {}, type}, {304, "you have it already"}});
  what.problems = {416, 500};
  return what;
}

Operation list_operation() {
  Operation what = operation("What was recorded, the newest first",
                             {{200, "",
                               object({{"events", list(event_schema())},
                                       {"next", described(or_null(text()), "for `before`; null: these were the last")}})}});
  what.query = {text_param("camera", "of this camera", 1, 31),
                text_param("label", "of this class", 1, 64),
                text_param("zone", "that were in this zone at any time", 1, 64),
                integer_param("since", "begun then or later, Unix milliseconds", 0, kMostMs),
                integer_param("until", "begun before then, Unix milliseconds", 0, kMostMs),
                boolean_param("favourites", "favourites alone"),
                integer_param("limit", fmt::format("at most so many; {} if it isn't said", kUsualEvents), 1, kMostEvents),
                text_param("before", "where an earlier list ended: its `next`", 1, 96)};
  return what;
}

}  // namespace

std::string cursor_text(const Event& last) { return fmt::format("{}.{}.{}", last.started_at_ms, last.key.id, last.key.camera); }

std::optional<store::Cursor> parse_cursor(std::string_view text) {
  const std::size_t first = text.find('.');
  const std::size_t second = first == std::string_view::npos ? first : text.find('.', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  const auto at = number_of(text.substr(0, first)), id = number_of(text.substr(first + 1, second - first - 1));
  if (!at || !id || second + 1 == text.size()) return std::nullopt;
  return store::Cursor{static_cast<std::int64_t>(*at), {std::string(text.substr(second + 1)), *id}};
}

void add_event_routes(RouteTable& table, std::string storage) {
  const auto api = std::make_shared<EventApi>(std::move(storage));
  const auto add = [&](const char* method, const std::string& path, Role least, Handler handler, Operation what) {
    Route route{method, path, least, std::move(handler), std::move(what), true};
    route.past_cameras = true;
    table.add(std::move(route));
  };
  const std::string event = "/api/events/{camera}/{id}";
  add(
      "GET", "/api/events", Role::kViewer, [api](const Request& request) { return api->list(request); }, list_operation());
  add(
      "GET", event, Role::kViewer, [api](const Request& request) { return api->one(request); },
      operation("An event", {{200, "", event_schema()}}));
  Operation mark = operation("Mark an event as a favourite, or no more", {{200, "as it is now", event_schema()}});
  mark.body = {required(boolean_param("favourite", ""))};
  mark.problems = {409, 500};
  add(
      "PATCH", event, Role::kOperator, [api](const Request& request) { return api->mark(request); }, std::move(mark));
  Operation remove = operation("Remove an event and its files", {{204, "done"}});
  remove.problems = {409, 500};
  remove.about = "409: it goes on.";
  add(
      "DELETE", event, Role::kOperator, [api](const Request& request) { return api->remove(request); }, std::move(remove));
  add(
      "GET", event + "/snapshot.jpg", Role::kViewer,
      [api](const Request& request) { return api->picture(request, &store::Tree::snapshot); },
      media("Its best picture", "image/jpeg"));
  add(
      "GET", event + "/crop.jpg", Role::kViewer,
      [api](const Request& request) { return api->picture(request, &store::Tree::crop); },
      media("The part of its best picture that it is about", "image/jpeg"));
  add(
      "GET", event + "/boxed.jpg", Role::kViewer,
      [api](const Request& request) { return api->picture(request, &store::Tree::boxed); },
      media("Its best picture with a box around what it is about", "image/jpeg"));
  Operation clip = media("Its clip", "video/mp4");
  clip.about = "Seekable by Range. The stream changed within it: further parts.";
  clip.query = {integer_param("part", "1 if it isn't said", 1, 1000)};
  add(
      "GET", event + "/clip.mp4", Role::kViewer, [api](const Request& request) { return api->clip(request); }, std::move(clip));
}

}  // namespace vedette::gateway
