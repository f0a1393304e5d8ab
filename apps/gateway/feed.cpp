#include "gateway/feed.h"

#include <algorithm>

#include "base/clock.h"
#include "schema/class_names.h"
#include "stage/topics.h"
#include "stage/waiting.h"
#include "telemetry/log.h"

namespace vedette::gateway {
namespace {

constexpr Nanoseconds kIdleLook = std::chrono::milliseconds(200);  // while nobody watches
constexpr Nanoseconds kLongestWait = std::chrono::milliseconds(100);
constexpr std::uint64_t kTickNs = 500'000'000;   // the state message: twice a second
constexpr std::uint64_t kOldNs = 5'000'000'000;  // detections older than this are history, not news
constexpr std::uint64_t kWarningEveryNs = 10'000'000'000;

}  // namespace

Feed::Feed(const bus::BusDir& dir, CameraHub& hub, const FeedOptions& options)
    : hub_(hub),
      options_(options),
      events_(dir, {hub.name(), "events"}, kEventSchema),
      state_(dir, {hub.name(), "state"}, kStateSchema),
      detections_(dir, {hub.name(), "detections"}, kDetectionsSchema),
      tracks_(dir, {hub.name(), "tracks"}, kTracksSchema),
      video_(dir, hub, options.video, [this](const Error& error) { bad_record(error); }),
      inputs_(hub.input_reports()) {
  for (const InputReport& input : inputs_)
    sources_.emplace_back(dir, bus::TopicName{hub.name(), stage::source_topic(input.name)}, kSourceSchema);
}

Result<> Feed::settle() {
  bus::Subscriber* const all[] = {&events_, &state_, &detections_, &tracks_, &video_.frames()};
  return stage::settle("gateway", options_.waiting.cpu, options_.waiting.wait, all);
}

void Feed::run() {
  while (!hub_.stopped()) {
    const bool watched = hub_.wait_for_viewer(kIdleLook);
    if (watched != watched_) set_watched(watched);
    watched_ ? wait_for_news() : look_while_idle();
    take_events();
    take_state();
    take_detections();
    take_tracks();
    if (watched_) video_.take();
    update_health();
    if (monotonic_ns() >= next_tick_ns_) tick();
  }
}

void Feed::set_watched(bool watched) {
  watched_ = watched;
  watched ? video_.open() : video_.close();
  boxes_sent_ = false;
}

// Frames are passed by unread, else the wait would return for them at once; the wait is how a Subscriber notices that a topic's
// files are gone.
void Feed::look_while_idle() {
  video_.pass_by();
  bus::Subscriber* const all[] = {&events_, &state_, &detections_, &tracks_, &video_.frames()};
  (void)bus::wait_any(all, std::chrono::milliseconds(1));
}

// Until there is something to take. The busiest stand last, so that a wait looks after the others' files before it returns.
void Feed::wait_for_news() {
  const std::uint64_t now = monotonic_ns();
  Nanoseconds timeout = std::min(kLongestWait, Nanoseconds(next_tick_ns_ > now ? next_tick_ns_ - now : 0));
  waits_.assign({&events_, &state_, &detections_, &tracks_});
  video_.add_waits(waits_, timeout);
  (void)bus::wait_any(waits_, timeout);
}

void Feed::take_events() {
  RecordBuffer copy;
  while (const bus::Taken taken = events_.take_next()) {
    const auto event = copy_record<schema::Event>(taken.lease.bytes(), copy);
    if (!event)
      bad_record(event.error());
    else if ((*event)->phase() != schema::EventPhase::Update)  // nothing that a viewer would be told
      hub_.send_event(std::make_shared<const std::string>(event_json(**event)));
  }
}

void Feed::take_state() {
  RecordBuffer copy;
  const bus::Taken taken = state_.take_newest();
  if (!taken) return;
  const auto state = copy_record<schema::State>(taken.lease.bytes(), copy);
  if (!state) return bad_record(state.error());
  control_ = Control{(*state)->mode(), (*state)->since_ns(), (*state)->targets(), (*state)->still(), (*state)->detecting()};
}

void Feed::take_detections() {
  while (const bus::Taken taken = detections_.take_next()) {
    const Result<> read = read_detections(taken.lease.bytes(), boxes_);
    if (!read) {
      bad_record(read.error());
      continue;
    }
    const DetectionsInfo& info = boxes_.info;
    if (age_ns(info.published_at_ns()) > kOldNs) continue;
    latency_.add(static_cast<double>(age_ns(info.captured_at_ns(), info.published_at_ns())) / 1e6);
    if (!watched_) continue;
    send_boxes();
  }
}

void Feed::send_boxes() {
  update_classes();
  hub_.send_detections(std::make_shared<const std::string>(detections_json(boxes_, classes_)),
                       std::make_shared<const DetectedFrame>(DetectedFrame{boxes_, classes_}));
  boxes_sent_ = true;
}

void Feed::take_tracks() {
  while (const bus::Taken taken = tracks_.take_next()) {
    const Result<> read = read_tracks(taken.lease.bytes(), followed_);
    if (!read) {
      bad_record(read.error());
      continue;
    }
    if (watched_ && age_ns(followed_.info.published_at_ns()) <= kOldNs) send_tracks();
  }
}

void Feed::send_tracks() {
  update_classes();
  hub_.send_tracks(std::make_shared<const std::string>(tracks_json(followed_, classes_)));
}

// The last ones that there are: of a still picture the next may be long in coming.
void Feed::send_last_boxes() {
  const auto last_of = [](bus::Subscriber& topic) {
    const auto stats = topic.stats();
    return stats ? topic.find(stats->frame_id) : bus::Found{};
  };
  const bus::Found boxes = last_of(detections_), followed = last_of(tracks_);
  if (boxes && read_detections(boxes.lease.bytes(), boxes_)) send_boxes();
  if (followed && read_tracks(followed.lease.bytes(), followed_)) send_tracks();
}

void Feed::update_classes() {
  std::string metadata = detections_.metadata();
  if (metadata == metadata_) return;
  metadata_ = std::move(metadata);
  classes_ = split_class_names(metadata_);
  hub_.set_classes(classes_);
}

void Feed::update_health() {
  const std::uint64_t now = monotonic_ns();
  const auto look = [&](bus::Subscriber& topic, CounterDelta& counter, RateWindow& rate) -> std::optional<bus::TopicStats> {
    const auto stats = topic.stats();
    if (stats)
      rate.add(now, counter.update(stats->published));
    else
      counter.reset();
    return stats;
  };
  const auto beat_of = [](const std::optional<bus::TopicStats>& stats) {
    return stats ? std::optional(stats->beat_at_ns) : std::nullopt;
  };
  const auto frames = look(video_.frames(), captured_, capture_fps_);
  dropped_ = frames ? frames->dropped : dropped_;
  beats_ = {beat_of(frames), beat_of(look(detections_, detected_, detect_fps_)), beat_of(state_.stats())};
  hub_.set_beats(beats_);
}

void Feed::update_inputs() {
  RecordBuffer copy;
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    InputReport& input = inputs_[i];
    (void)sources_[i].wait(Nanoseconds(1));  // how a Subscriber notices that a topic's files are gone
    const auto stats = sources_[i].stats();
    input.beat_at_ns = stats ? std::optional(stats->beat_at_ns) : std::nullopt;
    const bus::Taken taken = sources_[i].take_newest();
    if (!taken) continue;
    const auto source = copy_record<schema::Source>(taken.lease.bytes(), copy);
    if (!source) {
      bad_record(source.error());
      continue;
    }
    const auto text = [](const flatbuffers::String* string) { return string != nullptr ? string->str() : std::string(); };
    input.open = (*source)->status() == schema::SourceStatus::Open;
    input.failed = (*source)->status() == schema::SourceStatus::Failed;
    input.since_ns = (*source)->since_ns();
    input.picture_at_ns = (*source)->picture_at_ns();
    input.about = text((*source)->about());
    input.error = text((*source)->error());
  }
  hub_.set_input_reports(inputs_);
}

void Feed::tick() {
  const std::uint64_t now = monotonic_ns();
  next_tick_ns_ = now + kTickNs;
  update_inputs();
  if (detections_.attached()) update_classes();
  report_errors();
  auto report = std::make_shared<StateReport>();
  report->stages = hub_.stages(now);
  report->inputs = hub_.inputs(now);
  // What control said before it hung or died says nothing about now.
  if (control_ && report->stages.back().status == StageStatus::kOk) {
    report->mode = control_->mode;
    report->mode_since_ms = age_ns(control_->since_ns, now) / 1'000'000;
    report->targets = control_->targets;
    report->still = control_->still;
    report->detecting = control_->detecting;
  }
  report->capture_fps = capture_fps_.per_second(now);
  report->detect_fps = detect_fps_.per_second(now);
  report->latency_p50_ms = latency_.percentile(50);
  report->latency_p99_ms = latency_.percentile(99);
  report->dropped = dropped_;
  hub_.send_state(report);
  if (watched_ && report->still && !boxes_sent_) send_last_boxes();
}

// A topic of another layout or schema, or without a free reader entry: said once for each reason, tried again all the time.
void Feed::report_errors() {
  const bus::Subscriber* const all[] = {&events_, &state_, &detections_, &tracks_, &video_.frames()};
  for (std::size_t i = 0; i < errors_.size(); ++i) {
    const auto& error = all[i]->error();
    std::string text = error ? error->text : std::string();
    if (!text.empty() && text != errors_[i]) log::warning("{}: {}", all[i]->topic().text(), text);
    errors_[i] = std::move(text);
  }
}

void Feed::bad_record(const Error& error) {
  hub_.count_bad_record();
  const std::uint64_t now = monotonic_ns();
  if (now < next_warning_ns_) return;
  next_warning_ns_ = now + kWarningEveryNs;
  log::warning("{}: skipped a record: {}", hub_.name(), error.text);
}

}  // namespace vedette::gateway
