// Records of <cam>/motion: where a frame differs from what the camera usually shows, computed once by detect. A MotionInfo, then
// one byte a cell of motion (how far its brightness is from the background), then one byte a cell of luma.
//
// Bytes out of shared memory are hostile: copy them out first, then check the copy here. Pure functions, thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "schema/frame.h"

namespace vedette {

using schema::MotionInfo;

inline constexpr std::uint64_t kMotionSchema = 0x5644'4D4F'0001;  // "VDMO" 1
static_assert(sizeof(MotionInfo) == 144 && alignof(MotionInfo) == 8);

inline constexpr std::uint32_t kMaxMotionCells = 160 * 160;
inline constexpr std::size_t kMotionSlotBytes = sizeof(MotionInfo) + 2 * kMaxMotionCells;
inline constexpr std::uint32_t kMaxMotionZones = 16;

struct Motion {
  MotionInfo info;
  std::vector<std::uint8_t> cells;  // columns x rows
  std::vector<std::uint8_t> luma;
};

// Writes a record whose `cells` and `luma` are both info.columns() x info.rows() long; returns the bytes used. Anything else, or
// more than kMaxMotionCells, is our own bug.
std::size_t write_motion(std::span<std::byte> slot, const MotionInfo& info, std::span<const std::uint8_t> cells,
                         std::span<const std::uint8_t> luma);
// Copies a record out and checks it: sizes fit, areas are 0..1.
Result<> read_motion(std::span<const std::byte> record, Motion& out);

}  // namespace vedette
