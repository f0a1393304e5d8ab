// Object: what the tracker knows about one thing that it follows. Plain values.
#pragma once

#include <cstdint>

#include "schema/tracks.h"
#include "track/box.h"
#include "track/box_filter.h"

namespace vedette::track {

// What class it is: the one whose boxes had more score of late than those of all others together.
class ClassVote {
 public:
  ClassVote() = default;
  ClassVote(std::uint16_t class_id, float score) : class_id_(class_id), lead_(score) {}

  void count(std::uint16_t class_id, float score);
  std::uint16_t class_id() const { return class_id_; }

 private:
  std::uint16_t class_id_ = 0;
  float lead_ = 0;
};

// Since when it stands: its centre stays within a part of its size around one place. Who stands has to go twice as far to move.
class Standing {
 public:
  Standing() = default;
  Standing(const Box& box, std::uint64_t since_ns, bool stands = false)
      : x_(box.center_x()), y_(box.center_y()), since_ns_(since_ns), stands_(stands) {}

  void see(const Box& box, std::uint64_t at_ns, double radius, std::uint64_t time_ns);
  void shift(double x, double y) { x_ += x, y_ += y; }
  std::uint64_t since_ns() const { return stands_ ? since_ns_ : 0; }  // 0: it moves

 private:
  double x_ = 0, y_ = 0;
  std::uint64_t since_ns_ = 0;  // it came to this place
  bool stands_ = false;
};

struct Object {
  std::uint64_t id = 0;
  std::uint64_t first_at_ns = 0;
  std::uint64_t seen_at_ns = 0;
  std::uint64_t lost_ns = 0;  // time without a detection
  std::uint32_t hits = 0;     // detections
  TrackPhase phase = TrackPhase::Tentative;
  Box seen;  // as it was detected last
  float score = 0;
  ClassVote vote;
  BoxFilter filter;
  Standing standing;

  Object(std::uint64_t its_id, const Detection& box, std::uint64_t at_ns);
  Object(const Track& track, std::uint64_t at_ns);  // as it was published for a frame of that time

  // The newest detection. The phase is the caller's.
  void see(const Detection& box, std::uint64_t at_ns);
  void shift(double x, double y) { filter.shift(x, y), standing.shift(x, y); }
  bool confirmed() const { return phase != TrackPhase::Tentative; }

  Track track() const;
};

inline Box box_of(const Detection& box) { return {box.x(), box.y(), box.width(), box.height()}; }

}  // namespace vedette::track
