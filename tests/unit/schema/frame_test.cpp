#include "schema/frame.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

namespace vedette {
namespace {

constexpr PixelFormat kFormats[] = {PixelFormat::I420,  PixelFormat::NV12,  PixelFormat::YUYV,
                                    PixelFormat::GRAY8, PixelFormat::RGB24, PixelFormat::BGR24};

FrameInfo good_frame(PixelFormat format, std::uint32_t width = 641, std::uint32_t height = 479) {
  FrameInfo info;
  info.mutate_format(format);
  info.mutate_width(width);
  info.mutate_height(height);
  info.mutate_source_width(1920);
  info.mutate_source_height(1080);
  const FrameLayout layout = frame_layout(format, width, height);
  for (std::size_t plane = 0; plane < layout.planes.size(); ++plane) {
    const auto index = static_cast<flatbuffers::uoffset_t>(plane);
    info.mutable_plane_offset()->Mutate(index, layout.planes[plane].offset);
    info.mutable_plane_stride()->Mutate(index, layout.planes[plane].stride);
  }
  return info;
}
std::size_t slot_of(const FrameInfo& info) { return frame_layout(info.format(), info.width(), info.height()).slot_bytes; }

TEST(FrameLayout, planes_are_aligned_whole_and_apart) {
  for (const PixelFormat format : kFormats)
    for (const std::uint32_t width : {1u, 2u, 3u, 64u, 641u, 3840u})
      for (const std::uint32_t height : {1u, 2u, 479u}) {
        const FrameLayout layout = frame_layout(format, width, height);
        ASSERT_EQ(layout.planes.size(), static_cast<std::size_t>(plane_count(format)));
        std::size_t end = kFramePixelsOffset;
        for (const PlaneGeometry& plane : layout.planes) {
          EXPECT_EQ(plane.offset % 64, 0u);
          EXPECT_EQ(plane.stride % 64, 0u);
          EXPECT_GE(plane.offset, end);
          EXPECT_GE(plane.stride, plane.row_bytes);
          EXPECT_GT(plane.rows, 0u);
          end = plane.offset + std::size_t{plane.stride} * plane.rows;
        }
        EXPECT_GE(layout.slot_bytes, end);
        EXPECT_TRUE(check_frame(good_frame(format, width, height), layout.slot_bytes).ok());
      }
}

TEST(FrameLayout, largest_frames_do_not_overflow) {
  for (const PixelFormat format : kFormats) {
    const FrameInfo info = good_frame(format, kMaxSide, kMaxSide);
    EXPECT_GE(slot_of(info), std::size_t{kMaxSide} * kMaxSide);
    EXPECT_TRUE(check_frame(info, slot_of(info)).ok());
  }
}

TEST(CheckFrame, one_byte_less_than_the_last_row_needs_is_refused) {
  for (const PixelFormat format : kFormats) {
    const FrameInfo info = good_frame(format);
    const FrameLayout layout = frame_layout(format, info.width(), info.height());
    const PlaneGeometry& last = layout.planes.back();
    const std::size_t end = last.offset + std::size_t{last.stride} * (last.rows - 1) + last.row_bytes;
    EXPECT_TRUE(check_frame(info, end).ok());
    const auto refused = check_frame(info, end - 1);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, ErrorCode::kCorrupt);
    EXPECT_NE(refused.error().text.find("does not lie inside its slot of " + std::to_string(end - 1)), std::string::npos)
        << refused.error().text;
  }
}

TEST(CheckFrame, hostile_values_are_refused) {
  const auto refused = [](auto&& change) {
    FrameInfo info = good_frame(PixelFormat::I420);
    const std::size_t slot = slot_of(info);
    change(info);
    const auto result = check_frame(info, slot);
    return !result.ok() && result.error().code == ErrorCode::kCorrupt;
  };
  for (const int format : {0, 7, 255})
    EXPECT_TRUE(refused([&](FrameInfo& f) { f.mutate_format(static_cast<PixelFormat>(format)); })) << format;
  EXPECT_TRUE(refused([](FrameInfo& f) { f.mutate_matrix(static_cast<ColorMatrix>(2)); }));
  EXPECT_TRUE(refused([](FrameInfo& f) { f.mutate_range(static_cast<ColorRange>(9)); }));
  EXPECT_TRUE(refused([](FrameInfo& f) { f.mutate_memory(schema::Memory::Device); }));
  for (const std::uint32_t side : {0u, kMaxSide + 1, 0x8000'0000u, ~0u}) {
    EXPECT_TRUE(refused([&](FrameInfo& f) { f.mutate_width(side); })) << side;
    EXPECT_TRUE(refused([&](FrameInfo& f) { f.mutate_height(side); })) << side;
    EXPECT_TRUE(refused([&](FrameInfo& f) { f.mutate_source_width(side); })) << side;
    EXPECT_TRUE(refused([&](FrameInfo& f) { f.mutate_source_height(side); })) << side;
  }
  for (const std::uint32_t value : {0u, 1u, 159u, ~0u}) {
    EXPECT_TRUE(refused([&](FrameInfo& f) { f.mutable_plane_offset()->Mutate(2, value); })) << "offset " << value;
    EXPECT_TRUE(refused([&](FrameInfo& f) { f.mutable_plane_stride()->Mutate(1, value); })) << "stride " << value;
  }
  EXPECT_FALSE(check_frame(good_frame(PixelFormat::GRAY8), 0).ok());
}

// Whatever random bytes say: what passes lies inside the slot.
TEST(CheckFrame, what_passes_lies_inside_its_slot) {
  std::minstd_rand random(1);
  const auto side = [&] { return static_cast<std::uint32_t>(1 + random() % 200); };
  std::size_t passed = 0;
  for (int round = 0; round < 200'000; ++round) {
    FrameInfo info = good_frame(kFormats[random() % 6], side(), side());
    const std::size_t slot = slot_of(info);
    for (int change = 0; change < 2; ++change)
      reinterpret_cast<unsigned char*>(&info)[random() % sizeof info] = static_cast<unsigned char>(random());
    if (!check_frame(info, slot).ok()) continue;
    ++passed;
    for (int plane = 0; plane < plane_count(info.format()); ++plane) {
      const PlaneGeometry extent = plane_extent(info.format(), plane, info.width(), info.height());
      const auto index = static_cast<flatbuffers::uoffset_t>(plane);
      const std::uint64_t end =
          info.plane_offset()->Get(index) + std::uint64_t{info.plane_stride()->Get(index)} * (extent.rows - 1) + extent.row_bytes;
      ASSERT_LE(end, slot);
      ASSERT_GE(info.plane_offset()->Get(index), sizeof(FrameInfo));
    }
  }
  EXPECT_GT(passed, 1000u);
}

TEST(CameraName, is_cut_padded_and_never_read_beyond) {
  FrameInfo info;
  set_camera(info, "front_door");
  EXPECT_EQ(camera_of(info), "front_door");
  set_camera(info, std::string(40, 'x'));
  EXPECT_EQ(camera_of(info), std::string(31, 'x'));
  set_camera(info, "");
  EXPECT_EQ(camera_of(info), "");
  for (std::size_t i = 0; i < 32; ++i)
    info.mutable_camera()->Mutate(static_cast<flatbuffers::uoffset_t>(i), 'y');  // no NUL at all
  EXPECT_EQ(camera_of(info), std::string(32, 'y'));
}

std::vector<std::byte> record(std::vector<Detection> boxes) {
  std::vector<std::byte> slot(kDetectionsSlotBytes);
  DetectionsInfo info;
  info.mutate_frame_id(77);
  slot.resize(write_detections(slot, info, boxes));
  return slot;
}

TEST(Detections, come_back_as_written) {
  const std::vector<Detection> boxes{{0.1f, 0.2f, 0.3f, 0.4f, 0.9f, 3, 0}, {0, 0, 1, 1, 1, 79, 0}};
  Detections out;
  ASSERT_TRUE(read_detections(record(boxes), out).ok());
  EXPECT_EQ(out.info.frame_id(), 77u);
  ASSERT_EQ(out.boxes.size(), 2u);
  EXPECT_EQ(out.boxes[0].x(), 0.1f);
  EXPECT_EQ(out.boxes[1].class_id(), 79);
  ASSERT_TRUE(read_detections(record({}), out).ok());
  EXPECT_TRUE(out.boxes.empty()) << "what was there before is gone";
  EXPECT_TRUE(read_detections(record(std::vector<Detection>(kMaxDetections, boxes[0])), out).ok());
}

TEST(Detections, numbers_that_are_none_and_boxes_outside_are_refused) {
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN(), kInf = std::numeric_limits<float>::infinity();
  for (const float bad : {kNan, -kNan, kInf, -kInf, -0.01f, 1.01f, 1e30f})
    for (int field = 0; field < 5; ++field) {
      float values[5] = {0.1f, 0.1f, 0.1f, 0.1f, 0.5f};
      values[field] = bad;
      Detections out;
      EXPECT_FALSE(read_detections(record({{values[0], values[1], values[2], values[3], values[4], 0, 0}}), out).ok())
          << field << " = " << bad;
    }
  Detections out;
  EXPECT_FALSE(read_detections(record({{0.6f, 0, 0.5f, 0.1f, 0.5f, 0, 0}}), out).ok()) << "beyond the right border";
  EXPECT_FALSE(read_detections(record({{0, 0.6f, 0.1f, 0.5f, 0.5f, 0, 0}}), out).ok()) << "beyond the lower border";
}

TEST(Detections, one_bad_box_among_many_is_named_and_minus_zero_is_good) {
  const Detection good{0.5f, 0.5f, 0.5f, 0.5f, 1, 0xffff, 0xffff};
  std::vector<Detection> boxes(50, good);
  Detections out;
  boxes[20] = {-0.0f, -0.0f, 0.1f, 0.1f, -0.0f, 0, 0};
  EXPECT_TRUE(read_detections(record(boxes), out).ok());
  for (const Detection& bad : {Detection{0, 0, 1, 1, 1.01f, 0, 0}, Detection{0, 0, 1, 1, -1, 0, 0},
                               Detection{0.6f, 0, 0.6f, 1, 1, 0, 0}, Detection{0, 0.6f, 1, 0.6f, 1, 0, 0}}) {
    boxes[31] = bad;
    const auto refused = read_detections(record(boxes), out);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().text, "detections record: box 31 is not within [0, 1]");
  }
}

TEST(Detections, counts_that_do_not_fit_are_refused) {
  const Detection box{0, 0, 1, 1, 1, 0, 0};
  const auto whole = record({box, box});
  Detections out;
  for (std::size_t bytes = 0; bytes < whole.size(); ++bytes)
    EXPECT_FALSE(read_detections(std::span(whole).first(bytes), out).ok()) << bytes;
  for (const std::uint32_t count : {3u, 301u, 0x8000'0000u, ~0u}) {
    auto lying = whole;
    reinterpret_cast<DetectionsInfo*>(lying.data())->mutate_count(count);
    const auto refused = read_detections(lying, out);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().text, "detections record: " + std::to_string(count) + " boxes do not fit it");
  }
  EXPECT_LE(out.boxes.size(), kMaxDetections);
}

}  // namespace
}  // namespace vedette
