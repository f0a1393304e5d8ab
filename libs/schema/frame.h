// Typed, checked views of the frame path's records. Bytes out of shared memory are hostile: copy them out first, then
// check the copy here; nothing in a checked record leads outside its slot.
// Pure functions, thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "schema/frame_generated.h"

namespace vedette {

using schema::ColorMatrix;
using schema::ColorRange;
using schema::Detection;
using schema::DetectionsInfo;
using schema::FrameInfo;
using schema::Mode;
using schema::PixelFormat;
using schema::TraceContext;

// Schema ids stand in a topic's header; a reader of another schema is refused.
inline constexpr std::uint64_t kFrameSchema = 0x5644'4652'0001;       // "VDFR" 1
inline constexpr std::uint64_t kDetectionsSchema = 0x5644'4454'0001;  // "VDDT" 1

// Where a frame's pixels start in its slot: FrameInfo lies in front, planes are 64-byte aligned behind it.
inline constexpr std::size_t kFramePixelsOffset = 256;

// Fixed offsets in every language.
static_assert(sizeof(TraceContext) == 32);
static_assert(sizeof(FrameInfo) == 160 && alignof(FrameInfo) == 8);
static_assert(sizeof(Detection) == 24 && alignof(Detection) == 4);
static_assert(sizeof(DetectionsInfo) == 80 && alignof(DetectionsInfo) == 8);
static_assert(sizeof(FrameInfo) <= kFramePixelsOffset);

struct PlaneGeometry {
  std::uint32_t offset = 0;  // bytes from the start of the slot
  std::uint32_t stride = 0;  // bytes from row to row
  std::uint32_t row_bytes = 0;
  std::uint32_t rows = 0;
};

// Number of planes of a format; 0 for Unknown.
int plane_count(PixelFormat format);
// Bytes in a row and number of rows of plane `plane` of a width × height picture (chroma rounded up).
PlaneGeometry plane_extent(PixelFormat format, int plane, std::uint32_t width, std::uint32_t height);
// A tight layout (strides aligned to 64) that starts at kFramePixelsOffset, and the slot bytes it needs.
struct FrameLayout {
  std::vector<PlaneGeometry> planes;
  std::size_t slot_bytes = 0;
};
FrameLayout frame_layout(PixelFormat format, std::uint32_t width, std::uint32_t height);

// Largest side of a picture that anything here accepts.
inline constexpr std::uint32_t kMaxSide = 16384;

// Ok if every plane of the (copied) record lies inside a slot of `slot_bytes` and all values are sane; else what isn't.
Result<> check_frame(const FrameInfo& info, std::size_t slot_bytes);

std::string_view camera_of(const FrameInfo& info);
void set_camera(FrameInfo& info, std::string_view camera);  // cut at 31 bytes

// What DetectionsInfo keeps of FrameInfo.camera_wall_at_ns: enough to tell pictures of one camera apart that are days apart at
// most.
constexpr std::uint32_t camera_clock_ms(std::uint64_t camera_wall_at_ns) {
  const auto low = static_cast<std::uint32_t>(camera_wall_at_ns / 1'000'000);
  return low == 0 && camera_wall_at_ns != 0 ? 1 : low;
}

// A detections record, copied out of a slot.
struct Detections {
  DetectionsInfo info;
  std::vector<Detection> boxes;
};

inline constexpr std::size_t kMaxDetections = 300;
inline constexpr std::size_t kDetectionsSlotBytes = sizeof(DetectionsInfo) + kMaxDetections * sizeof(Detection);

// Writes info (its count set to the number of boxes) and boxes to `slot`; returns the bytes used. More than kMaxDetections
// boxes are our own bug.
std::size_t write_detections(std::span<std::byte> slot, DetectionsInfo info, std::span<const Detection> boxes);
// Copies a record out and checks it: count fits, every number finite, boxes within [0, 1].
Result<> read_detections(std::span<const std::byte> record, Detections& out);

std::string_view to_string(Mode mode);           // "standby", "validation", "tracking"
std::string_view to_string(PixelFormat format);  // "I420", …

}  // namespace vedette
