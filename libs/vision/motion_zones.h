// ZoneCells: which cells of a picture belong to which of the motion gate's zones, and how much of each moves. A zone has every
// cell that it has a part of. Allocates in fit() alone. Thread-bound.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "vision/luma_cells.h"
#include "vision/motion.h"

namespace vedette::vision {

class ZoneCells {
 public:
  // At most 32 zones; more are our own bug. `region`: as of MotionOptions.
  ZoneCells(std::vector<MotionZone> zones, MaskPolygon region);

  // For pictures of this size, whose cells these are.
  void fit(const LumaCells& cells, std::uint32_t width, std::uint32_t height);

  // Counts the cells that are at least `threshold`. True: they are at least `area` of all that is watched, or of a watched zone's
  // cells in the region its own area. An area of 0 is any cell.
  bool count(std::span<const std::uint8_t> cells, std::uint8_t threshold, float area);
  // Nothing moves.
  void clear();

  float area() const { return area_; }                             // part of the watched cells that moves
  std::span<const float> zone_area() const { return zone_area_; }  // of each zone, ignored ones and the region's outside too

 private:
  std::vector<MotionZone> zones_;
  MaskPolygon region_;
  std::vector<std::uint32_t> zones_of_;  // a bit a zone, for each cell
  std::vector<std::uint8_t> inside_;     // 1: in the region
  std::vector<std::uint8_t> watched_;    // 1: it counts
  std::uint32_t watched_cells_ = 0;
  struct Count {
    std::uint32_t all = 0, inside = 0;  // `inside`: of them in the region
  };
  std::vector<Count> zone_cells_, zone_moving_;
  std::vector<float> zone_area_;
  float area_ = 0.0f;
};

}  // namespace vedette::vision
