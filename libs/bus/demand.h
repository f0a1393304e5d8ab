// Demand: what a reader asks of a topic's writer, in one 64-bit word of its lease entry. The writer does the maximum of what
// all live entries ask; what nobody asks isn't done.
#pragma once

#include <cstdint>

namespace vedette::bus {

struct Demand {
  bool pixels = false;      // decoded pictures
  bool packets = false;     // the camera's own bitstream
  float fps = 0.0f;         // pictures a second, in steps of 0.1; 0: every one there is
  std::uint16_t width = 0;  // largest picture wanted; 0: the source's own
  std::uint16_t height = 0;

  bool any() const { return pixels || packets; }
  bool operator==(const Demand&) const = default;

  static Demand every_pixel() { return Demand{.pixels = true}; }
  static Demand pixels_at(float fps) { return Demand{.pixels = true, .fps = fps}; }

  // flags (bit 0 pixels, bit 1 packets) | fps × 10 << 16 | width << 32 | height << 48
  std::uint64_t pack() const;
  static Demand unpack(std::uint64_t word);  // any word is a valid demand

  // The least that satisfies both. "Every one" and "the source's own" (0) are the largest.
  static Demand maximum(const Demand& a, const Demand& b);
};

}  // namespace vedette::bus
