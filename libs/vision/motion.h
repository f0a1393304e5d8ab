// MotionGate: does anything move in front of this camera? A frame's luma is averaged into cells (SIMD, one pass over the luma
// plane where it lies), compared with a background that follows slowly, and counted, over the whole picture and per zone. A
// change of light (everything at once: a lamp, a cloud, a camera's exposure or its night mode) is told from motion and learnt
// anew.
//
// Costs one read of the luma; allocates when the picture's size changes, else never. Thread-bound, one object a camera.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "vision/image_view.h"

namespace vedette::vision {

struct MotionPoint {
  float x = 0;  // relative to the picture
  float y = 0;
};
struct MotionZone {
  std::vector<MotionPoint> polygon;
  bool ignored = false;  // what moves here, and in no zone that is watched, doesn't count
  float area = 0.0f;     // least part of the zone's cells that move; 0: as MotionOptions::area
};
struct MotionOptions {
  float threshold = 12.0f;  // least change of a cell's brightness that counts, 1..255
  float area = 0.002f;      // least part of the watched cells that moves, 0..1
  std::vector<MotionZone> zones;
};

struct MotionResult {
  std::uint32_t columns = 0, rows = 0;            // of cells; at most 160 x 160
  std::uint32_t cell_width = 0, cell_height = 0;  // pixels; the last ones may have fewer
  std::uint8_t threshold = 0;                     // a cell of `cells` that is at least this moves
  float area = 0;                                 // part of the watched cells that move
  bool moving = false;                            // enough of the watched cells or of a watched zone
  bool light_changed = false;                     // taken for a change of light: not moving, and the background is learnt anew
  std::span<const float> zone_area;               // by zone; good until the next look()
  std::span<const std::uint8_t> cells;            // how far each is from the background, 0..255
  std::span<const std::uint8_t> luma;             // mean brightness of each, full range
};

class MotionGate {
 public:
  explicit MotionGate(MotionOptions options);
  ~MotionGate();
  MotionGate(MotionGate&&) noexcept;
  MotionGate& operator=(MotionGate&&) noexcept;

  // The next frame, taken at `captured_at_ns` (the background follows by time, not by frames). The first of a size moves: nothing
  // is known about it yet.
  MotionResult look(const ImageView& image, std::uint64_t captured_at_ns);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace vedette::vision
