#include "track/object.h"

#include <algorithm>
#include <cmath>

#include "base/clock.h"

namespace vedette::track {
namespace {

// Of sure boxes: so many of another class have to come before a long-known one is believed to be that.
constexpr float kMostLead = 10;
// Of an object that another tracker knew: it isn't new any more.
constexpr std::uint32_t kKnownHits = 3;
// Pictures a second; a track out of shared memory may claim any finite number.
constexpr float kFastest = 100;

}  // namespace

void ClassVote::count(std::uint16_t class_id, float score) {
  if (class_id == class_id_) {
    lead_ = std::min(lead_ + score, kMostLead);
    return;
  }
  lead_ -= score;
  if (lead_ < 0) class_id_ = class_id, lead_ = -lead_;
}

void Standing::see(const Box& box, std::uint64_t at_ns, double radius, std::uint64_t time_ns) {
  const double reach = stands_ ? 2 * radius : radius;
  if (std::abs(box.center_x() - x_) > reach * box.width || std::abs(box.center_y() - y_) > reach * box.height)
    *this = Standing(box, at_ns);
  else
    stands_ = stands_ || at_ns - since_ns_ >= time_ns;
}

Object::Object(std::uint64_t its_id, const Detection& box, std::uint64_t at_ns)
    : id(its_id),
      first_at_ns(at_ns),
      seen_at_ns(at_ns),
      hits(1),
      seen(box_of(box)),
      score(box.score()),
      vote(box.class_id(), box.score()),
      filter(seen),
      standing(seen, at_ns) {}

Object::Object(const Track& track, std::uint64_t at_ns)
    : id(track.id()),
      first_at_ns(track.first_at_ns()),
      seen_at_ns(track.seen_at_ns()),
      lost_ns(track.phase() == TrackPhase::Lost ? age_ns(track.seen_at_ns(), at_ns) : 0),
      hits(track.phase() == TrackPhase::Tentative ? 1 : kKnownHits),
      phase(track.phase()),
      seen{track.x(), track.y(), track.width(), track.height()},
      score(track.score()),
      vote(track.class_id(), track.score()),
      filter(seen, std::clamp(track.velocity_x(), -kFastest, kFastest), std::clamp(track.velocity_y(), -kFastest, kFastest)),
      standing(seen, track.still_since_ns() != 0 ? track.still_since_ns() : at_ns, track.still_since_ns() != 0) {}

void Object::see(const Detection& box, std::uint64_t at_ns) {
  seen = box_of(box);
  seen_at_ns = at_ns;
  lost_ns = 0;
  ++hits;
  score = box.score();
  vote.count(box.class_id(), box.score());
  filter.correct(seen);
}

Track Object::track() const {
  const Box box = phase == TrackPhase::Lost ? clipped(filter.box()) : seen;
  Track track;
  track.mutate_id(id);
  track.mutate_first_at_ns(first_at_ns);
  track.mutate_seen_at_ns(seen_at_ns);
  track.mutate_still_since_ns(standing.since_ns());
  track.mutate_x(static_cast<float>(box.x));
  track.mutate_y(static_cast<float>(box.y));
  track.mutate_width(static_cast<float>(box.width));
  track.mutate_height(static_cast<float>(box.height));
  track.mutate_velocity_x(static_cast<float>(filter.velocity_x()));
  track.mutate_velocity_y(static_cast<float>(filter.velocity_y()));
  track.mutate_score(score);
  track.mutate_class_id(vote.class_id());
  track.mutate_phase(phase);
  return track;
}

}  // namespace vedette::track
