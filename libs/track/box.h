// Boxes of the tracker and how well two of them fit. Pure functions, thread-safe. Nothing here depends on the units of x and y,
// nor on whether both have the same: positions relative to the picture and pixels give the same numbers.
#pragma once

#include <algorithm>

namespace vedette::track {

struct Box {
  double x = 0, y = 0;  // top left corner
  double width = 0, height = 0;

  double right() const { return x + width; }
  double bottom() const { return y + height; }
  double area() const { return width * height; }
  double center_x() const { return x + width / 2; }
  double center_y() const { return y + height / 2; }
};

inline double intersection(const Box& a, const Box& b) {
  const double width = std::min(a.right(), b.right()) - std::max(a.x, b.x);
  const double height = std::min(a.bottom(), b.bottom()) - std::max(a.y, b.y);
  return width > 0 && height > 0 ? width * height : 0;
}

// Intersection over union, 0..1; 0 for boxes without area.
inline double iou(const Box& a, const Box& b) {
  const double both = intersection(a, b);
  return both > 0 ? both / (a.area() + b.area() - both) : 0;
}

// Generalised IoU, -1..1: IoU less the part of the common hull that belongs to neither (Rezatofighi et al. 2019).
inline double giou(const Box& a, const Box& b) {
  const double both = intersection(a, b);
  const double either = a.area() + b.area() - both;
  const double hull =
      (std::max(a.right(), b.right()) - std::min(a.x, b.x)) * (std::max(a.bottom(), b.bottom()) - std::min(a.y, b.y));
  return hull > 0 && either > 0 ? both / either - (hull - either) / hull : -1;
}

// What lies in the picture, 0..1; without area if nothing does.
inline Box clipped(const Box& box) {
  const double left = std::clamp(box.x, 0.0, 1.0), top = std::clamp(box.y, 0.0, 1.0);
  return {left, top, std::clamp(box.right(), left, 1.0) - left, std::clamp(box.bottom(), top, 1.0) - top};
}

}  // namespace vedette::track
