// Sentry: is there something, really? One camera's mode, moved by what the detector counted on each frame.
//
//   Standby ── a frame with a target ──► Validation ── validate_frames with one, over validate_time ──► Tracking
//      ▲                                     │                                                             │
//      └─ validate_frames without one in a row, over validate_time ── lose_frames without one in a row, over lose_time
//
// Both ways need frames and time, so that one false box raises nothing and one missed box ends nothing. Only new results count:
// a repeated, older or stale one changes nothing, and silence is neither presence nor absence (the mode stays as it is).
// Pure logic: no clock, no I/O; times are CLOCK_MONOTONIC nanoseconds passed in. Thread-bound.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"
#include "schema/frame.h"

namespace vedette::rules {

struct SentryOptions {
  std::uint32_t validate_frames = 3;
  Nanoseconds validate_time = std::chrono::milliseconds(500);
  std::uint32_t lose_frames = 10;
  Nanoseconds lose_time = std::chrono::seconds(5);
  Nanoseconds stale_after = std::chrono::seconds(2);    // capture to now: an older result isn't counted
  Nanoseconds longest_gap = std::chrono::seconds(2);    // between two results; more of it isn't presence or absence time
  Nanoseconds forget_after = std::chrono::seconds(30);  // a gap so long starts the counting over
};

// One detections record, as far as the sentry cares.
struct Observation {
  std::uint64_t frame_id = 0;
  std::uint64_t captured_at_ns = 0;
  std::uint32_t targets = 0;  // boxes that count
};

struct Transition {
  Mode from = Mode::Standby;
  Mode to = Mode::Standby;
  std::uint64_t at_ns = 0;     // `now_ns` of the call that made it
  std::uint64_t frame_id = 0;  // the frame that tipped it; 0: none
  std::string reason;          // "target in 3 frames over 520 ms"
};

enum class Counted { kYes, kRepeated, kStale, kFromFuture };

class Sentry {
 public:
  explicit Sentry(const SentryOptions& options) : options_(options) {}

  // Goes on where another one was (a restart of its process): its mode, the newest frame it counted, and when it last lived.
  // What it had counted towards a change is not taken over.
  void resume(Mode mode, std::uint64_t last_frame_id, std::uint64_t as_of_ns);

  // Whether a result would count; changes nothing.
  Counted admit(const Observation& observation, std::uint64_t now_ns) const;

  // Counts a result, if it is new; says so, and the transition it made.
  struct Outcome {
    Counted counted = Counted::kYes;
    std::optional<Transition> transition;
  };
  Outcome observe(const Observation& observation, std::uint64_t now_ns);

  // Back to Standby for another reason than what was observed (a pause); not while forced.
  std::optional<Transition> stand_down(std::uint64_t now_ns, std::string reason);

  // Holds the mode whatever is observed, until release().
  std::optional<Transition> force(Mode mode, std::uint64_t now_ns);
  void release();
  bool forced() const { return forced_; }

  Mode mode() const { return mode_; }
  std::uint64_t last_frame_id() const { return last_frame_id_; }  // newest counted; 0: none yet
  std::uint32_t targets() const { return targets_; }              // on that frame

 private:
  void count(const Observation& observation);
  std::optional<Transition> decide(const Observation& observation, std::uint64_t now_ns);
  Transition move_to(Mode mode, std::uint64_t now_ns, std::uint64_t frame_id, std::string reason);
  void start_over();

  SentryOptions options_;
  Mode mode_ = Mode::Standby;
  bool forced_ = false;
  std::uint64_t last_frame_id_ = 0;
  std::uint64_t last_captured_ns_ = 0;
  std::uint32_t targets_ = 0;

  // Since the mode began, or counting started over.
  std::uint32_t hits_ = 0;         // frames with a target
  std::uint64_t hit_span_ns_ = 0;  // from the first of them to the newest result
  std::uint32_t misses_ = 0;       // frames without one, in a row
  std::uint64_t miss_span_ns_ = 0;
};

}  // namespace vedette::rules
