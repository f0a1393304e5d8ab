#include "vision/motion_zones.h"

#include <algorithm>
#include <bit>

#include "base/check.h"
#include "vision/orient.h"

namespace vedette::vision {
namespace {

float part(std::uint32_t some, std::uint32_t all) { return all == 0 ? 0.0f : static_cast<float>(some) / static_cast<float>(all); }

// A picture of a pixel a cell, black where the polygon is; its points are stretched as the last cells reach beyond the picture.
void draw(const MaskPolygon& shape, float stretch_x, float stretch_y, Image& picture, std::uint32_t columns, std::uint32_t rows) {
  picture.reshape(PixelFormat::GRAY8, columns, rows);
  MutableImageView view{PixelFormat::GRAY8, columns, rows, {}};
  view.planes[0] = {picture.plane(0), picture.stride(0)};
  for (std::uint32_t row = 0; row < rows; ++row) std::fill_n(picture.row(0, row), columns, std::uint8_t{255});
  MaskPolygon polygon;
  for (const MaskPoint& point : shape) polygon.push_back({point.x * stretch_x, point.y * stretch_y});
  Mask({std::move(polygon)}).apply(view, ColorRange::Full);
}

}  // namespace

ZoneCells::ZoneCells(std::vector<MotionZone> zones, MaskPolygon region)
    : zones_(std::move(zones)),
      region_(std::move(region)),
      zone_cells_(zones_.size()),
      zone_moving_(zones_.size()),
      zone_area_(zones_.size()) {
  VD_ASSERT(zones_.size() <= 32, "more zones than a cell has bits");
}

void ZoneCells::fit(const LumaCells& cells, std::uint32_t width, std::uint32_t height) {
  const std::uint32_t columns = cells.columns(), rows = cells.rows();
  const auto stretch = [&](std::uint32_t pixels, std::uint32_t count) {
    return static_cast<float>(pixels) / static_cast<float>(count * cells.side());
  };
  zones_of_.assign(std::size_t{columns} * rows, 0);
  inside_.assign(zones_of_.size(), 1);
  watched_.assign(zones_of_.size(), 1);
  std::uint32_t ignored = 0;
  Image picture;
  const auto drawn = [&](std::size_t i) { return picture.row(0, static_cast<std::uint32_t>(i / columns))[i % columns] == 0; };
  if (!region_.empty()) {
    draw(region_, stretch(width, columns), stretch(height, rows), picture, columns, rows);
    for (std::size_t i = 0; i < inside_.size(); ++i) inside_[i] = drawn(i) ? 1 : 0;
  }
  for (std::size_t zone = 0; zone < zones_.size(); ++zone) {
    draw(zones_[zone].polygon, stretch(width, columns), stretch(height, rows), picture, columns, rows);
    zone_cells_[zone] = {};
    if (zones_[zone].ignored) ignored |= 1u << zone;
    for (std::size_t i = 0; i < zones_of_.size(); ++i) {
      if (!drawn(i)) continue;
      zones_of_[i] |= 1u << zone;
      ++zone_cells_[zone].all;
      zone_cells_[zone].inside += inside_[i];
    }
  }
  for (std::size_t i = 0; i < zones_of_.size(); ++i)
    watched_[i] = inside_[i] != 0 && (zones_of_[i] == 0 || (zones_of_[i] & ~ignored) != 0) ? 1 : 0;
  watched_cells_ = static_cast<std::uint32_t>(std::count(watched_.begin(), watched_.end(), 1));
  clear();
}

void ZoneCells::clear() {
  area_ = 0.0f;
  std::fill(zone_area_.begin(), zone_area_.end(), 0.0f);
}

bool ZoneCells::count(std::span<const std::uint8_t> cells, std::uint8_t threshold, float area) {
  std::uint32_t moving = 0;
  std::fill(zone_moving_.begin(), zone_moving_.end(), Count{});
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (cells[i] < threshold) continue;
    moving += watched_[i];
    for (std::uint32_t zones = zones_of_[i]; zones != 0; zones &= zones - 1) {
      Count& counted = zone_moving_[static_cast<std::size_t>(std::countr_zero(zones))];
      ++counted.all;
      counted.inside += inside_[i];
    }
  }
  area_ = part(moving, watched_cells_);
  bool enough = moving > 0 && area_ >= area;
  for (std::size_t zone = 0; zone < zones_.size(); ++zone) {
    const Count moves = zone_moving_[zone], has = zone_cells_[zone];
    zone_area_[zone] = part(moves.all, has.all);
    const float least = zones_[zone].area > 0.0f ? zones_[zone].area : area;
    enough |= !zones_[zone].ignored && moves.inside > 0 && part(moves.inside, has.inside) >= least;
  }
  return enough;
}

}  // namespace vedette::vision
