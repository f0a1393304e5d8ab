#include "control/decisions.h"

namespace vedette::control {

Decisions::Decisions(const DecisionOptions& options, std::function<std::uint64_t()> next_event_id)
    : options_(options), tracker_(options.tracker), engine_(options.rules, std::move(next_event_id)), sentry_(options.sentry) {}

void Decisions::resume(const Tracks& newest, std::span<const rules::Event> open, std::span<const rules::Count> counts) {
  tracked_at_ns_ = newest.info.captured_at_ns();
  tracker_.resume(newest.tracks, tracked_at_ns_, newest.info.next_id());
  engine_.resume(open, counts, tracker_.tracks(), tracked_at_ns_);
}

std::vector<std::string> Decisions::set_rules(const rules::EngineOptions& rules, const track::TrackerOptions& tracker) {
  options_.rules = rules;
  findings_ = &nothing_;
  std::vector<std::string> unknown = engine_.change(rules, tracked_at_ns_);

  options_.tracker = tracker;
  track::Tracker follower(tracker);
  follower.resume(tracker_.tracks(), tracked_at_ns_, tracker_.next_id());
  tracker_ = std::move(follower);
  return unknown;
}

Decisions::Named Decisions::set_names(std::string_view names) {
  if (names == names_) return {};
  Named named;
  if (!names_.empty()) {
    stop();
    named.ended = findings_->changes;
  }
  names_ = names;
  named.unknown = engine_.set_names(names);
  return named;
}

Decisions::Decided Decisions::take(const Detections& record, const When& when) {
  rules::Observation observation{record.info.frame_id(), record.info.captured_at_ns(), 0};
  const rules::Counted counted = sentry_.admit(observation, when.now_ns);
  if (counted != rules::Counted::kYes) return {counted, std::nullopt};
  if (!tracker_.update(record.boxes, observation.captured_at_ns)) return {rules::Counted::kRepeated, std::nullopt};
  tracked_at_ns_ = observation.captured_at_ns;
  const std::span<const Track> tracks = tracker_.tracks();
  tracks_.assign(tracks.begin(), tracks.end());
  findings_ = &engine_.update(observation.frame_id, observation.captured_at_ns, when.minute_of_week, tracks_);
  observation.targets = findings_->targets.count;
  const rules::Sentry::Outcome outcome = sentry_.observe(observation, when.now_ns);
  return {outcome.counted, outcome.transition};
}

Decisions::Decided Decisions::still(std::uint64_t frame_id, std::uint64_t captured_at_ns, const When& when) {
  rules::Observation observation{frame_id, captured_at_ns, 0};
  const rules::Counted counted = sentry_.admit(observation, when.now_ns);
  if (counted != rules::Counted::kYes) return {counted, std::nullopt};
  findings_ = &engine_.still(frame_id, captured_at_ns, when.minute_of_week);
  observation.targets = findings_->targets.count;
  if (observation.targets == 0 || sentry_.mode() != Mode::Standby) return {counted, std::nullopt};
  return {counted, sentry_.observe(observation, when.now_ns).transition};
}

void Decisions::stop() {
  findings_ = &engine_.stop();
  tracker_.forget();
  tracks_.clear();
}

}  // namespace vedette::control
