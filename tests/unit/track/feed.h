// Boxes and frames for tests of the tracker.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "track/tracker.h"

namespace vedette::track {

inline constexpr std::uint64_t kMs = 1'000'000;
inline constexpr std::uint64_t kStart = 100'000 * kMs;

inline Detection box_at(double center_x, double center_y, double width = 0.05, double height = 0.15, float score = 0.9f,
                        std::uint16_t class_id = 0) {
  return Detection(static_cast<float>(center_x - width / 2), static_cast<float>(center_y - height / 2), static_cast<float>(width),
                   static_cast<float>(height), score, class_id, 0);
}

// Feeds frames to a tracker.
class Feed {
 public:
  explicit Feed(TrackerOptions options = {}) : tracker(options) {}

  std::vector<Track> frame(std::vector<Detection> boxes, std::uint64_t step_ms = 33) {
    now += step_ms * kMs;
    tracker.update(boxes, now);
    return tracks();
  }
  std::vector<Track> tracks() const { return {tracker.tracks().begin(), tracker.tracks().end()}; }

  // The track of this phase whose centre is nearest to x; id 0: there is none.
  Track nearest(double x, TrackPhase phase = TrackPhase::Confirmed) const {
    Track best;
    double least = 1;
    for (const Track& track : tracker.tracks()) {
      const double away = std::abs(track.x() + track.width() / 2 - x);
      if (track.phase() == phase && away < least) least = away, best = track;
    }
    return best;
  }

  Tracker tracker;
  std::uint64_t now = kStart;
};

}  // namespace vedette::track
