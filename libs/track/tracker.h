// Tracker: which box on this frame is the object of the frame before? One camera's objects, followed by what the detector found.
//
// In the manner of ByteTrack (Zhang et al. 2022): objects are predicted to the frame's time (box_filter.h), sure boxes are given
// to them first, then unsure ones to those just seen, and what is left of the sure boxes begins new objects. A box fits an object
// by the IoU of both, each grown by how far off the prediction may be: at 30 results a second that is plain IoU, at 3 a second,
// or after a while out of sight, it reaches as far as the object may have come. docs/decisions/0009-tracking.md has the
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

// How a box fits a prediction.
enum class Fit {
  kGrown,  // IoU of both, grown by the prediction's uncertainty
  kIou,
  kGiou,
};

struct TrackerOptions {
  // Scores, 0..1. Whoever has rules or an alarm with a lower threshold lowers both to it: below new_score nothing begins.
  float sure_score = 0.5f;  // a box from here on is given out first; one below goes on with what was just seen, or is dropped
  float new_score = 0.5f;   // a box from here on that nobody takes begins an object

  // Least fit, 0..1.
  float sure_fit = 0.2f;
  float unsure_fit = 0.4f;
  float new_fit = 0.2f;           // for an object that isn't confirmed
  float other_class_fit = 0.7f;   // IoU from which on a box of another class may be the same object
  float same_object_fit = 0.45f;  // IoU with a box that was given out, from which on a box is the same object once more

  std::uint32_t confirm_hits = 2;                     // detections until it is sure that there is something
  Nanoseconds lost_time = std::chrono::seconds(3);    // an object not seen for longer is forgotten
  Nanoseconds longest_gap = std::chrono::seconds(2);  // between two results; more of it isn't time
  Nanoseconds still_time = std::chrono::seconds(5);   // so long within
  float still_radius = 0.15f;                         // this part of its own size: it stands still

  // What may be left out, to see what it is worth (`vedette mot`).
  Fit fit = Fit::kGrown;
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
