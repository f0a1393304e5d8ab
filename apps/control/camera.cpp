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
constexpr Nanoseconds kAdoptMode = seconds(30);        // a mode of before isn't worth more than what was seen then

rules::SentryOptions sentry_options(const SentryConfig& config) {
  rules::SentryOptions options;
  options.validate_frames = config.validate_frames;
  options.validate_time = config.validate_time;
  options.lose_frames = config.lose_frames;
  options.lose_time = config.lose_time;
  return options;
}

// Three periods of a rate; none for "every one".
Nanoseconds three_periods(float fps) {
  return Nanoseconds(fps > 0.0f ? static_cast<std::int64_t>(3e9 / static_cast<double>(fps)) : 0);
}

}  // namespace

Result<std::unique_ptr<CameraControl>> CameraControl::open(const bus::BusDir& dir, const CameraOptions& options) {
  VD_ASSIGN(Topics topics, Topics::open(dir, options.name, options.readers, options.held_per_reader));
  return std::unique_ptr<CameraControl>(new CameraControl(dir, options, std::move(topics), monotonic_ns()));
}

CameraControl::CameraControl(const bus::BusDir& dir, CameraOptions options, Topics topics, std::uint64_t now_ns)
    : options_(std::move(options)),
      topics_(std::move(topics)),
      detections_(dir, {options_.name, "detections"}, kDetectionsSchema),
      motion_(dir, {options_.name, "motion"}, kMotionSchema),
      frames_(dir, {options_.name, "frames"}, kFrameSchema),
      filter_(options_.sentry.classes, options_.sentry.threshold),
      sentry_(sentry_options(options_.sentry)),
      capture_alive_(kGrace, now_ns),
      detect_alive_(kGrace, now_ns) {
  newest_frame_at_ns_ = now_ns;
  control_.session = wall_ns() / 1'000'000'000;
  state_.since_ns = now_ns;
  resume(topics_.left_behind(), now_ns);
}

void CameraControl::resume(const LeftBehind& left, std::uint64_t now_ns) {
  if (left.control) {
    control_.session = left.control->session;
    control_.paused = left.control->paused;
  }
  const bool forced = left.control && left.control->forced;
  const bool known = left.state && left.state->heartbeat_at_ns <= now_ns;  // a heartbeat of the future: another boot
  const bool recent = known && now_ns - left.state->heartbeat_at_ns <= to_ns(kAdoptMode);
  if (known || forced) {
    const Mode mode = forced ? left.control->mode : recent ? left.state->mode : Mode::Standby;
    sentry_.resume(mode, known ? left.state->last_frame_id : 0, known ? left.state->heartbeat_at_ns : now_ns);
  }
  if (forced) (void)sentry_.force(sentry_.mode(), now_ns);  // no transition: it is that mode already
  if (recent) {
    state_.previous_mode = left.state->previous_mode;
    state_.since_ns = left.state->since_ns;
    if (left.state->detections_stale) detect_alive_.resume_lost();
  }
  if (known || forced)
    log::info("{}: goes on in {}{}, session {}{}", options_.name, to_string(sentry_.mode()), forced ? " (forced)" : "",
              control_.session, control_.paused ? ", paused" : "");
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
    if (!spared_ || control_.paused) continue;
    ++counters_.still;
    hear_of(moves_.info.frame_id());
  }
}

// Detect has said what there is to say of this frame.
void CameraControl::hear_of(std::uint64_t frame_id) {
  newest_result_id_ = frame_id;
  result_awaited_since_ns_ = 0;
}

void CameraControl::handle(const Detections& record, std::uint64_t now_ns) {
  for (const std::string& name : filter_.set_names(detections_.metadata()))
    log::warning("{}: the model knows no class \"{}\" (sentry.classes)", options_.name, name);
  if (control_.paused) return;
  const TargetFilter::Targets targets = filter_.count(record.boxes);
  hear_of(record.info.frame_id());
  spared_ = false;
  const rules::Observation observation{record.info.frame_id(), record.info.captured_at_ns(), targets.count};
  const rules::Sentry::Outcome outcome = sentry_.observe(observation, now_ns);
  switch (outcome.counted) {
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
  changed_ = changed_ || state_.targets != targets.count;
  if (outcome.transition) on_transition(*outcome.transition, targets);
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
  if (!detect_beats || control_.paused) newest_frame_at_ns_ = now_ns;  // nobody is sure to ask for frames
  if (control_.paused) result_awaited_since_ns_ = 0;

  const Nanoseconds frame_patience = std::max<Nanoseconds>(options_.timeout + kStale, result_patience());
  const bool frames_flow = age_ns(newest_frame_at_ns_, now_ns) <= to_ns(frame_patience);
  switch (capture_alive_.update(capture_beats && frames_flow, now_ns)) {
    case Liveness::Edge::kLost:
      tell(schema::EventKind::CameraLost, 0, {}, capture_beats ? "no new frame" : "no sign of life of capture");
      break;
    case Liveness::Edge::kBack:
      tell(schema::EventKind::CameraBack, 0, {}, "frames again");
      break;
    case Liveness::Edge::kNone:
      break;
  }

  if (!options_.detect || control_.paused) {
    changed_ = changed_ || std::exchange(state_.detections_stale, false);
    return;
  }
  // Frames must have gone on all the while: a camera that hangs isn't the detector's fault.
  const bool results_flow =
      result_awaited_since_ns_ == 0 || age_ns(result_awaited_since_ns_, newest_frame_at_ns_) <= to_ns(result_patience());
  const bool fresh = detect_beats && results_flow;
  changed_ = changed_ || std::exchange(state_.detections_stale, !fresh) == fresh;
  switch (detect_alive_.update(fresh, now_ns)) {
    case Liveness::Edge::kLost:
      tell(schema::EventKind::DetectorLost, 0, {}, detect_beats ? "no new result" : "no sign of life of detect");
      break;
    case Liveness::Edge::kBack:
      tell(schema::EventKind::DetectorBack, 0, {}, "results again");
      break;
    case Liveness::Edge::kNone:
      break;
  }
}

void CameraControl::on_transition(const rules::Transition& transition, const TargetFilter::Targets& targets) {
  log::debug("{}: {} -> {}: {}", options_.name, to_string(transition.from), to_string(transition.to), transition.reason);
  state_.previous_mode = transition.from;
  state_.since_ns = transition.at_ns;
  changed_ = true;
  if (transition.to == Mode::Tracking) {
    tell(schema::EventKind::Alarm, transition.frame_id, targets,
         targets.count > 0 ? fmt::format("{} {:.2f}", targets.label, targets.score) : transition.reason);
  } else if (transition.from == Mode::Tracking) {
    tell(schema::EventKind::Standby, transition.frame_id, {}, transition.reason);
  }
}

void CameraControl::tell(schema::EventKind kind, std::uint64_t frame_id, const TargetFilter::Targets& targets, std::string text) {
  if (frame_id != 0) text += fmt::format(" (frame {})", frame_id);
  topics_.publish(
      EventRecord{topics_.next_event_id(), kind, monotonic_ns(), wall_ns(), frame_id, targets.label, targets.score, text});
  log::info("event {} {}: {}", options_.name, to_string(kind), text);
}

void CameraControl::pause(bool paused, std::uint64_t now_ns) {
  control_.paused = paused;
  if (!paused) return;
  if (const auto transition = sentry_.stand_down(now_ns, "paused")) on_transition(*transition, {});
}

Result<> CameraControl::obey(const CommandRecord& command) {
  const std::uint64_t now_ns = monotonic_ns();
  log::info("{}: command {}", options_.name, schema::EnumNameCommandKind(command.kind));
  switch (command.kind) {
    case schema::CommandKind::Pause:
      pause(true, now_ns);
      break;
    case schema::CommandKind::Resume:
      pause(false, now_ns);
      break;
    case schema::CommandKind::ForceMode:
      if (const auto transition = sentry_.force(command.mode, now_ns)) on_transition(*transition, {});
      break;
    case schema::CommandKind::AutoMode:
      sentry_.release();
      break;
    case schema::CommandKind::Respawn:
      ++control_.session;
      break;
    default:
      return Error{ErrorCode::kInvalidArgument,
                   fmt::format("{}; expected Pause, Resume, ForceMode, AutoMode or Respawn", schema::EnumNameCommandKind(command.kind))};
  }
  changed_ = true;
  publish(now_ns);
  return {};
}

void CameraControl::publish(std::uint64_t now_ns) {
  changed_ = changed_ || state_.still != is_still();
  if (!changed_ && age_ns(published_at_ns_, now_ns) < to_ns(kHeartbeat)) return;
  changed_ = false;
  published_at_ns_ = now_ns;
  control_.mode = state_.mode = sentry_.mode();
  control_.forced = sentry_.forced();
  control_.detect_fps = detect_fps();
  control_.heartbeat_at_ns = state_.heartbeat_at_ns = now_ns;
  state_.paused = control_.paused;
  state_.last_frame_id = sentry_.last_frame_id();
  state_.still = is_still();
  state_.targets = state_.detections_stale || control_.paused ? 0 : sentry_.targets();
  topics_.publish(control_);
  topics_.publish(state_);
  topics_.beat();
}

bool CameraControl::is_still() const {
  return spared_ && sentry_.mode() == Mode::Standby && !state_.detections_stale && !control_.paused;
}

float CameraControl::detect_fps() const {
  return sentry_.mode() == Mode::Standby ? options_.sentry.standby_fps : options_.sentry.tracking_fps;
}

// How long a result (or, where only detect asks, a frame) may take at the rates in force.
Nanoseconds CameraControl::result_patience() const {
  return std::max({kStale, three_periods(detect_fps()), three_periods(options_.least_fps)});
}

}  // namespace vedette::control
