#include "gateway/api/camera_api.h"

#include <cstring>
#include <memory>

#include "base/clock.h"
#include "bus/inspect.h"
#include "gateway/api/schemas.h"
#include "gateway/messages.h"
#include "schema/frame.h"

namespace vedette::gateway {
namespace {

using namespace schemas;
using schema::CommandKind;

const std::vector<std::string> kModes = {"standby", "validation", "tracking"};
const Json kRotation = {{"type", "integer"}, {"enum", {0, 90, 180, 270}}};

// The size of the camera's own picture, by the newest frame; null: there is none.
Json size_of(const bus::BusDir& dir, const std::string& camera) {
  const auto newest = bus::glimpse(dir, {camera, "frames"}, sizeof(FrameInfo));
  FrameInfo info;
  if (!newest || newest->sequence == 0 || newest->bytes.size() < sizeof info) return nullptr;
  std::memcpy(&info, newest->bytes.data(), sizeof info);
  if (!check_frame(info, newest->record_bytes)) return nullptr;
  return {{"width", info.source_width()}, {"height", info.source_height()}};
}

// Before its feed has said anything: nothing is known of it but its stages.
Json state_of(const CameraHub& hub) {
  StatePtr state = hub.state();
  if (!state) {
    auto unknown = std::make_shared<StateReport>();
    unknown->stages = hub.stages(monotonic_ns());
    unknown->inputs = hub.inputs(monotonic_ns());
    state = std::move(unknown);
  }
  Json json = Json::parse(state_json(state_head(*state), 0.0));
  json["fps"].erase("sent");  // a viewer's
  return json;
}

// Its address is for those who may configure it: what hides in one (a key in a path) can't all be known.
Json camera_of(const CameraParts& parts, const CameraHub& hub, const Principal& who) {
  const Json state = state_of(hub);
  const auto known = parts.facts.find(hub.name());
  const CameraFacts facts = known == parts.facts.end() ? CameraFacts{} : known->second;
  return {{"name", hub.name()},
          {"url", who.may(Role::kAdmin) ? Json(facts.url) : Json()},
          {"rotate", facts.rotate},
          {"flip", facts.flip},
          {"mode", state["mode"]},
          {"paused", state["paused"]},
          {"detecting", state["detecting"]},
          {"has_detect", hub.has_detect()},
          {"size", size_of(*parts.dir, hub.name())},
          {"stages", state["stages"]},
          {"inputs", state["inputs"]}};
}

Json stages_schema() {
  return list(object({{"name", one_of({"capture", "detect", "control"})},
                      {"status", one_of({"ok", "stale", "missing"})},
                      {"age_ms", described(or_null(integer()), "of the last sign of life")}}));
}

Json inputs_schema() {
  return list(object({{"name", described(text(), "\"\" of the one that detects")},
                      {"status", one_of({"ok", "opening", "silent", "reopening", "stale", "missing"})},
                      {"picture_age_ms", or_null(integer())},
                      {"about", text()},
                      {"error", or_null(text())}}));
}

Json camera_schema() {
  return object({{"name", text()},
                 {"url", described(or_null(text()), "without user and password; for admins alone, else null")},
                 {"rotate", described(kRotation, "clockwise, of its pictures, after they are flipped; masks are before both")},
                 {"flip", one_of({"none", "horizontal", "vertical", "both"})},
                 {"mode", described(or_null(one_of(kModes)), "null: control hasn't said, or doesn't run")},
                 {"paused", boolean()},
                 {"detecting", described(boolean(), "false: detection is off by command")},
                 {"has_detect", described(boolean(), "false: the configuration wants no detection here")},
                 {"size", described(or_null(object({{"width", integer()}, {"height", integer()}})),
                                    "of the camera's own picture, by the newest frame; null: there is none")},
                 {"stages", stages_schema()},
                 {"inputs", inputs_schema()}});
}

class CameraApi {
 public:
  explicit CameraApi(CameraParts parts) : parts_(std::move(parts)) {}

  Reply list(const Request& request) const {
    Json cameras = Json::array();
    for (const CameraHub* hub : parts_.hubs)
      if (request.who.may_see(hub->name())) cameras.push_back(camera_of(parts_, *hub, request.who));
    return json_reply(200, dump({{"cameras", std::move(cameras)}}));
  }

  Reply one(const Request& request) const { return json_reply(200, dump(camera_of(parts_, hub(request), request.who))); }
  Reply state(const Request& request) const { return json_reply(200, dump(state_of(hub(request)))); }

  Reply tell(const Request& request, CommandKind kind, Mode mode = Mode::Standby) const {
    const auto told = stage::send_command(parts_.dir->path(), {request.param("camera"), kind, mode, "", ""});
    return told ? no_content() : problem_of(told.error());
  }

  Reply set_mode(const Request& request) const {
    const std::string mode = request.body["mode"];
    for (const Mode known : {Mode::Standby, Mode::Validation, Mode::Tracking})
      if (mode == vedette::to_string(known)) return tell(request, CommandKind::ForceMode, known);
    return tell(request, CommandKind::AutoMode);
  }

 private:
  // The table has checked that there is one.
  const CameraHub& hub(const Request& request) const {
    const std::string& name = request.param("camera");
    for (const CameraHub* hub : parts_.hubs)
      if (hub->name() == name) return *hub;
    VD_ASSERT(false, "a route of a camera that isn't configured");
  }

  CameraParts parts_;
};

Operation operation(std::string summary, std::vector<Answer> answers, std::string about = {}) {
  return {.tag = "cameras", .summary = std::move(summary), .about = std::move(about), .answers = std::move(answers)};
}

Operation command(std::string summary, std::string about, std::vector<Param> body = {}) {
  Operation told = operation(std::move(summary), {{204, "done"}}, std::move(about));
  told.body = std::move(body);
  told.problems = {422, 503};
  return told;
}

}  // namespace

Json state_schema() {
  return object({{"type", one_of({"state"})},
                 {"mode", or_null(one_of(kModes))},
                 {"mode_since_ms", or_null(integer())},
                 {"targets", integer()},
                 {"still", boolean()},
                 {"detecting", boolean()},
                 {"paused", boolean()},
                 {"fps", object({{"capture", number()}, {"detect", number()}})},
                 {"latency_ms", object({{"p50", or_null(number())}, {"p99", or_null(number())}})},
                 {"dropped", integer()},
                 {"stages", stages_schema()},
                 {"inputs", inputs_schema()}});
}

void add_camera_routes(RouteTable& table, CameraParts parts) {
  const auto api = std::make_shared<const CameraApi>(std::move(parts));
  const std::string camera = "/api/cameras/{camera}";
  const auto add = [&](const char* method, const std::string& path, Role least, Handler handler, Operation what) {
    table.add({method, path, least, std::move(handler), std::move(what), true});
  };
  add(
      "GET", "/api/cameras", Role::kViewer, [api](const Request& request) { return api->list(request); },
      operation("All cameras that you may see",
                {{200, "in the configured order", object({{"cameras", list(camera_schema())}})}}));
  add(
      "GET", camera, Role::kViewer, [api](const Request& request) { return api->one(request); },
      operation("One camera", {{200, "", camera_schema()}}));
  add(
      "GET", camera + "/state", Role::kViewer, [api](const Request& request) { return api->state(request); },
      operation("How a camera does", {{200, "as of half a second ago at most", state_schema()}}));
  add(
      "PUT", camera + "/mode", Role::kOperator, [api](const Request& request) { return api->set_mode(request); },
      command("Force a mode, or let the sentry decide", "A forced mode stays over restarts until it is \"auto\" again.",
              {required(choice_param("mode", "", {"auto", "standby", "validation", "tracking"}))}));
  add(
      "PUT", camera + "/detection", Role::kOperator,
      [api](const Request& request) {
        const bool enabled = request.body["enabled"];
        return api->tell(request, enabled ? CommandKind::StartDetecting : CommandKind::StopDetecting);
      },
      command("Switch detection on or off", "Pictures go on either way.", {required(boolean_param("enabled", ""))}));
  add(
      "POST", camera + "/pause", Role::kOperator,
      [api](const Request& request) { return api->tell(request, CommandKind::Pause); },
      command("Pause a camera", "Nothing is published or detected until it is resumed, over restarts too."));
  add(
      "POST", camera + "/resume", Role::kOperator,
      [api](const Request& request) { return api->tell(request, CommandKind::Resume); }, command("End a camera's pause", ""));
}

}  // namespace vedette::gateway
