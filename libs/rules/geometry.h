// Geometry of rules: where an object stands, what is inside a polygon, when a step crosses a line. Positions are parts of the
// picture, 0..1 from its left and its top; y grows downwards. Pure functions, thread-safe.
//
// Sides are told by the sign of a cross product (O'Rourke, Computational Geometry in C, 1998, chapter 1). Coordinates are floats
// and the product is made of doubles: it is exact for those that are multiples of 2^-25 or coarser. A point on a line counts as
// right of it, so that every point has exactly one side and a walk of many steps over a line and back adds up to nothing.
#pragma once

#include <vector>

#include "schema/tracks.h"

namespace vedette::rules {

struct Point {
  float x = 0;
  float y = 0;

  bool operator==(const Point&) const = default;
};
using Polygon = std::vector<Point>;  // at least 3 points; its last side goes back to the first
struct Segment {
  Point from;
  Point to;

  bool operator==(const Segment&) const = default;
};
// What distances are measured in: so much of the picture's width and height is 1.
struct Unit {
  double width = 1;
  double height = 1;
};

// Where an object stands: the middle of its box's lower edge, always within the picture: a zone that reaches the picture's right
// or lower border has who is cut by it.
Point anchor_of(const Track& track);

// An odd number of sides lies to the right of the point (even-odd rule). A point on a side may count as inside or not; of two
// polygons that share a side it is in exactly one.
bool contains(const Polygon& polygon, Point point);

// To the right, or on it, for who looks from the segment's first point to its second.
bool right_of(const Segment& segment, Point point);
// +1: the step goes through the line from its left to its right, -1: from right to left, 0: it doesn't go through. The same step
// backwards gives the same with the other sign.
int crossing(const Segment& line, Point from, Point to);

double distance(const Segment& segment, Point point, const Unit& unit);
double distance_to_border(const Polygon& polygon, Point point, const Unit& unit);

// Double the area; 0 for what is no more than a line.
double doubled_area(const Polygon& polygon);
// Two sides that aren't neighbours touch, or two neighbours lie on each other. Points given twice in a row count once.
bool crosses_itself(const Polygon& polygon);

}  // namespace vedette::rules
