#include "control/decide.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "control/options.h"
#include "recording/reader.h"
#include "schema/class_names.h"
#include "schema/motion.h"

namespace vedette::control {
namespace {

using Json = nlohmann::ordered_json;

double rounded(float value) { return std::round(static_cast<double>(value) * 1e4) / 1e4; }

// An object over the whole recording.
struct Life {
  std::string label;
  double first_ms = 0;
  double last_ms = 0;      // detected last
  std::uint32_t seen = 0;  // results on which it was detected
};

class Player {
 public:
  Player(const DecisionOptions& options, std::uint32_t minute, bool tracks, std::FILE* out)
      : decisions_(options, [this] { return ++events_; }), minute_(minute), tracks_(tracks), out_(out) {}

  // Class names as of the recorded topic.
  void set_names(const std::string& names) {
    if (names == names_text_) return;
    names_text_ = names;
    names_ = split_class_names(names);
    tell(decisions_.set_names(names).ended);
  }

  void play(const Detections& record) {
    const DetectionsInfo& info = record.info;
    if (first_at_ns_ == 0) first_at_ns_ = info.captured_at_ns(), first_frame_ = info.frame_id();
    now_ms_ = ms_of(info.captured_at_ns());
    const Decisions::Decided decided = decisions_.take(record, {info.published_at_ns(), minute()});
    if (decided.counted != rules::Counted::kYes) return void(++not_counted_);
    ++results_;
    for (const Track& track : decisions_.tracks()) follow(track);
    if (tracks_) tell_tracks(info.frame_id());
    tell_decided(decided);
  }

  void still(const MotionInfo& info) {
    if (first_at_ns_ == 0 || info.model_skipped() != 1) return;
    now_ms_ = ms_of(info.captured_at_ns());
    const Decisions::Decided decided =
        decisions_.still(info.frame_id(), info.captured_at_ns(), {info.published_at_ns(), minute()});
    if (decided.counted == rules::Counted::kYes) tell_decided(decided);
  }

  void finish() {
    Json counts = Json::array(), objects = Json::array();
    for (const rules::Count& count : decisions_.findings().counts)
      counts.push_back({{"place", count.place},
                        {"label", count.label},
                        {"inside", count.inside},
                        {"into", count.into},
                        {"out_of", count.out_of}});
    for (const auto& [id, life] : lives_)
      objects.push_back(
          {{"id", id}, {"label", life.label}, {"first_ms", life.first_ms}, {"last_ms", life.last_ms}, {"seen", life.seen}});
    print({{"results", results_},
           {"not_counted", not_counted_},
           {"mode", to_string(decisions_.sentry().mode())},
           {"events", events_},
           {"counts", std::move(counts)},
           {"tracks", std::move(objects)}});
  }

 private:
  double ms_of(std::uint64_t at_ns) const { return std::round(static_cast<double>(age_ns(first_at_ns_, at_ns)) / 1e6); }
  std::uint64_t number_of(std::uint64_t frame_id) const {
    return frame_id >= first_frame_ && frame_id != 0 ? frame_id - first_frame_ : 0;
  }
  std::uint32_t minute() const { return (minute_ + static_cast<std::uint32_t>(now_ms_ / 60'000)) % rules::kMinutesOfWeek; }

  void tell_decided(const Decisions::Decided& decided) {
    if (const auto& transition = decided.transition)
      print({{"at_ms", now_ms_}, {"from", to_string(transition->from)}, {"to", to_string(transition->to)}});
    tell(decisions_.findings().changes);
  }

  // Only objects that the tracker became sure of.
  void follow(const Track& track) {
    if (track.phase() != TrackPhase::Confirmed) return;
    const auto [life, fresh] = lives_.try_emplace(track.id());
    if (fresh) life->second.first_ms = ms_of(track.first_at_ns());
    life->second.label = class_name(names_, track.class_id());
    life->second.last_ms = now_ms_;
    ++life->second.seen;
  }

  void tell_tracks(std::uint64_t frame_id) {
    Json all = Json::array();
    for (const Track& track : decisions_.tracks())
      all.push_back({{"id", track.id()},
                     {"label", class_name(names_, track.class_id())},
                     {"phase", to_string(track.phase())},
                     {"x", rounded(track.x())},
                     {"y", rounded(track.y())},
                     {"width", rounded(track.width())},
                     {"height", rounded(track.height())},
                     {"still", track.still_since_ns() != 0}});
    print({{"frame", number_of(frame_id)}, {"at_ms", now_ms_}, {"tracks", std::move(all)}});
  }

  void tell(const std::vector<rules::Change>& changes) {
    for (const rules::Change& change : changes) {
      if (change.phase == schema::EventPhase::Update) continue;
      Json line{{"at_ms", now_ms_},          {"event", change.event.id},  {"phase", to_string(change.phase)},
                {"rule", change.event.rule}, {"zone", change.event.zone}, {"label", change.event.label}};
      if (change.event.track_id != 0)
        line["track"] = change.event.track_id;
      else
        line["number"] = change.number;
      line["best_frame"] = number_of(change.event.best.frame_id);
      print(line);
    }
  }

  void print(const Json& line) { std::fprintf(out_, "%s\n", line.dump(-1, ' ', false, Json::error_handler_t::replace).c_str()); }

  std::uint64_t events_ = 0;
  Decisions decisions_;
  std::uint32_t minute_;
  bool tracks_;
  std::FILE* out_;
  std::string names_text_;
  std::vector<std::string> names_;
  std::uint64_t first_at_ns_ = 0;
  std::uint64_t first_frame_ = 0;
  double now_ms_ = 0;
  std::uint64_t results_ = 0;
  std::uint64_t not_counted_ = 0;
  std::map<std::uint64_t, Life> lives_;
};

Result<std::string> camera_in(const recording::RecordingReader& reader, const DecideOptions& options) {
  std::string found;
  for (const recording::RecordedTopic& topic : reader.topics()) {
    if (topic.options.schema_id != kDetectionsSchema || topic.name.camera == found) continue;
    if (!options.camera.empty() && topic.name.camera != options.camera) continue;
    if (!found.empty())
      return Error{ErrorCode::kInvalidArgument,
                   options.recording + ": detections of several cameras; expected --camera to name one"};
    found = topic.name.camera;
  }
  if (found.empty())
    return Error{ErrorCode::kNotFound, options.recording + ": no detections" +
                                           (options.camera.empty() ? "" : " of camera \"" + options.camera + "\"") +
                                           "; expected a recording of <camera>/detections (vedette dump)"};
  return found;
}

Result<const CameraConfig*> rules_for(const Config& config, const std::string& name, bool is_asked_for) {
  for (const CameraConfig& camera : config.cameras)
    if (camera.name == name) return &camera;
  if (!is_asked_for && config.cameras.size() == 1) return &config.cameras.front();
  return Error{ErrorCode::kNotFound, config.path + ": no camera \"" + name + "\"; --as names the one whose rules hold"};
}

}  // namespace

Result<> decide(const Config& config, const DecideOptions& options, std::FILE* out) {
  VD_ASSIGN(const recording::RecordingReader reader, recording::RecordingReader::open(options.recording));
  VD_ASSIGN(const std::string name, camera_in(reader, options));
  VD_ASSIGN(const CameraConfig* const camera, rules_for(config, options.as.empty() ? name : options.as, !options.as.empty()));
  Player player(decision_options(config, *camera), options.minute, options.tracks, out);
  std::vector<std::byte> buffer;
  Detections boxes;
  Motion moves;
  for (const recording::IndexEntry& entry : reader.records()) {
    const recording::RecordedTopic& topic = reader.topics()[entry.record.topic];
    if (topic.name.camera != name) continue;
    const bool detections = topic.options.schema_id == kDetectionsSchema;
    if (!detections && topic.options.schema_id != kMotionSchema) continue;
    VD_ASSIGN(const std::span<const std::byte> record, reader.read(entry, buffer));
    if (detections) {
      VD_TRY(read_detections(record, boxes));
      player.set_names(topic.options.metadata);
      player.play(boxes);
    } else {
      VD_TRY(read_motion(record, moves));
      player.still(moves.info);
    }
  }
  player.finish();
  return {};
}

}  // namespace vedette::control
