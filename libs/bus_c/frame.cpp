// vd_frame_* and vd_detections_*: the schema's records in C. The C structs are the schema's, byte for byte.
#include <vedette/frame.h>

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "base/clock.h"
#include "bus_c/bus_state.h"
#include "schema/frame.h"

namespace vedette::c {
namespace {

static_assert(sizeof(vd_frame_info) == sizeof(FrameInfo) && alignof(vd_frame_info) == alignof(FrameInfo));
static_assert(sizeof(vd_detections_info) == sizeof(DetectionsInfo) && alignof(vd_detections_info) == alignof(DetectionsInfo));
static_assert(sizeof(vd_detection) == sizeof(Detection) && alignof(vd_detection) == alignof(Detection));
static_assert(sizeof(vd_trace) == sizeof(TraceContext));
static_assert(offsetof(vd_frame_info, trace) == 32 && offsetof(vd_frame_info, width) == 64 &&
              offsetof(vd_frame_info, plane_offset) == 80 && offsetof(vd_frame_info, plane_stride) == 96 &&
              offsetof(vd_frame_info, camera) == 112 && offsetof(vd_frame_info, format) == 144 &&
              offsetof(vd_frame_info, mode) == 148 && offsetof(vd_frame_info, reserved) == 149 &&
              offsetof(vd_frame_info, camera_wall_at_ns) == 152);
static_assert(offsetof(vd_detections_info, trace) == 32 && offsetof(vd_detections_info, count) == 64);
static_assert(offsetof(vd_detection, score) == 16 && offsetof(vd_detection, class_id) == 20);
static_assert(sizeof(vd_plane) == 24 && sizeof(vd_frame) == 264 && sizeof(vd_layout) == 96, "the ABI's sizes stay");
static_assert(VD_FRAME_SCHEMA == kFrameSchema && VD_DETECTIONS_SCHEMA == kDetectionsSchema &&
              VD_MAX_DETECTIONS == kMaxDetections && VD_MAX_SIDE == kMaxSide);
static_assert(VD_I420 == int(PixelFormat::I420) && VD_NV12 == int(PixelFormat::NV12) && VD_YUYV == int(PixelFormat::YUYV) &&
              VD_GRAY8 == int(PixelFormat::GRAY8) && VD_RGB24 == int(PixelFormat::RGB24) && VD_BGR24 == int(PixelFormat::BGR24) &&
              PixelFormat::MAX == PixelFormat::BGR24);
static_assert(VD_BT709 == int(ColorMatrix::BT709) && VD_FULL_RANGE == int(ColorRange::Full) &&
              VD_TRACKING == int(Mode::Tracking));

// The same bytes as the schema's type.
template <typename To, typename From>
To as(const From& from) {
  static_assert(sizeof(To) == sizeof(From));
  To to;
  std::memcpy(static_cast<void*>(&to), &from, sizeof to);
  return to;
}

vd_status check_record(const vd_record* record) {
  if (record == nullptr) return fail(VD_INVALID_ARGUMENT, "the vd_record is NULL");
  if (record->data == nullptr) return fail(VD_INVALID_ARGUMENT, "the vd_record is empty: nothing taken, or released already");
  return VD_OK;
}

vd_status check_picture(std::uint32_t format, std::uint32_t width, std::uint32_t height) {
  const auto known = format <= std::uint32_t{VD_BGR24} ? static_cast<PixelFormat>(format) : PixelFormat::Unknown;
  if (plane_count(known) == 0)
    return fail(VD_INVALID_ARGUMENT, "pixel format " + std::to_string(format) +
                                         ": expected VD_I420, VD_NV12, VD_YUYV, VD_GRAY8, VD_RGB24 or VD_BGR24");
  if (width >= 1 && height >= 1 && width <= kMaxSide && height <= kMaxSide) return VD_OK;
  return fail(VD_INVALID_ARGUMENT, "a picture of " + std::to_string(width) + "x" + std::to_string(height) +
                                       ": expected sides of 1 to " + std::to_string(kMaxSide) + " pixels");
}

// Where the last row of a checked frame's planes ends, as its stride counts.
std::uint64_t record_bytes(const vd_frame_info& info, std::uint64_t slot_bytes) {
  std::uint64_t end = 0;
  const auto format = static_cast<PixelFormat>(info.format);
  for (int plane = 0; plane < plane_count(format); ++plane) {
    const std::uint64_t rows = plane_extent(format, plane, info.width, info.height).rows;
    end = std::max(end, info.plane_offset[plane] + info.plane_stride[plane] * rows);
  }
  return std::min(end, slot_bytes);  // the last row may lack what its stride adds
}

// The checked copy that reading boxes goes through; its memory is used again by the thread's next call.
Detections& scratch() {
  thread_local Detections detections;
  return detections;
}

}  // namespace
}  // namespace vedette::c

using namespace vedette;

extern "C" {

vd_status vd_frame_read(const vd_record* record, vd_frame* frame) {
  return c::guarded([&]() -> vd_status {
    if (frame == nullptr) return c::fail(VD_INVALID_ARGUMENT, "vd_frame_read: frame is NULL");
    *frame = {};
    if (const vd_status status = c::check_record(record); status != VD_OK) return status;
    if (record->bytes < sizeof(FrameInfo)) return c::fail(VD_CORRUPT, "frame record: shorter than its header");
    FrameInfo info;
    std::memcpy(&info, record->data, sizeof info);
    if (const auto checked = check_frame(info, record->bytes); !checked.ok()) return c::fail(checked.error());
    frame->info = c::as<vd_frame_info>(info);
    frame->info.camera[sizeof frame->info.camera - 1] = '\0';
    frame->plane_count = static_cast<std::uint32_t>(plane_count(info.format()));
    for (std::uint32_t i = 0; i < frame->plane_count; ++i) {
      const PlaneGeometry extent = plane_extent(info.format(), static_cast<int>(i), info.width(), info.height());
      frame->planes[i] = vd_plane{static_cast<const std::uint8_t*>(record->data) + frame->info.plane_offset[i],
                                  frame->info.plane_stride[i], extent.row_bytes, extent.rows, 0};
    }
    return VD_OK;
  });
}

vd_status vd_frame_check(const vd_frame_info* info, uint64_t record_bytes) {
  return c::guarded([&]() -> vd_status {
    if (info == nullptr) return c::fail(VD_INVALID_ARGUMENT, "vd_frame_check: info is NULL");
    return c::status_of(check_frame(c::as<FrameInfo>(*info), record_bytes));
  });
}

vd_status vd_frame_layout(uint32_t format, uint32_t width, uint32_t height, vd_layout* layout) {
  return c::guarded([&]() -> vd_status {
    if (layout == nullptr) return c::fail(VD_INVALID_ARGUMENT, "vd_frame_layout: layout is NULL");
    *layout = {};
    if (const vd_status status = c::check_picture(format, width, height); status != VD_OK) return status;
    const FrameLayout made = frame_layout(static_cast<PixelFormat>(format), width, height);
    layout->slot_bytes = made.slot_bytes;
    layout->plane_count = static_cast<std::uint32_t>(made.planes.size());
    for (std::size_t i = 0; i < made.planes.size(); ++i) {
      layout->offset[i] = made.planes[i].offset;
      layout->stride[i] = made.planes[i].stride;
      layout->row_bytes[i] = made.planes[i].row_bytes;
      layout->rows[i] = made.planes[i].rows;
    }
    return VD_OK;
  });
}

vd_status vd_frame_info_init(vd_frame_info* info, uint32_t format, uint32_t width, uint32_t height, const char* camera) {
  return c::guarded([&]() -> vd_status {
    if (info == nullptr) return c::fail(VD_INVALID_ARGUMENT, "vd_frame_info_init: info is NULL");
    *info = {};
    if (camera == nullptr) return c::fail(VD_INVALID_ARGUMENT, "vd_frame_info_init: camera is NULL; expected its name");
    vd_layout layout;
    if (const vd_status status = vd_frame_layout(format, width, height, &layout); status != VD_OK) return status;
    info->captured_at_ns = monotonic_ns();
    info->wall_at_ns = wall_ns();
    info->width = info->source_width = width;
    info->height = info->source_height = height;
    std::memcpy(info->plane_offset, layout.offset, sizeof info->plane_offset);
    std::memcpy(info->plane_stride, layout.stride, sizeof info->plane_stride);
    std::memcpy(info->camera, camera, ::strnlen(camera, sizeof info->camera - 1));
    info->format = static_cast<std::uint8_t>(format);
    return VD_OK;
  });
}

vd_status vd_publish_frame(vd_writer* writer, vd_slot* slot, vd_frame_info* info) {
  return c::guarded([&]() -> vd_status {
    if (const vd_status status = c::check_handle(writer, "writer"); status != VD_OK) return status;
    const std::span<std::byte> bytes = c::loaned_bytes(writer, slot);
    if (bytes.empty()) return VD_INVALID_ARGUMENT;
    if (const vd_status status = vd_frame_check(info, bytes.size()); status != VD_OK) return status;
    if (info->frame_id == 0) info->frame_id = writer->state->writer.next_frame_id();
    info->published_at_ns = monotonic_ns();
    std::memcpy(bytes.data(), info, sizeof *info);
    return c::publish(writer, slot, info->frame_id, c::record_bytes(*info, bytes.size()), false);
  });
}

vd_status vd_detections_write(const vd_slot* slot, const vd_detections_info* info, const vd_detection* boxes, uint32_t count,
                              uint64_t* bytes) {
  return c::guarded([&]() -> vd_status {
    if (slot == nullptr || slot->data == nullptr)
      return c::fail(VD_INVALID_ARGUMENT, "vd_detections_write: the slot is NULL or empty; call vd_loan()");
    if (info == nullptr || bytes == nullptr || (boxes == nullptr && count > 0))
      return c::fail(VD_INVALID_ARGUMENT, "vd_detections_write: info, boxes or bytes is NULL");
    const std::uint64_t needed = VD_DETECTIONS_BYTES(count);
    if (count > VD_MAX_DETECTIONS || needed > slot->bytes)
      return c::fail(VD_INVALID_ARGUMENT, std::to_string(count) + " detections do not fit: at most " +
                                              std::to_string(VD_MAX_DETECTIONS) + ", and a slot of " +
                                              std::to_string(slot->bytes) + " bytes");
    const std::span slot_bytes(static_cast<std::byte*>(slot->data), static_cast<std::size_t>(needed));
    vd_detections_info counted = *info;
    counted.count = count;
    std::memcpy(slot_bytes.data(), &counted, sizeof counted);
    if (count > 0) std::memcpy(slot_bytes.data() + sizeof counted, boxes, count * sizeof *boxes);
    if (const auto checked = read_detections(slot_bytes, c::scratch()); !checked.ok())
      return c::fail(VD_INVALID_ARGUMENT, checked.error().text);
    *bytes = needed;
    return VD_OK;
  });
}

vd_status vd_detections_read(const vd_record* record, vd_detections_info* info, vd_detection* boxes, uint32_t capacity) {
  return c::guarded([&]() -> vd_status {
    if (info == nullptr || (boxes == nullptr && capacity > 0))
      return c::fail(VD_INVALID_ARGUMENT, "vd_detections_read: info or boxes is NULL");
    *info = {};
    if (const vd_status status = c::check_record(record); status != VD_OK) return status;
    Detections& read = c::scratch();
    const std::span bytes(static_cast<const std::byte*>(record->data), static_cast<std::size_t>(record->bytes));
    if (const auto checked = read_detections(bytes, read); !checked.ok()) return c::fail(checked.error());
    *info = c::as<vd_detections_info>(read.info);
    if (read.boxes.size() > capacity)
      return c::fail(VD_INVALID_ARGUMENT, "the record has " + std::to_string(read.boxes.size()) +
                                              " detections, there is room for " + std::to_string(capacity));
    if (!read.boxes.empty()) std::memcpy(boxes, read.boxes.data(), read.boxes.size() * sizeof *boxes);
    return VD_OK;
  });
}

}  // extern "C"
