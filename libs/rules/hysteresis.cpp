#include "rules/hysteresis.h"

#include <utility>

namespace vedette::rules {
namespace {

constexpr std::uint32_t kResults = 2;  // in a row
// Parts of the object's box. A detector's lower edge moves by some hundredths of the box from frame to frame while nothing moves.
constexpr double kZoneMargin = 0.1;
constexpr double kLineMargin = 0.25;

}  // namespace

void Settled::update(bool condition, std::uint64_t at_ns) {
  if (condition == on_) {
    otherwise_ = 0;
    return;
  }
  if (otherwise_++ == 0) since_ns_ = at_ns;
  if (!eager_ && (otherwise_ < kResults || age_ns(since_ns_, at_ns) < to_ns(kSettle))) return;
  on_ = condition;
  eager_ = false;
  otherwise_ = 0;
}

ZoneWatch::ZoneWatch(const Polygon& polygon, Point anchor, bool before, std::uint64_t at_ns)
    : inside_(before || contains(polygon, anchor)), since_ns_(at_ns) {}

void ZoneWatch::see(const Polygon& polygon, Point anchor, const Unit& box, std::uint64_t at_ns) {
  const bool within = contains(polygon, anchor);
  const bool otherwise = inside_ ? !within && distance_to_border(polygon, anchor, box) > kZoneMargin : within;
  if (!otherwise) {
    otherwise_ = 0;
    return;
  }
  if (otherwise_++ == 0) otherwise_since_ns_ = at_ns;
  if (otherwise_ < kResults) return;
  inside_ = !inside_;
  otherwise_ = 0;
  since_ns_ = otherwise_since_ns_;
}

bool LineWatch::step(const Segment& line, Point from, Point to, const Unit& box) {
  net_ += crossing(line, from, to);
  return distance(line, to, box) >= kLineMargin;
}

int LineWatch::take() { return std::exchange(net_, 0); }

}  // namespace vedette::rules
