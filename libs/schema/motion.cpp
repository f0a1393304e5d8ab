#include "schema/motion.h"

#include <cstring>

namespace vedette {
namespace {

bool is_part(float value) { return value >= 0.0f && value <= 1.0f; }  // NaN isn't

}  // namespace

std::size_t write_motion(std::span<std::byte> slot, const MotionInfo& info, std::span<const std::uint8_t> cells,
                         std::span<const std::uint8_t> luma) {
  const std::size_t count = std::size_t{info.columns()} * info.rows();
  VD_ASSERT(count <= kMaxMotionCells && cells.size() == count && luma.size() == count, "cells that don't fit");
  const std::size_t bytes = sizeof info + 2 * count;
  VD_ASSERT(slot.size() >= bytes, "a slot too small for motion");
  std::memcpy(slot.data(), &info, sizeof info);
  std::memcpy(slot.data() + sizeof info, cells.data(), count);
  std::memcpy(slot.data() + sizeof info + count, luma.data(), count);
  return bytes;
}

Result<> read_motion(std::span<const std::byte> record, Motion& out) {
  const auto corrupt = [](const char* what) { return Error{ErrorCode::kCorrupt, std::string("motion record: ") + what}; };
  if (record.size() < sizeof out.info) return corrupt("shorter than its header");
  std::memcpy(&out.info, record.data(), sizeof out.info);
  const std::size_t count = std::size_t{out.info.columns()} * out.info.rows();
  if (count == 0 || count > kMaxMotionCells) return corrupt("an impossible number of cells");
  if (record.size() < sizeof out.info + 2 * count) return corrupt("shorter than its cells");
  if (out.info.zones() > kMaxMotionZones) return corrupt("more zones than there may be");
  if (!is_part(out.info.area())) return corrupt("an area that isn't 0..1");
  for (std::uint32_t zone = 0; zone < out.info.zones(); ++zone)
    if (!is_part(out.info.zone_area()->Get(zone))) return corrupt("a zone's area that isn't 0..1");
  const auto* cells = reinterpret_cast<const std::uint8_t*>(record.data() + sizeof out.info);
  out.cells.assign(cells, cells + count);
  out.luma.assign(cells + count, cells + 2 * count);
  return {};
}

}  // namespace vedette
