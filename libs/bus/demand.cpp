#include "bus/demand.h"

#include <algorithm>
#include <cmath>

namespace vedette::bus {
namespace {

constexpr std::uint64_t kPixels = 1, kPackets = 2;

// 0 stands for "no limit", the largest.
template <typename T>
T larger(T a, T b) {
  return a == 0 || b == 0 ? T{0} : std::max(a, b);
}

}  // namespace

std::uint64_t Demand::pack() const {
  const float tenths = std::clamp(std::round(fps * 10.0f), 0.0f, 65535.0f);
  // A rate above none must not round to 0, which means every frame.
  const auto rate = fps > 0.0f ? std::max<std::uint64_t>(1, static_cast<std::uint64_t>(tenths)) : 0;
  return (pixels ? kPixels : 0) | (packets ? kPackets : 0) | rate << 16 | std::uint64_t{width} << 32 |
         std::uint64_t{height} << 48;
}

Demand Demand::unpack(std::uint64_t word) {
  return Demand{.pixels = (word & kPixels) != 0,
                .packets = (word & kPackets) != 0,
                .fps = static_cast<float>(word >> 16 & 0xffff) / 10.0f,
                .width = static_cast<std::uint16_t>(word >> 32),
                .height = static_cast<std::uint16_t>(word >> 48)};
}

Demand Demand::maximum(const Demand& a, const Demand& b) {
  Demand both{.pixels = a.pixels || b.pixels, .packets = a.packets || b.packets};
  // Rate and size speak of pixels: who wants none has no say in them.
  if (!both.pixels) return both;
  if (!a.pixels || !b.pixels) {
    const Demand& wants = a.pixels ? a : b;
    both.fps = wants.fps, both.width = wants.width, both.height = wants.height;
    return both;
  }
  both.fps = larger(a.fps, b.fps);
  both.width = larger(a.width, b.width);
  both.height = larger(a.height, b.height);
  return both;
}

}  // namespace vedette::bus
