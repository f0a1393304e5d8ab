#include "gateway/messages.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "schema/class_names.h"

namespace vedette::gateway {
namespace {

using Json = nlohmann::ordered_json;

// Bytes that aren't UTF-8 (a class name, an event's text) become U+FFFD; nothing throws.
std::string dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

double rounded(double value, double steps) { return std::round(value * steps) / steps; }
double to_ms(std::uint64_t ns) { return rounded(static_cast<double>(ns) / 1e6, 1e3); }
Json number_or_null(const std::optional<double>& value) { return value ? Json(rounded(*value, 1e3)) : Json(nullptr); }

Json number_or_null(const std::optional<std::uint64_t>& value) { return value ? Json(*value) : Json(nullptr); }

Json stages_array(const std::vector<Stage>& stages) {
  Json array = Json::array();
  for (const Stage& stage : stages)
    array.push_back({{"name", stage.name}, {"status", to_string(stage.status)}, {"age_ms", number_or_null(stage.age_ms)}});
  return array;
}

Json inputs_array(const std::vector<Input>& inputs) {
  Json array = Json::array();
  for (const Input& input : inputs)
    array.push_back({{"name", input.name},
                     {"status", to_string(input.status)},
                     {"picture_age_ms", number_or_null(input.picture_age_ms)},
                     {"about", input.about},
                     {"error", input.error.empty() ? Json(nullptr) : Json(input.error)}});
  return array;
}

std::string prefixed(const Json& header) {
  const std::string json = dump(header);
  std::string prefix;
  for (int shift = 0; shift < 32; shift += 8) prefix.push_back(static_cast<char>((json.size() >> shift) & 0xff));
  return prefix + json;
}

}  // namespace

std::string hello_json(std::string_view camera, const std::vector<std::string>& classes) {
  return dump({{"type", "hello"},
               {"camera", camera},
               {"classes", classes},
               {"stale_after_ms", kStaleAfterMs},
               {"version", VEDETTE_VERSION}});
}

std::string detections_json(const Detections& detections, const std::vector<std::string>& classes) {
  const DetectionsInfo& info = detections.info;
  Json boxes = Json::array();
  for (const Detection& box : detections.boxes)
    boxes.push_back({{"x", rounded(box.x(), 1e5)},
                     {"y", rounded(box.y(), 1e5)},
                     {"width", rounded(box.width(), 1e5)},
                     {"height", rounded(box.height(), 1e5)},
                     {"score", rounded(box.score(), 1e3)},
                     {"class", class_name(classes, box.class_id())}});
  return dump({{"type", "detections"},
               {"frame_id", info.frame_id()},
               {"captured_at_ms", to_ms(info.captured_at_ns())},
               {"latency_ms", to_ms(age_ns(info.captured_at_ns(), info.published_at_ns()))},
               {"inference_ms", to_ms(info.inference_ns())},
               {"boxes", std::move(boxes)}});
}

std::string tracks_json(const Tracks& tracks, const std::vector<std::string>& classes) {
  Json array = Json::array();
  for (const Track& track : tracks.tracks)
    array.push_back({{"id", track.id()},
                     {"x", rounded(track.x(), 1e5)},
                     {"y", rounded(track.y(), 1e5)},
                     {"width", rounded(track.width(), 1e5)},
                     {"height", rounded(track.height(), 1e5)},
                     {"vx", rounded(track.velocity_x(), 1e5)},
                     {"vy", rounded(track.velocity_y(), 1e5)},
                     {"score", rounded(track.score(), 1e3)},
                     {"class", class_name(classes, track.class_id())},
                     {"phase", vedette::to_string(track.phase())},
                     {"still", track.still_since_ns() != 0}});
  return dump({{"type", "tracks"},
               {"frame_id", tracks.info.frame_id()},
               {"captured_at_ms", to_ms(tracks.info.captured_at_ns())},
               {"tracks", std::move(array)}});
}

std::string video_json(const Video& video, std::string_view why) {
  return dump({{"type", "video"},
               {"path", video.source == VideoSource::kPixels ? "jpeg" : "packets"},
               {"source", to_string(video.source)},
               {"codec", codec_name(video.codec)},
               {"codec_string", video.codec_string},
               {"width", video.width},
               {"height", video.height},
               {"why", why}});
}

// Ends where the viewer's own rate goes.
std::string state_head(const StateReport& report) {
  Json fps = {{"capture", rounded(report.capture_fps, 10)}, {"detect", rounded(report.detect_fps, 10)}, {"sent", 0}};
  Json latency = {{"p50", number_or_null(report.latency_p50_ms)}, {"p99", number_or_null(report.latency_p99_ms)}};
  std::string json = dump({{"type", "state"},
                           {"mode", report.mode ? Json(vedette::to_string(*report.mode)) : Json(nullptr)},
                           {"mode_since_ms", number_or_null(report.mode_since_ms)},
                           {"targets", report.targets},
                           {"still", report.still},
                           {"detecting", report.detecting},
                           {"paused", report.paused},
                           {"latency_ms", std::move(latency)},
                           {"dropped", report.dropped},
                           {"stages", stages_array(report.stages)},
                           {"inputs", inputs_array(report.inputs)},
                           {"fps", std::move(fps)}});
  json.resize(json.size() - std::string_view("0}}").size());
  return json;
}

std::string state_json(std::string_view head, double sent_fps) {
  return std::string(head) + Json(rounded(sent_fps, 10)).dump() + "}}";
}

std::string event_json(const schema::Event& event) {
  const auto text_of = [](const flatbuffers::String* text) { return text != nullptr ? text->str() : std::string(); };
  return dump({{"type", "event"},
               {"id", event.id()},
               {"kind", vedette::to_string(event.kind())},
               {"phase", vedette::to_string(event.phase())},
               {"wall_ms", event.wall_at_ns() / 1'000'000},
               {"frame_id", event.frame_id()},
               {"text", text_of(event.text())},
               {"label", text_of(event.label())},
               {"rule", text_of(event.rule())},
               {"zone", text_of(event.zone())},
               {"track", event.track_id()}});
}

std::string frame_prefix(const Picture& picture) {
  return prefixed({{"type", "frame"},
                   {"frame_id", picture.frame_id()},
                   {"captured_at_ms", to_ms(picture.captured_at_ns())},
                   {"age_ms", to_ms(age_ns(picture.captured_at_ns(), picture.made_at_ns()))},
                   {"width", picture.video()->width},
                   {"height", picture.video()->height},
                   {"codec", "jpeg"}});
}

std::string packet_prefix(const Picture& picture, std::int64_t pts_ns) {
  const Video& video = *picture.video();
  return prefixed({{"type", "packet"},
                   {"frame_id", picture.frame_id()},
                   {"captured_at_ms", to_ms(picture.captured_at_ns())},
                   {"pts_us", pts_ns / 1000},
                   {"key", picture.key()},
                   {"stream", video.stream},
                   {"codec", codec_name(video.codec)},
                   {"width", video.width},
                   {"height", video.height}});
}

std::string cameras_json(const std::vector<std::string>& names) {
  Json cameras = Json::array();
  for (const std::string& name : names) cameras.push_back({{"name", name}});
  return dump({{"cameras", std::move(cameras)}});
}

std::string ready_json(const std::vector<CameraHealth>& cameras) {
  bool ready = true;
  Json array = Json::array();
  for (const CameraHealth& camera : cameras) {
    ready = ready && all_ok(camera.stages) && all_ok(camera.inputs);
    array.push_back({{"name", camera.name}, {"stages", stages_array(camera.stages)}, {"inputs", inputs_array(camera.inputs)}});
  }
  return dump({{"ready", ready}, {"cameras", std::move(array)}});
}

std::string pushed_json(const Pushed& pushed) {
  return dump({{"frame_id", pushed.frame_id}, {"captured_at", pushed.client_time ? "client" : "arrival"}});
}

std::string error_json(std::string_view sentence) { return dump({{"error", sentence}}); }

}  // namespace vedette::gateway
