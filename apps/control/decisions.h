// Decisions: what a camera's detections mean: tracks, events, counts and the sentry's mode. The whole of what control decides by,
// and nothing else: pure logic, times passed in, so that a recording decides the same on every run (control/decide.h). Owner:
// CameraControl, or who plays a recording; thread-bound.
//
//   detections ─► tracker ─► rules' engine ─► targets ─► sentry
//
// Only new results count: a repeated, older or stale one (the sentry's judgement) reaches neither tracker nor rules.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rules/engine.h"
#include "rules/sentry.h"
#include "schema/tracks.h"
#include "track/tracker.h"

namespace vedette::control {

struct DecisionOptions {
  track::TrackerOptions tracker;
  rules::EngineOptions rules;
  rules::SentryOptions sentry;
};

class Decisions {
 public:
  Decisions(const DecisionOptions& options, std::function<std::uint64_t()> next_event_id);

  // Goes on where another one was: after set_names() with the names of these tracks, before the first take().
  void resume(const Tracks& newest, std::span<const rules::Event> open, std::span<const rules::Count> counts);

  // Other rules, zones, lines or thresholds: objects and counts stay; events of rules that are gone end with the next result.
  // Returns the classes that the rules name and the model lacks.
  std::vector<std::string> set_rules(const rules::EngineOptions& rules, const track::TrackerOptions& tracker);

  // The model's class names, one a line. Returns those that the rules name and the model lacks. Other names than before mean
  // other classes: all that is known ends (`ended`).
  struct Named {
    std::vector<std::string> unknown;
    std::vector<rules::Change> ended;
  };
  Named set_names(std::string_view names);

  struct When {
    std::uint64_t now_ns = 0;          // monotonic
    std::uint32_t minute_of_week = 0;  // local time, from Monday 00:00
  };
  struct Decided {
    rules::Counted counted = rules::Counted::kYes;  // else: nothing changed
    std::optional<rules::Transition> transition;
  };
  Decided take(const Detections& record, const When& when);
  // A frame that the detector was spared because nothing moves. What was there still is: that is no news for the sentry, unless
  // it is in Standby and a rule has come to hold by time alone (dwell, schedule). Counts as a result does.
  Decided still(std::uint64_t frame_id, std::uint64_t captured_at_ns, const When& when);
  // Nobody looks any more: all objects are forgotten, all events end.
  void stop();

  // As of the last of these calls.
  const rules::Findings& findings() const { return *findings_; }
  // As of the last take().
  std::span<const Track> tracks() const { return tracks_; }
  std::uint64_t next_track_id() const { return tracker_.next_id(); }

  rules::Sentry& sentry() { return sentry_; }
  const rules::Sentry& sentry() const { return sentry_; }
  float threshold() const { return options_.rules.threshold; }  // least score that counts for an alarm
  std::vector<rules::Count> line_counts() const { return engine_.line_counts(); }

 private:
  DecisionOptions options_;
  track::Tracker tracker_;
  std::uint64_t tracked_at_ns_ = 0;  // capture time of its newest result
  rules::Engine engine_;
  rules::Sentry sentry_;
  std::string names_;
  std::vector<Track> tracks_;
  rules::Findings nothing_;
  const rules::Findings* findings_ = &nothing_;
};

}  // namespace vedette::control
