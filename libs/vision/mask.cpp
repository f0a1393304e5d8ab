#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/check.h"
#include "vision/orient.h"

namespace vedette::vision {
namespace {

constexpr std::uint32_t half(std::uint32_t side) { return (side + 1) / 2; }
constexpr std::uint8_t kGray = 128;

// Keeps what is computed from a point finite; this far outside no edge's course within the picture changes visibly.
constexpr double kFarthest = 1e4;

struct Point {
  double x, y;  // pixels
};
struct Interval {
  double low, high;
};

std::vector<Point> scaled(const MaskPolygon& polygon, std::uint32_t width, std::uint32_t height) {
  const bool known =
      std::none_of(polygon.begin(), polygon.end(), [](const MaskPoint& p) { return std::isnan(p.x) || std::isnan(p.y); });
  const double w = width, h = height;
  if (!known) return {{0, 0}, {w, 0}, {w, h}, {0, h}};
  const auto near = [](float value) { return std::clamp(static_cast<double>(value), -kFarthest, kFarthest); };
  std::vector<Point> points;
  for (const MaskPoint& point : polygon) points.push_back({near(point.x) * w, near(point.y) * h});
  return points;
}

// Where the polygon has a part of the row of pixels between y and y + 1: whatever its edges pass there, and what is inside on one
// line through the row. That is all: from a point inside, straight up or down, one meets either that line inside or an edge.
void touched(const std::vector<Point>& polygon, double y, std::vector<Interval>& intervals) {
  std::vector<double> crossings;
  const double line = y + 0.5;
  for (std::size_t index = 0; index < polygon.size(); ++index) {
    const Point &a = polygon[index], &b = polygon[(index + 1) % polygon.size()];
    const Point &top = a.y <= b.y ? a : b, &bottom = a.y <= b.y ? b : a;
    if (bottom.y <= y || top.y >= y + 1) continue;
    const auto x_at = [&](double at) {
      return top.y == bottom.y ? bottom.x : top.x + (bottom.x - top.x) * std::clamp((at - top.y) / (bottom.y - top.y), 0.0, 1.0);
    };
    const double from = top.y == bottom.y ? top.x : x_at(y), to = x_at(y + 1);
    intervals.push_back({std::min(from, to), std::max(from, to)});
    if (top.y <= line && line < bottom.y) crossings.push_back(x_at(line));
  }
  std::sort(crossings.begin(), crossings.end());
  for (std::size_t index = 0; index + 1 < crossings.size(); index += 2)
    intervals.push_back({crossings[index], crossings[index + 1]});
}

void fill(const MutablePlane& plane, std::uint32_t row, std::uint32_t begin, std::uint32_t end, std::uint8_t value) {
  std::memset(plane.data + plane.stride * row + begin, value, end - begin);
}

void blacken(const MutableImageView& image, std::uint32_t row, std::uint32_t begin, std::uint32_t end, std::uint8_t black) {
  const std::uint32_t left = begin / 2, right = half(end);  // chroma columns
  switch (image.format) {
    case PixelFormat::I420:
      fill(image.planes[0], row, begin, end, black);
      fill(image.planes[1], row / 2, left, right, kGray);
      fill(image.planes[2], row / 2, left, right, kGray);
      return;
    case PixelFormat::NV12:
      fill(image.planes[0], row, begin, end, black);
      fill(image.planes[1], row / 2, 2 * left, 2 * right, kGray);
      return;
    case PixelFormat::YUYV: {
      std::uint8_t* pixels = image.planes[0].data + image.planes[0].stride * row;
      for (std::uint32_t x = begin; x < end; ++x) pixels[2 * x] = black;
      for (std::uint32_t x = 2 * left; x < 2 * right; ++x) pixels[2 * x + 1] = kGray;
      return;
    }
    case PixelFormat::GRAY8:
      fill(image.planes[0], row, begin, end, black);
      return;
    case PixelFormat::RGB24:
    case PixelFormat::BGR24:
      fill(image.planes[0], row, 3 * begin, 3 * end, 0);
      return;
    case PixelFormat::Unknown:
      VD_ASSERT(false, "a picture without a format");
  }
}

}  // namespace

void Mask::rasterise(std::uint32_t width, std::uint32_t height) {
  spans_.clear();
  width_ = width;
  height_ = height;
  std::vector<std::vector<Point>> polygons;
  for (const MaskPolygon& polygon : polygons_) polygons.push_back(scaled(polygon, width, height));
  std::vector<Interval> intervals;
  for (std::uint32_t row = 0; row < height; ++row) {
    intervals.clear();
    for (const auto& polygon : polygons) touched(polygon, row, intervals);
    std::sort(intervals.begin(), intervals.end(), [](const Interval& a, const Interval& b) { return a.low < b.low; });
    for (const Interval& interval : intervals) {
      const auto begin = static_cast<std::uint32_t>(std::clamp(std::floor(interval.low), 0.0, static_cast<double>(width)));
      const auto end = static_cast<std::uint32_t>(std::clamp(std::ceil(interval.high), 0.0, static_cast<double>(width)));
      if (begin >= end) continue;
      if (!spans_.empty() && spans_.back().row == row && spans_.back().end >= begin) {
        spans_.back().end = std::max(spans_.back().end, end);
      } else {
        spans_.push_back({row, begin, end});
      }
    }
  }
}

void Mask::apply(const MutableImageView& image, ColorRange range) {
  if (polygons_.empty()) return;
  if (image.width != width_ || image.height != height_) rasterise(image.width, image.height);
  const std::uint8_t black = range == ColorRange::Limited ? 16 : 0;
  for (const Span& span : spans_) blacken(image, span.row, span.begin, span.end, black);
}

}  // namespace vedette::vision
