#include "look/records.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/clock.h"
#include "schema/class_names.h"
#include "schema/motion.h"
#include "schema/packet.h"
#include "schema/records.h"
#include "schema/tracks.h"

namespace vedette::look {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kHexBytes = 64;

// Milliseconds with three digits after the point: what a person compares.
double milliseconds(std::uint64_t ns) { return std::round(static_cast<double>(ns) / 1e3) / 1e3; }
double rounded(float value) { return std::round(static_cast<double>(value) * 1e4) / 1e4; }
std::string text_of(const flatbuffers::String* text) { return text != nullptr ? printable(text->string_view()) : ""; }
Json failed(const Error& error) { return Json{{"error", printable(error.text)}}; }

std::string mode_name(Mode mode) { return is_mode(mode) ? std::string(to_string(mode)) : std::to_string(static_cast<int>(mode)); }

Json frame(std::span<const std::byte> record, std::uint64_t now_ns) {
  FrameInfo info;
  if (record.size() < sizeof info) return Json{{"error", "frame record: shorter than its header"}};
  std::memcpy(&info, record.data(), sizeof info);
  if (const auto good = check_frame(info, record.size()); !good.ok()) return failed(good.error());
  Json json{{"camera", printable(camera_of(info))},
            {"width", info.width()},
            {"height", info.height()},
            {"format", to_string(info.format())}};
  if (info.source_width() != info.width() || info.source_height() != info.height())
    json["source"] = {info.source_width(), info.source_height()};
  json["mode"] = mode_name(info.mode());
  json["captured_at_ns"] = info.captured_at_ns();
  json["published_at_ns"] = info.published_at_ns();
  json["wall_at_ns"] = info.wall_at_ns();
  json["age_ms"] = milliseconds(age_ns(info.captured_at_ns(), now_ns));
  Json planes = Json::array();
  for (int plane = 0; plane < plane_count(info.format()); ++plane) {
    const auto index = static_cast<flatbuffers::uoffset_t>(plane);
    const PlaneGeometry extent = plane_extent(info.format(), plane, info.width(), info.height());
    const std::uint32_t stride = info.plane_stride()->Get(index);
    planes.push_back(
        {{"offset", info.plane_offset()->Get(index)}, {"stride", stride}, {"bytes", std::uint64_t{stride} * extent.rows}});
  }
  json["planes"] = std::move(planes);
  return json;
}

Json packet(std::span<const std::byte> record, std::uint64_t now_ns) {
  const auto view = packet_view(record);
  if (!view.ok()) return failed(view.error());
  const PacketInfo& info = view->info;
  Json json{{"codec", to_string(info.codec())}, {"keyframe", info.keyframe() == 1}};
  if (is_video(info.codec()))
    json["width"] = info.width(), json["height"] = info.height();
  else
    json["sample_rate"] = info.sample_rate(), json["channels"] = info.channels();
  json["config_bytes"] = info.config_bytes();
  json["data_bytes"] = info.data_bytes();
  json["stream"] = info.stream();
  json["pts_ms"] = std::round(static_cast<double>(info.pts_ns()) / 1e3) / 1e3;
  json["dts_ms"] = std::round(static_cast<double>(info.dts_ns()) / 1e3) / 1e3;
  json["captured_at_ns"] = info.captured_at_ns();
  json["published_at_ns"] = info.published_at_ns();
  json["wall_at_ns"] = info.wall_at_ns();
  if (info.camera_wall_at_ns() != 0) json["camera_wall_at_ns"] = info.camera_wall_at_ns();
  json["age_ms"] = milliseconds(age_ns(info.captured_at_ns(), now_ns));
  return json;
}

Json detections(std::span<const std::byte> record, const std::vector<std::string>& names, std::uint64_t now_ns) {
  Detections read;
  if (const auto good = read_detections(record, read); !good.ok()) return failed(good.error());
  Json boxes = Json::array();
  for (const Detection& box : read.boxes)
    boxes.push_back({{"label", printable(class_name(names, box.class_id()))},
                     {"score", rounded(box.score())},
                     {"x", rounded(box.x())},
                     {"y", rounded(box.y())},
                     {"width", rounded(box.width())},
                     {"height", rounded(box.height())}});
  return {{"captured_at_ns", read.info.captured_at_ns()},
          {"published_at_ns", read.info.published_at_ns()},
          {"age_ms", milliseconds(age_ns(read.info.captured_at_ns(), now_ns))},
          {"inference_ms", milliseconds(read.info.inference_ns())},
          {"detections", std::move(boxes)}};
}

Json tracks(std::span<const std::byte> record, const std::vector<std::string>& names, std::uint64_t now_ns) {
  Tracks read;
  if (const auto good = read_tracks(record, read); !good.ok()) return failed(good.error());
  const std::uint64_t at_ns = read.info.captured_at_ns();
  Json all = Json::array();
  for (const Track& track : read.tracks)
    all.push_back(
        {{"id", track.id()},
         {"label", printable(class_name(names, track.class_id()))},
         {"phase", to_string(track.phase())},
         {"score", rounded(track.score())},
         {"x", rounded(track.x())},
         {"y", rounded(track.y())},
         {"width", rounded(track.width())},
         {"height", rounded(track.height())},
         {"velocity", {rounded(track.velocity_x()), rounded(track.velocity_y())}},
         {"zones", track.zones()},
         {"for_ms", milliseconds(age_ns(track.first_at_ns(), at_ns))},
         {"still_ms", track.still_since_ns() == 0 ? Json(nullptr) : Json(milliseconds(age_ns(track.still_since_ns(), at_ns)))}});
  return {{"captured_at_ns", at_ns},
          {"published_at_ns", read.info.published_at_ns()},
          {"age_ms", milliseconds(age_ns(at_ns, now_ns))},
          {"tracks", std::move(all)}};
}

// Without its cells: they are a picture, and no text.
Json motion(std::span<const std::byte> record, std::uint64_t now_ns) {
  Motion read;
  if (const auto good = read_motion(record, read); !good.ok()) return failed(good.error());
  Json zones = Json::array();
  for (std::uint32_t zone = 0; zone < read.info.zones(); ++zone) zones.push_back(rounded(read.info.zone_area()->Get(zone)));
  return {{"moving", read.info.moving() != 0},
          {"area", rounded(read.info.area())},
          {"zone_area", std::move(zones)},
          {"light_changed", read.info.light_changed() != 0},
          {"model_skipped", read.info.model_skipped() != 0},
          {"columns", read.info.columns()},
          {"rows", read.info.rows()},
          {"cell_width", read.info.cell_width()},
          {"cell_height", read.info.cell_height()},
          {"threshold", read.info.threshold()},
          {"captured_at_ns", read.info.captured_at_ns()},
          {"published_at_ns", read.info.published_at_ns()},
          {"age_ms", milliseconds(age_ns(read.info.captured_at_ns(), now_ns))}};
}

Json control(const schema::Control& record, std::uint64_t now_ns) {
  return {{"mode", mode_name(record.mode())},
          {"detect_fps", rounded(record.detect_fps())},
          {"paused", record.paused()},
          {"forced", record.forced()},
          {"detecting", record.detecting()},
          {"session", record.session()},
          {"heartbeat_age_ms", milliseconds(age_ns(record.heartbeat_at_ns(), now_ns))}};
}

Json counts(const flatbuffers::Vector<flatbuffers::Offset<schema::Count>>* all) {
  Json array = Json::array();
  if (all == nullptr) return array;
  for (const schema::Count* count : *all)
    array.push_back({{"place", text_of(count->place())},
                     {"label", text_of(count->label())},
                     {"inside", count->inside()},
                     {"into", count->into()},
                     {"out_of", count->out_of()}});
  return array;
}

Json state(const schema::State& record, std::uint64_t now_ns) {
  return {{"mode", mode_name(record.mode())},
          {"forced", record.forced()},
          {"previous_mode", mode_name(record.previous_mode())},
          {"for_ms", milliseconds(age_ns(record.since_ns(), now_ns))},
          {"paused", record.paused()},
          {"targets", record.targets()},
          {"last_frame_id", record.last_frame_id()},
          {"detections_stale", record.detections_stale()},
          {"still", record.still()},
          {"detecting", record.detecting()},
          {"threshold", rounded(record.threshold())},
          {"counts", counts(record.counts())},
          {"heartbeat_age_ms", milliseconds(age_ns(record.heartbeat_at_ns(), now_ns))}};
}

// The name of an enum's value, its number if it has none.
template <typename E>
std::string name_of(E value) {
  return value >= E::MIN && value <= E::MAX ? std::string(to_string(value)) : std::to_string(static_cast<int>(value));
}

Json event(const schema::Event& record, std::uint64_t now_ns) {
  Json json{{"id", record.id()},
            {"kind", name_of(record.kind())},
            {"phase", name_of(record.phase())},
            {"text", text_of(record.text())},
            {"label", text_of(record.label())},
            {"score", rounded(record.score())},
            {"frame_id", record.frame_id()}};
  if (record.phase() != schema::EventPhase::Once) {
    json.update({{"rule", text_of(record.rule())},
                 {"zone", text_of(record.zone())},
                 {"track_id", record.track_id()},
                 {"started_at_ns", record.started_at_ns()},
                 {"started_wall_at_ns", record.started_wall_at_ns()},
                 {"best_frame_id", record.best_frame_id()},
                 {"best_captured_at_ns", record.best_captured_at_ns()},
                 {"best_box", {rounded(record.x()), rounded(record.y()), rounded(record.width()), rounded(record.height())}}});
  }
  json["wall_at_ns"] = record.wall_at_ns();
  json["age_ms"] = milliseconds(age_ns(record.at_ns(), now_ns));
  return json;
}

Json media(const schema::Media& record, std::uint64_t now_ns) {
  return {{"event_id", record.event_id()},
          {"kind", name_of(record.kind())},
          {"path", text_of(record.path())},
          {"frame_id", record.frame_id()},
          {"bytes", record.bytes()},
          {"duration_ms", record.duration_ms()},
          {"age_ms", milliseconds(age_ns(record.at_ns(), now_ns))}};
}

Json source(const schema::Source& record, std::uint64_t now_ns) {
  const bool known = record.status() >= schema::SourceStatus::MIN && record.status() <= schema::SourceStatus::MAX;
  constexpr const char* kNames[] = {"opening", "open", "failed"};
  return {{"status",
           known ? std::string(kNames[static_cast<int>(record.status())]) : std::to_string(static_cast<int>(record.status()))},
          {"for_ms", milliseconds(age_ns(record.since_ns(), now_ns))},
          {"picture_age_ms",
           record.picture_at_ns() == 0 ? Json(nullptr) : Json(milliseconds(age_ns(record.picture_at_ns(), now_ns)))},
          {"about", text_of(record.about())},
          {"error", text_of(record.error())}};
}

template <typename T>
Json table(std::span<const std::byte> record, std::uint64_t now_ns, Json (*tell)(const T&, std::uint64_t)) {
  RecordBuffer buffer;
  const auto read = copy_record<T>(record, buffer);
  return read.ok() ? tell(**read, now_ns) : failed(read.error());
}

Json hex(std::span<const std::byte> record) {
  std::string text;
  for (const std::byte byte : record.first(std::min(record.size(), kHexBytes)))
    text += fmt::format("{:02x}", static_cast<unsigned>(byte));
  return {{"hex", text}};
}

template <typename T>
std::optional<std::uint64_t> stamp_of_struct(std::span<const std::byte> record) {
  T info;
  if (record.size() < sizeof info) return std::nullopt;
  std::memcpy(&info, record.data(), sizeof info);
  return info.captured_at_ns();
}

template <typename T>
std::optional<std::uint64_t> stamp_of_table(std::span<const std::byte> record, std::uint64_t (T::*stamp)() const) {
  RecordBuffer buffer;
  const auto read = copy_record<T>(record, buffer);
  if (!read.ok()) return std::nullopt;
  return ((*read)->*stamp)();
}

}  // namespace

std::string schema_name(std::uint64_t schema_id) {
  switch (schema_id) {
    case kFrameSchema:
      return "frames";
    case kDetectionsSchema:
      return "detections";
    case kMotionSchema:
      return "motion";
    case kTracksSchema:
      return "tracks";
    case kControlSchema:
      return "control";
    case kStateSchema:
      return "state";
    case kEventSchema:
      return "events";
    case kMediaSchema:
      return "media";
    case kSourceSchema:
      return "source";
    case kPacketsSchema:
      return "packets";
    default:
      return fmt::format("{:#x}", schema_id);
  }
}

std::optional<std::uint64_t> happened_at_ns(std::uint64_t schema_id, std::span<const std::byte> record) {
  switch (schema_id) {
    case kFrameSchema:
      return stamp_of_struct<FrameInfo>(record);
    case kDetectionsSchema:
      return stamp_of_struct<DetectionsInfo>(record);
    case kMotionSchema:
      return stamp_of_struct<MotionInfo>(record);
    case kTracksSchema:
      return stamp_of_struct<TracksInfo>(record);
    case kControlSchema:
      return stamp_of_table(record, &schema::Control::heartbeat_at_ns);
    case kStateSchema:
      return stamp_of_table(record, &schema::State::heartbeat_at_ns);
    case kEventSchema:
      return stamp_of_table(record, &schema::Event::at_ns);
    case kMediaSchema:
      return stamp_of_table(record, &schema::Media::at_ns);
    case kSourceSchema:
      return stamp_of_table(record, &schema::Source::heartbeat_at_ns);
    case kPacketsSchema:
      return stamp_of_struct<PacketInfo>(record);
    default:
      return std::nullopt;
  }
}

Json to_json(std::uint64_t schema_id, std::span<const std::byte> record, const std::vector<std::string>& class_names,
             std::uint64_t now_ns) {
  switch (schema_id) {
    case kFrameSchema:
      return frame(record, now_ns);
    case kDetectionsSchema:
      return detections(record, class_names, now_ns);
    case kMotionSchema:
      return motion(record, now_ns);
    case kTracksSchema:
      return tracks(record, class_names, now_ns);
    case kControlSchema:
      return table<schema::Control>(record, now_ns, control);
    case kStateSchema:
      return table<schema::State>(record, now_ns, state);
    case kEventSchema:
      return table<schema::Event>(record, now_ns, event);
    case kMediaSchema:
      return table<schema::Media>(record, now_ns, media);
    case kSourceSchema:
      return table<schema::Source>(record, now_ns, source);
    case kPacketsSchema:
      return packet(record, now_ns);
    default:
      return hex(record);
  }
}

namespace {

std::string box_line(const Json& box) {
  return fmt::format("{} {:.2f} at {:.3f},{:.3f} {:.3f}x{:.3f}", box["label"].get<std::string>(), box["score"].get<double>(),
                     box["x"].get<double>(), box["y"].get<double>(), box["width"].get<double>(), box["height"].get<double>());
}

std::string count_line(const Json& count) {
  const std::string what = count["place"].get<std::string>() + " " + count["label"].get<std::string>();
  const std::uint64_t into = count["into"].get<std::uint64_t>(), out_of = count["out_of"].get<std::uint64_t>();
  return into + out_of > 0 ? fmt::format("{} {} in, {} out", what, into, out_of)
                           : fmt::format("{} {}", what, count["inside"].dump());
}

std::string list_line(const Json& list, std::string (*tell)(const Json&)) {
  std::string line;
  for (const Json& item : list) line += (line.empty() ? "" : "; ") + tell(item);
  return line.empty() ? "nothing" : line;
}

}  // namespace

std::string to_line(const Json& record) {
  std::string line;
  for (const auto& [key, value] : record.items()) {
    if (key.ends_with("_at_ns")) continue;  // the age says it
    if (!line.empty()) line += "  ";
    if (key == "detections") {
      line += list_line(value, box_line);
    } else if (key == "tracks") {
      line += list_line(value, [](const Json& track) {
        return track["id"].dump() + " " + track["phase"].get<std::string>() + " " + box_line(track);
      });
    } else if (key == "counts") {
      line += "counts " + list_line(value, count_line);
    } else if (key == "planes") {
      line += "planes";
      for (const Json& plane : value) line += fmt::format(" {}", plane["bytes"].get<std::uint64_t>());
    } else if (key == "width" && record.contains("height")) {
      line += fmt::format("{}x{}", value.get<std::uint32_t>(), record["height"].get<std::uint32_t>());
    } else if (key == "height") {
      line.resize(line.size() - 2);
    } else {
      line += key + " " + (value.is_string() ? value.get<std::string>() : value.dump());
    }
  }
  return line;
}

std::string printable(std::string_view text) {
  std::string result(text);
  std::replace_if(
      result.begin(), result.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, '?');
  return result;
}

}  // namespace vedette::look
