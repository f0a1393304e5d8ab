// MotionGate: does anything move in front of this camera? Each look compares the brightness of the picture's cells (LumaCells)
// with a background that follows by time, takes off what each place's own noise excuses, and counts what is left: of the whole
// picture and of each zone. What moves outside of the region is in the cells and in the zones' areas, but opens nothing.
//
// Who stops is seen for 20 s x ln(contrast / threshold), half a minute or so, then belongs to the picture; where nothing moves,
// the background keeps up with a time constant of 5 s. A common gain and offset (a lamp, a cloud, an exposure) is taken away
// before the comparison: who walks in meanwhile is seen. When then still more than three fifths of the picture differ, that is
// light too (a camera's night mode), and everything is learnt anew; but not twice within 3 s: then the camera moves, or something
// is in front of it. What opens the gate although nobody comes: light on a part of the picture (the edge of a shadow,
// headlights), and what begins to wave or to blink, until its place is known as restless, after a minute; a change of four times
// the threshold always counts.
//
// Costs one read of the luma, of large pictures only of some rows; allocates when the picture's size changes, else never.
// Thread-bound, one object a camera.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "vision/image_view.h"
#include "vision/orient.h"

namespace vedette::vision {

struct MotionZone {
  MaskPolygon polygon;
  bool ignored = false;  // what moves here, and in no zone that is watched, doesn't count
  float area = 0.0f;     // least part of the zone's cells that move; 0: as MotionOptions::area
};
struct MotionOptions {
  float threshold = 12.0f;  // least change of a cell's brightness that counts, 1..255
  float area = 0.002f;      // least part of the watched cells that moves, 0..1
  std::vector<MotionZone> zones;
  MaskPolygon region = {};  // only here it is watched; empty: everywhere
};

struct MotionResult {
  std::uint32_t columns = 0, rows = 0;            // of cells; at most 160 x 160
  std::uint32_t cell_width = 0, cell_height = 0;  // pixels; the last ones may have fewer
  std::uint8_t threshold = 0;                     // a cell of `cells` that is at least this moves
  float area = 0;                                 // part of the watched cells that move
  bool moving = false;                            // enough of the watched cells or of a watched zone
  bool light_changed = false;                     // so much at once that it was taken for light, which isn't in `cells` any more
  std::span<const float> zone_area;               // by zone, what lies outside the region too; good until the next look()
  std::span<const std::uint8_t> cells;            // how far each is from the background, less its noise, 0..255
  std::span<const std::uint8_t> luma;             // mean brightness of each, full range
};

class MotionGate {
 public:
  explicit MotionGate(MotionOptions options);
  ~MotionGate();
  MotionGate(MotionGate&&) noexcept;
  MotionGate& operator=(MotionGate&&) noexcept;

  // The next frame, taken at `captured_at_ns` (the background follows by time, not by frames; a time before the last look's is
  // another clock's, and no time has passed). The first of a size moves, with all areas 0: nothing is known about it yet. A
  // picture without a format or with sides out of 1..kMaxSide is our own bug.
  MotionResult look(const ImageView& image, std::uint64_t captured_at_ns);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace vedette::vision
