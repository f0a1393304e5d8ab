#include "schema/frame.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace vedette {
namespace {

constexpr std::uint32_t align64(std::uint32_t bytes) { return (bytes + 63u) & ~63u; }
constexpr std::uint32_t half(std::uint32_t side) { return (side + 1) / 2; }

Error bad_frame(const std::string& text) { return Error{ErrorCode::kCorrupt, "frame record: " + text}; }

// A box may touch the border; rounding may carry x + width a hair beyond it.
constexpr float kBorder = 1.0f + 1e-4f;

using FourFloats = float __attribute__((vector_size(16)));
using FourBits = std::uint32_t __attribute__((vector_size(16)));
#if defined(__x86_64__)
#define VD_VECTOR_REGISTER "+x"
#elif defined(__aarch64__)
#define VD_VECTOR_REGISTER "+w"
#else
#define VD_VECTOR_REGISTER "+m"
#endif

// Copies boxes that somebody may be changing meanwhile, and does check_box() on the copies without a branch, about 1 ns a box. As
// bits, the floats from 0 to 1 are the numbers from 0 to the bits of 1: all others have the top bit set, or what is left of those
// has. -0 is good too but has it: false only means that the boxes must be looked at one by one.
bool copy_boxes(const std::byte* from, std::span<Detection> to) {
  constexpr auto kOne = std::bit_cast<std::uint32_t>(1.0f), kFar = std::bit_cast<std::uint32_t>(kBorder);
  FourBits bad{};
  std::uint32_t bad_score = 0;
  for (Detection& box : to) {
    FourFloats place{};  // x, y, width, height
    std::uint64_t rest = 0;
    std::memcpy(&place, from, 16), std::memcpy(&rest, from + 16, 8);
    asm volatile("" : VD_VECTOR_REGISTER(place), "+r"(rest));  // what is checked is what was copied: no second look at the record
    auto* const copy = reinterpret_cast<std::byte*>(&box);
    std::memcpy(copy, &place, 16), std::memcpy(copy + 16, &rest, 8);
    const FourFloats size = __builtin_shufflevector(place, FourFloats{}, 2, 3, 4, 5);  // width, height, 0, 0
    bad |= std::bit_cast<FourBits>(place) | (FourBits{kFar, kFar, kFar, kFar} - std::bit_cast<FourBits>(place + size));
    const auto score = static_cast<std::uint32_t>(rest);
    bad_score |= score | (kOne - score);
    from += sizeof box;
  }
  return ((bad[0] | bad[1] | bad[2] | bad[3] | bad_score) >> 31) == 0;
}
#undef VD_VECTOR_REGISTER

Result<> check_box(const Detection& box, std::size_t index) {
  const auto in_order = [](float value, float most) { return value >= 0.0f && value <= most; };  // NaN is in no order
  const bool good = in_order(box.x(), kBorder) && in_order(box.y(), kBorder) && in_order(box.width(), kBorder) &&
                    in_order(box.height(), kBorder) && in_order(box.score(), 1.0f) && box.x() + box.width() <= kBorder &&
                    box.y() + box.height() <= kBorder;
  if (good) return {};
  return Error{ErrorCode::kCorrupt, "detections record: box " + std::to_string(index) + " is not within [0, 1]"};
}

}  // namespace

int plane_count(PixelFormat format) {
  switch (format) {
    case PixelFormat::I420:
      return 3;
    case PixelFormat::NV12:
      return 2;
    case PixelFormat::YUYV:
    case PixelFormat::GRAY8:
    case PixelFormat::RGB24:
    case PixelFormat::BGR24:
      return 1;
    case PixelFormat::Unknown:
      break;
  }
  return 0;
}

PlaneGeometry plane_extent(PixelFormat format, int plane, std::uint32_t width, std::uint32_t height) {
  switch (format) {
    case PixelFormat::I420:
      return plane == 0 ? PlaneGeometry{0, 0, width, height} : PlaneGeometry{0, 0, half(width), half(height)};
    case PixelFormat::NV12:
      return plane == 0 ? PlaneGeometry{0, 0, width, height} : PlaneGeometry{0, 0, 2 * half(width), half(height)};
    case PixelFormat::YUYV:
      return {0, 0, 4 * half(width), height};
    case PixelFormat::GRAY8:
      return {0, 0, width, height};
    case PixelFormat::RGB24:
    case PixelFormat::BGR24:
      return {0, 0, 3 * width, height};
    case PixelFormat::Unknown:
      break;
  }
  return {};
}

FrameLayout frame_layout(PixelFormat format, std::uint32_t width, std::uint32_t height) {
  FrameLayout layout;
  std::uint32_t offset = kFramePixelsOffset;
  for (int plane = 0; plane < plane_count(format); ++plane) {
    PlaneGeometry geometry = plane_extent(format, plane, width, height);
    geometry.offset = offset;
    geometry.stride = align64(geometry.row_bytes);
    offset += align64(geometry.stride * geometry.rows);
    layout.planes.push_back(geometry);
  }
  layout.slot_bytes = offset;
  return layout;
}

Result<> check_frame(const FrameInfo& info, std::size_t slot_bytes) {
  const int planes = plane_count(info.format());
  if (planes == 0) return bad_frame("unknown pixel format " + std::to_string(static_cast<int>(info.format())));
  if (info.matrix() > ColorMatrix::MAX || info.range() > ColorRange::MAX) return bad_frame("unknown colour matrix or range");
  if (info.memory() != schema::Memory::Host) return bad_frame("pixels are not in host memory");
  const auto sane = [](std::uint32_t side) { return side >= 1 && side <= kMaxSide; };
  if (!sane(info.width()) || !sane(info.height()) || !sane(info.source_width()) || !sane(info.source_height()))
    return bad_frame("impossible size " + std::to_string(info.width()) + "x" + std::to_string(info.height()));
  for (int plane = 0; plane < planes; ++plane) {
    const auto index = static_cast<flatbuffers::uoffset_t>(plane);
    const PlaneGeometry extent = plane_extent(info.format(), plane, info.width(), info.height());
    const std::uint64_t offset = info.plane_offset()->Get(index);
    const std::uint64_t stride = info.plane_stride()->Get(index);
    const std::uint64_t end = offset + stride * (extent.rows - 1) + extent.row_bytes;
    if (stride < extent.row_bytes || offset < sizeof(FrameInfo) || end > slot_bytes)
      return bad_frame("plane " + std::to_string(plane) + " does not lie inside its slot of " + std::to_string(slot_bytes) +
                       " bytes");
  }
  return {};
}

std::string_view camera_of(const FrameInfo& info) {
  const auto* bytes = reinterpret_cast<const char*>(info.camera()->Data());
  return {bytes, ::strnlen(bytes, info.camera()->size())};
}

void set_camera(FrameInfo& info, std::string_view camera) {
  auto* bytes = info.mutable_camera();
  const std::size_t used = std::min<std::size_t>(camera.size(), bytes->size() - 1);
  for (std::size_t i = 0; i < bytes->size(); ++i)
    bytes->Mutate(static_cast<flatbuffers::uoffset_t>(i), i < used ? static_cast<std::uint8_t>(camera[i]) : std::uint8_t{0});
}

std::size_t write_detections(std::span<std::byte> slot, DetectionsInfo info, std::span<const Detection> boxes) {
  const std::size_t bytes = sizeof info + boxes.size_bytes();
  VD_ASSERT(boxes.size() <= kMaxDetections && bytes <= slot.size(), "more detections than a record holds");
  info.mutate_count(static_cast<std::uint32_t>(boxes.size()));
  std::memcpy(slot.data(), &info, sizeof info);
  if (!boxes.empty()) std::memcpy(slot.data() + sizeof info, boxes.data(), boxes.size_bytes());
  return bytes;
}

Result<> read_detections(std::span<const std::byte> record, Detections& out) {
  if (record.size() < sizeof(DetectionsInfo)) return Error{ErrorCode::kCorrupt, "detections record: shorter than its header"};
  std::memcpy(&out.info, record.data(), sizeof out.info);
  const std::size_t count = out.info.count();
  if (count > kMaxDetections || sizeof out.info + count * sizeof(Detection) > record.size())
    return Error{ErrorCode::kCorrupt, "detections record: " + std::to_string(count) + " boxes do not fit it"};
  out.boxes.resize(count);
  if (copy_boxes(record.data() + sizeof out.info, out.boxes)) return {};
  for (std::size_t i = 0; i < count; ++i) VD_TRY(check_box(out.boxes[i], i));
  return {};
}

std::string_view to_string(Mode mode) {
  switch (mode) {
    case Mode::Standby:
      return "standby";
    case Mode::Validation:
      return "validation";
    case Mode::Tracking:
      return "tracking";
  }
  return "unknown";
}

std::string_view to_string(PixelFormat format) { return schema::EnumNamePixelFormat(format); }

}  // namespace vedette
