#include "rules/geometry.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace vedette::rules {
namespace {

// Positive: `point` is right of the way from `from` to `to`, as y grows downwards.
double cross(Point from, Point to, Point point) {
  const double ax = double{to.x} - double{from.x}, ay = double{to.y} - double{from.y};
  const double bx = double{point.x} - double{from.x}, by = double{point.y} - double{from.y};
  return ax * by - ay * bx;
}

// `point`, known to be on the line through the segment, is between its ends.
bool between(const Segment& segment, Point point) {
  const auto [left, right] = std::minmax(segment.from.x, segment.to.x);
  const auto [top, bottom] = std::minmax(segment.from.y, segment.to.y);
  return left <= point.x && point.x <= right && top <= point.y && point.y <= bottom;
}

// They have a point in common.
bool touch(const Segment& a, const Segment& b) {
  const double from = cross(a.from, a.to, b.from), to = cross(a.from, a.to, b.to);
  const double from_back = cross(b.from, b.to, a.from), to_back = cross(b.from, b.to, a.to);
  if (((from > 0 && to < 0) || (from < 0 && to > 0)) && ((from_back > 0 && to_back < 0) || (from_back < 0 && to_back > 0)))
    return true;
  return (from == 0 && between(a, b.from)) || (to == 0 && between(a, b.to)) || (from_back == 0 && between(b, a.from)) ||
         (to_back == 0 && between(b, a.to));
}

// Neighbours that share a.to == b.from: b goes back over a.
bool folds_back(const Segment& a, const Segment& b) {
  if (cross(a.from, a.to, b.to) != 0) return false;
  const double along = (double{a.to.x} - double{a.from.x}) * (double{b.to.x} - double{b.from.x}) +
                       (double{a.to.y} - double{a.from.y}) * (double{b.to.y} - double{b.from.y});
  return along < 0;
}

Polygon without_repeats(const Polygon& polygon) {
  Polygon points;
  for (const Point& point : polygon)
    if (points.empty() || points.back() != point) points.push_back(point);
  while (points.size() > 1 && points.back() == points.front()) points.pop_back();
  return points;
}

Segment side(const Polygon& polygon, std::size_t index) { return {polygon[index], polygon[(index + 1) % polygon.size()]}; }

}  // namespace

Point anchor_of(const Track& track) {
  constexpr float kLast = 0x1.fffffep-1f;  // before 1
  return {std::min(track.x() + track.width() / 2.0f, kLast), std::min(track.y() + track.height(), kLast)};
}

bool contains(const Polygon& polygon, Point point) {
  bool inside = false;
  for (std::size_t index = 0; index < polygon.size(); ++index) {
    const auto [a, b] = side(polygon, index);
    if ((a.y > point.y) == (b.y > point.y)) continue;  // not at this height; a side has its upper end and not its lower one
    const bool a_above = a.y < b.y;
    const double turn = cross(a_above ? a : b, a_above ? b : a, point);
    if (turn > 0) inside = !inside;  // downwards along the side, the point is on the right hand: left of it in the picture
  }
  return inside;
}

bool right_of(const Segment& segment, Point point) { return cross(segment.from, segment.to, point) >= 0; }

int crossing(const Segment& line, Point from, Point to) {
  const bool was_right = right_of(line, from), is_right = right_of(line, to);
  if (was_right == is_right) return 0;
  // The line's ends on both sides of the step, which is looked at in one direction whichever way it went.
  const bool forwards = from.x != to.x ? from.x < to.x : from.y < to.y;
  const Segment step = forwards ? Segment{from, to} : Segment{to, from};
  if (right_of(step, line.from) == right_of(step, line.to)) return 0;
  return is_right ? 1 : -1;
}

double distance(const Segment& segment, Point point, const Unit& unit) {
  const auto x = [&](Point p) { return double{p.x} / unit.width; };
  const auto y = [&](Point p) { return double{p.y} / unit.height; };
  const double along_x = x(segment.to) - x(segment.from), along_y = y(segment.to) - y(segment.from);
  const double to_x = x(point) - x(segment.from), to_y = y(point) - y(segment.from);
  const double length = along_x * along_x + along_y * along_y;
  const double part = length > 0 ? std::clamp((to_x * along_x + to_y * along_y) / length, 0.0, 1.0) : 0.0;
  return std::hypot(to_x - part * along_x, to_y - part * along_y);
}

double distance_to_border(const Polygon& polygon, Point point, const Unit& unit) {
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t index = 0; index < polygon.size(); ++index)
    least = std::min(least, distance(side(polygon, index), point, unit));
  return least;
}

double doubled_area(const Polygon& polygon) {
  double sum = 0;
  for (std::size_t index = 1; index + 1 < polygon.size(); ++index) sum += cross(polygon[0], polygon[index], polygon[index + 1]);
  return std::abs(sum);
}

bool crosses_itself(const Polygon& polygon) {
  const Polygon points = without_repeats(polygon);
  const std::size_t count = points.size();
  for (std::size_t i = 0; i < count; ++i) {
    if (folds_back(side(points, i), side(points, (i + 1) % count))) return true;
    for (std::size_t j = i + 2; j < count; ++j)
      if ((j + 1) % count != i && touch(side(points, i), side(points, j))) return true;
  }
  return false;
}

}  // namespace vedette::rules
