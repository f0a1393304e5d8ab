// Tracker: which box on this frame is the object of the frame before? One camera's objects, followed by what the detector found.
//
// In the manner of ByteTrack (Zhang et al. 2022): objects are predicted to the frame's time (box_filter.h), sure boxes are given
// to them first, then unsure ones to those just seen, and what is left of the sure boxes begins new objects. Boxes are given out
// so that the sum of their log-likelihoods is the greatest: how likely is this box here if this object was predicted there, so
// surely? That holds from 3 to 30 results a second, where overlap alone doesn't. docs/decisions/0009-tracking.md has the
// measurements.
//
// Ids hold through missed boxes, crossings and short occlusions; an object seen as another class for a moment keeps its own.
// If most objects jump alike, the camera did, and they are followed by that jump.
//
// Time is what passes between two results, at most `longest_gap` of it: where nothing moves the detector is spared, and after
// minutes of silence what stood there still stands there under its id.
//
// Pure logic: no clock, no I/O; times are CLOCK_MONOTONIC nanoseconds passed in. Thread-bound. Allocates only while it meets more
// objects and boxes than ever before. The same calls give the same tracks.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "base/clock.h"
#include "schema/frame.h"
#include "schema/tracks.h"

namespace vedette::track {

// How well a box fits a prediction.
enum class Fit { kLikelihood, kIou, kGiou };

struct TrackerOptions {
  // Scores, 0..1. A box from sure_score on is given out first; one below goes on with what was just seen, or is dropped. One from
  // new_score on that nobody takes begins an object: whoever has a rule or an alarm with a lower threshold lowers both to it.
  float sure_score = 0.5f;
  float new_score = 0.5f;

  std::uint32_t confirm_hits = 2;                     // detections until it is sure that there is something
  Nanoseconds lost_time = std::chrono::seconds(3);    // an object not seen for longer is forgotten
  Nanoseconds longest_gap = std::chrono::seconds(2);  // between two results; more of it isn't time
  Nanoseconds still_time = std::chrono::seconds(5);   // its centre stays for so long ...
  float still_radius = 0.15f;                         // ... within this part of its own size: it stands still

  // What can be exchanged or left out, to see what it is worth (`vedette mot`).
  Fit fit = Fit::kLikelihood;
  bool motion = true;  // predict; else an object is where it was seen last
  bool unsure = true;  // use boxes below sure_score
  bool best = true;    // the assignment of the greatest sum; else the best pair first, then the next best
  bool shake = true;   // follow the camera's jumps
};

class Tracker {
 public:
  explicit Tracker(const TrackerOptions& options);
  ~Tracker();
  Tracker(Tracker&&) noexcept;
  Tracker& operator=(Tracker&&) noexcept;

  // The boxes of the next frame, as read_detections() checked them; a box of no width or height is none. False: the frame isn't
  // newer than the newest, and nothing changed.
  bool update(std::span<const Detection> boxes, std::uint64_t captured_at_ns);

  // As of the newest update, in order of their ids, at most kMaxTracks; zones are 0. Good until the next call that isn't const.
  // A Confirmed track's box is that of its detection, a Lost one's where it should be, cut at the picture's border.
  std::span<const Track> tracks() const;

  // Goes on where another one was (a restart of its process): its newest tracks, their frame's time, and the least id to give
  // next. Ids already among `tracks` are never given again. Only for a tracker without an update.
  void resume(std::span<const Track> tracks, std::uint64_t captured_at_ns, std::uint64_t next_id);

  // Forgets all objects (a pause); ids go on.
  void forget();

  std::uint64_t next_id() const;

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace vedette::track
