#include "control/camera.h"

#include <algorithm>
#include <utility>

#include "telemetry/log.h"

namespace vedette::control {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Nanoseconds kHeartbeat = milliseconds(250);  // half of what readers may count on
constexpr Nanoseconds kGrace = seconds(15);            // for stages that haven't been seen yet: they start, load, connect
constexpr Nanoseconds kSilence = seconds(10);          // without a result: what is open about objects ends
constexpr Nanoseconds kAdopt = seconds(30);            // mode and objects of before aren't worth more than what was seen then

// Three periods of a rate; none for "every one".
Nanoseconds three_periods(float fps) {
  return Nanoseconds(fps > 0.0f ? static_cast<std::int64_t>(3e9 / static_cast<double>(fps)) : 0);
}

// What another stage may have told: nothing that control finds out by itself.
std::optional<schema::EventKind> told_kind(std::string_view key) {
  for (const schema::EventKind kind : {schema::EventKind::RecordingStopped, schema::EventKind::RecordingBack})
    if (key == to_string(kind)) return kind;
  return std::nullopt;
}

}  // namespace

Result<std::unique_ptr<CameraControl>> CameraControl::open(const bus::BusDir& dir, const CameraOptions& options,
                                                           const KeptCamera* kept) {
  VD_ASSIGN(Topics topics, Topics::open(dir, options.name, options.readers, options.held_per_reader));
  const std::uint64_t now_ns = monotonic_ns();
  std::unique_ptr<CameraControl> camera(new CameraControl(dir, options, std::move(topics), now_ns));
  camera->resume(camera->topics_.left_behind(), kept, now_ns);
  return camera;
}

CameraControl::CameraControl(const bus::BusDir& dir, CameraOptions options, Topics topics, std::uint64_t now_ns)
    : options_(std::move(options)),
      topics_(std::move(topics)),
      announcer_(topics_, options_.name),
      detections_(dir, {options_.name, "detections"}, kDetectionsSchema),
      motion_(dir, {options_.name, "motion"}, kMotionSchema),
      frames_(dir, {options_.name, "frames"}, kFrameSchema),
      decisions_(options_.decisions, [this] { return topics_.next_event_id(); }),
      capture_alive_(kGrace, now_ns),
      detect_alive_(kGrace, now_ns) {
  newest_frame_at_ns_ = heard_at_ns_ = now_ns;
  control_.session = wall_ns() / 1'000'000'000;
  state_.since_ns = now_ns;
}

void CameraControl::resume(const LeftBehind& left, const KeptCamera* kept, std::uint64_t now_ns) {
  std::optional<Mode> forced;
  if (left.control) {
    control_.session = left.control->session;
    control_.paused = left.control->paused;
    control_.detecting = left.control->detecting;
    if (left.control->forced) forced = left.control->mode;
  } else if (kept != nullptr) {
    control_.paused = kept->paused;
    control_.detecting = kept->detecting;
    forced = kept->forced;
  }
  const bool known = left.state && left.state->heartbeat_at_ns <= now_ns;  // a heartbeat of the future: another boot
  const bool recent = known && now_ns - left.state->heartbeat_at_ns <= to_ns(kAdopt);
  rules::Sentry& sentry = decisions_.sentry();
  if (known || forced) {
    const Mode mode = forced ? *forced : recent ? left.state->mode : Mode::Standby;
    sentry.resume(mode, known ? left.state->last_frame_id : 0, known ? left.state->heartbeat_at_ns : now_ns);
  }
  if (forced) (void)sentry.force(sentry.mode(), now_ns);  // no transition: it is that mode already
  if (recent) {
    state_.previous_mode = left.state->previous_mode;
    state_.since_ns = left.state->since_ns;
    if (left.state->detections_stale) detect_alive_.resume_lost();
  }
  if (left.camera_lost) capture_alive_.resume_lost();
  if (kept != nullptr) topics_.skip_event_ids(kept->newest_event_id);
  resume_decisions(left, kept, recent);
  if (known || forced || kept != nullptr)
    log::info("{}: goes on in {}{}, session {}{}{}", options_.name, to_string(sentry.mode()), forced ? " (forced)" : "",
              control_.session, control_.paused ? ", paused" : "", control_.detecting ? "" : ", detecting nothing");
}

void CameraControl::resume_decisions(const LeftBehind& left, const KeptCamera* kept, bool recent) {
  // Counts only grow: whichever is larger is later.
  std::vector<rules::Count> lines = kept != nullptr ? kept->lines : std::vector<rules::Count>();
  for (const rules::Count& count : left.state ? left.state->counts : std::vector<rules::Count>()) {
    if (count.into + count.out_of == 0) continue;
    const auto same = std::find_if(lines.begin(), lines.end(), [&](const rules::Count& other) {
      return other.place == count.place && other.label == count.label;
    });
    if (same == lines.end()) {
      lines.push_back(count);
    } else {
      same->into = std::max(same->into, count.into);
      same->out_of = std::max(same->out_of, count.out_of);
    }
  }
  Tracks tracks;
  if (left.tracks) {
    take_names(left.class_names);
    tracks = *left.tracks;
    tracks_info_ = tracks.info;
    // Else who stands there now is somebody else.
    if (!recent || tracks.info.captured_at_ns() > monotonic_ns()) tracks.tracks.clear();
  }
  decisions_.resume(tracks, announcer_.resume(left.open_events), lines);
  if (tracks.tracks.empty()) tell_no_tracks();
  state_.counts = decisions_.line_counts();
  if (!looks()) stop_looking(control_.paused ? "paused" : "detection off", monotonic_ns());
}

KeptCamera CameraControl::kept() const {
  KeptCamera kept{control_.paused, control_.detecting, std::nullopt, decisions_.line_counts(), topics_.newest_event_id()};
  if (decisions_.sentry().forced()) kept.forced = decisions_.sentry().mode();
  return kept;
}

void CameraControl::step() {
  if (options_.detect) take_detections();
  if (options_.detect && options_.motion) take_motion();
  const std::uint64_t now_ns = monotonic_ns();
  watch_stages(now_ns);
  publish(now_ns);
}

void CameraControl::take_detections() {
  for (bus::Taken taken = detections_.take_next(); taken; taken = detections_.take_next()) {
    counters_.missed += taken.missed;
    Detections record;
    const Result<> good = read_detections(taken.lease.bytes(), record);
    taken.lease.release();
    if (good)
      handle(record, monotonic_ns());
    else if (counters_.corrupt++ == 0)
      log::warning("{}: skips a detections record: {}", options_.name, good.error().text);
  }
}

// After the detections: what is taken here is of later frames than those, or of the same.
void CameraControl::take_motion() {
  for (bus::Taken taken = motion_.take_next(); taken; taken = motion_.take_next()) {
    const Result<> good = read_motion(taken.lease.bytes(), moves_);
    taken.lease.release();
    if (!good) {
      if (counters_.corrupt++ == 0) log::warning("{}: skips a motion record: {}", options_.name, good.error().text);
      continue;
    }
    spared_ = moves_.info.model_skipped() == 1;
    if (spared_ && looks()) handle(moves_.info, monotonic_ns());
  }
}

// Detect has said what there is to say of this frame, and it counts or not.
void CameraControl::hear_of(std::uint64_t frame_id, rules::Counted counted) {
  if (counted == rules::Counted::kYes) heard_at_ns_ = monotonic_ns();
  newest_result_id_ = frame_id;
  result_awaited_since_ns_ = 0;
}

void CameraControl::take_names(const std::string& names) {
  const Decisions::Named named = decisions_.set_names(names);
  announcer_.tell(named.ended);
  warn_of(named.unknown);
  if (tracks_names_ == names) return;
  tracks_names_ = names;
  if (const Result<> opened = topics_.open_tracks(names); !opened)
    log::warning("{}: publishes no tracks: {}", options_.name, opened.error().text);
}

void CameraControl::warn_of(const std::vector<std::string>& unknown) const {
  for (const std::string& name : unknown)
    log::warning("{}: the model knows no class \"{}\" (sentry.classes, or a rule's or a zone's)", options_.name, name);
}

void CameraControl::handle(const MotionInfo& still, std::uint64_t now_ns) {
  const Decisions::Decided decided =
      decisions_.still(still.frame_id(), still.captured_at_ns(), {now_ns, minute_of_week(wall_ns())});
  hear_of(still.frame_id(), decided.counted);
  if (decided.counted != rules::Counted::kYes) return;
  ++counters_.still;
  if (decided.transition) on_transition(*decided.transition, decisions_.findings().targets);
  take_findings();
}

void CameraControl::handle(const Detections& record, std::uint64_t now_ns) {
  take_names(detections_.metadata());
  if (!looks()) return;
  spared_ = false;
  const std::uint32_t targets_before = decisions_.sentry().targets();
  const Decisions::Decided decided = decisions_.take(record, {now_ns, minute_of_week(wall_ns())});
  hear_of(record.info.frame_id(), decided.counted);
  switch (decided.counted) {
    case rules::Counted::kYes:
      ++counters_.counted;
      break;
    case rules::Counted::kRepeated:
      ++counters_.repeated;
      return;
    default:
      ++counters_.stale;
      return;
  }
  publish_tracks(record.info);
  changed_ = changed_ || targets_before != decisions_.sentry().targets();
  if (decided.transition) on_transition(*decided.transition, decisions_.findings().targets);
  take_findings();
}

void CameraControl::publish_tracks(const DetectionsInfo& of) {
  tracks_info_.mutate_frame_id(of.frame_id());
  tracks_info_.mutate_captured_at_ns(of.captured_at_ns());
  tracks_info_.mutable_trace() = of.trace();
  tracks_info_.mutate_source_width(of.source_width());
  tracks_info_.mutate_source_height(of.source_height());
  publish_tracks();
}

void CameraControl::publish_tracks() {
  tracks_info_.mutate_published_at_ns(monotonic_ns());
  tracks_info_.mutate_count(static_cast<std::uint32_t>(decisions_.tracks().size()));
  tracks_info_.mutate_next_id(static_cast<std::uint32_t>(decisions_.next_track_id()));
  topics_.publish(tracks_info_, decisions_.tracks());
}

// The newest record has objects that nobody follows any more: a successor must not go on with them.
void CameraControl::tell_no_tracks() {
  if (tracks_info_.count() > 0) publish_tracks();
}

void CameraControl::take_findings() {
  const rules::Findings& findings = decisions_.findings();
  announcer_.tell(findings.changes);
  if (state_.counts == findings.counts) return;
  state_.counts = findings.counts;
  changed_ = true;
}

void CameraControl::watch_stages(std::uint64_t now_ns) {
  const auto frames = frames_.stats();
  const bool capture_beats = capture_beat_.fresh(frames, now_ns);
  const bool detect_beats = options_.detect && detect_beat_.fresh(detections_.stats(), now_ns);
  if (frames && frames->frame_id != newest_frame_id_) {
    newest_frame_id_ = frames->frame_id;
    newest_frame_at_ns_ = now_ns;
    if (result_awaited_since_ns_ == 0 && newest_frame_id_ != newest_result_id_) result_awaited_since_ns_ = now_ns;
  }
  if (!detect_beats || !looks()) newest_frame_at_ns_ = now_ns;  // nobody is sure to ask for frames
  if (!looks()) result_awaited_since_ns_ = 0;
  watch_capture(capture_beats, now_ns);
  watch_detect(detect_beats, now_ns);
  // Whoever is silent for so long may come back, but not to the same scene.
  if (looks() && age_ns(heard_at_ns_, now_ns) > to_ns(std::max<Nanoseconds>(kSilence, result_patience()))) {
    end_all();
    heard_at_ns_ = now_ns;
  }
}

void CameraControl::watch_capture(bool beats, std::uint64_t now_ns) {
  const Nanoseconds frame_patience = std::max<Nanoseconds>(options_.timeout + kStale, result_patience());
  const bool frames_flow = age_ns(newest_frame_at_ns_, now_ns) <= to_ns(frame_patience);
  switch (capture_alive_.update(beats && frames_flow, now_ns)) {
    case Liveness::Edge::kLost:
      announcer_.tell(schema::EventKind::CameraLost, 0, beats ? "no new frame" : "no sign of life of capture");
      break;
    case Liveness::Edge::kBack:
      announcer_.tell(schema::EventKind::CameraBack, 0, "frames again");
      break;
    case Liveness::Edge::kNone:
      break;
  }
}

void CameraControl::watch_detect(bool beats, std::uint64_t now_ns) {
  if (!looks()) {
    changed_ = changed_ || std::exchange(state_.detections_stale, false);
    return;
  }
  // Frames must have gone on all the while: a camera that hangs isn't the detector's fault.
  const bool results_flow =
      result_awaited_since_ns_ == 0 || age_ns(result_awaited_since_ns_, newest_frame_at_ns_) <= to_ns(result_patience());
  const bool fresh = beats && results_flow;
  changed_ = changed_ || std::exchange(state_.detections_stale, !fresh) == fresh;
  switch (detect_alive_.update(fresh, now_ns)) {
    case Liveness::Edge::kLost:
      announcer_.tell(schema::EventKind::DetectorLost, 0, beats ? "no new result" : "no sign of life of detect");
      break;
    case Liveness::Edge::kBack:
      announcer_.tell(schema::EventKind::DetectorBack, 0, "results again");
      break;
    case Liveness::Edge::kNone:
      break;
  }
}

void CameraControl::end_all() {
  decisions_.stop();
  take_findings();
  tell_no_tracks();
}

void CameraControl::on_transition(const rules::Transition& transition, const rules::Targets& targets) {
  log::debug("{}: {} -> {}: {}", options_.name, to_string(transition.from), to_string(transition.to), transition.reason);
  state_.previous_mode = transition.from;
  state_.since_ns = transition.at_ns;
  changed_ = true;
  if (transition.to == Mode::Tracking) {
    std::string text = targets.absence;
    if (text.empty()) text = targets.count > 0 ? fmt::format("{} {:.2f}", targets.label, targets.score) : transition.reason;
    announcer_.tell(schema::EventKind::Alarm, transition.frame_id, std::move(text), targets);
  } else if (transition.from == Mode::Tracking) {
    announcer_.tell(schema::EventKind::Standby, transition.frame_id, transition.reason);
  }
}

void CameraControl::stop_looking(const char* why, std::uint64_t now_ns) {
  end_all();
  if (const auto transition = decisions_.sentry().stand_down(now_ns, why)) on_transition(*transition, {});
}

Result<> CameraControl::obey(const stage::Command& command) {
  const std::uint64_t now_ns = monotonic_ns();
  log::info("{}: command {}", options_.name, schema::EnumNameCommandKind(command.kind));
  switch (command.kind) {
    case schema::CommandKind::Pause:
      control_.paused = true;
      stop_looking("paused", now_ns);
      break;
    case schema::CommandKind::Resume:
      control_.paused = false;
      break;
    case schema::CommandKind::StopDetecting:
      control_.detecting = false;
      stop_looking("detection off", now_ns);
      break;
    case schema::CommandKind::StartDetecting:
      control_.detecting = true;
      break;
    case schema::CommandKind::ForceMode:
      if (const auto transition = decisions_.sentry().force(command.mode, now_ns)) on_transition(*transition, {});
      break;
    case schema::CommandKind::AutoMode:
      decisions_.sentry().release();
      break;
    case schema::CommandKind::Respawn:
      ++control_.session;
      break;
    case schema::CommandKind::Tell: {
      const auto kind = told_kind(command.key);
      if (!kind)
        return Error{ErrorCode::kInvalidArgument,
                     fmt::format("event \"{}\"; expected recording_stopped or recording_back", command.key)};
      announcer_.tell(*kind, 0, command.value);
      break;
    }
    default:
      return Error{ErrorCode::kInvalidArgument,
                   fmt::format("{}; expected another command", schema::EnumNameCommandKind(command.kind))};
  }
  changed_ = true;
  publish(now_ns);
  return {};
}

void CameraControl::set_rules(const DecisionOptions& options) {
  warn_of(decisions_.set_rules(options.rules, options.tracker));
  changed_ = true;
}

void CameraControl::publish(std::uint64_t now_ns) {
  changed_ = changed_ || state_.still != is_still();
  if (!changed_ && age_ns(published_at_ns_, now_ns) < to_ns(kHeartbeat)) return;
  changed_ = false;
  published_at_ns_ = now_ns;
  control_.mode = state_.mode = decisions_.sentry().mode();
  control_.forced = state_.forced = decisions_.sentry().forced();
  control_.detect_fps = detect_fps();
  control_.heartbeat_at_ns = state_.heartbeat_at_ns = now_ns;
  state_.paused = control_.paused;
  state_.last_frame_id = decisions_.sentry().last_frame_id();
  state_.still = is_still();
  state_.detecting = control_.detecting;
  state_.threshold = decisions_.threshold();
  state_.targets = state_.detections_stale || !looks() ? 0 : decisions_.sentry().targets();
  topics_.publish(control_);
  topics_.publish(state_);
  topics_.beat();
}

bool CameraControl::is_still() const {
  return spared_ && decisions_.sentry().mode() == Mode::Standby && !state_.detections_stale && looks();
}

float CameraControl::detect_fps() const {
  return decisions_.sentry().mode() == Mode::Standby ? options_.standby_fps : options_.tracking_fps;
}

// How long a result (or, where only detect asks, a frame) may take at the rates in force.
Nanoseconds CameraControl::result_patience() const {
  return std::max({kStale, three_periods(detect_fps()), three_periods(options_.least_fps)});
}

}  // namespace vedette::control
