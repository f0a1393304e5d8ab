// Frames and detections in C are the schema's, byte for byte, and are checked the same way.
#include <cmath>
#include <vector>

#include "c_fixture.h"
#include "schema/frame.h"

namespace vedette::test {
namespace {

TEST(CRecords, every_field_of_a_frame_lies_where_the_schema_has_it) {
  FrameInfo from{};
  from.mutate_frame_id(1);
  from.mutate_captured_at_ns(2);
  from.mutate_published_at_ns(3);
  from.mutate_wall_at_ns(4);
  from.mutable_trace() = TraceContext(11, 12, 13, 14);
  from.mutate_width(5);
  from.mutate_height(6);
  from.mutate_source_width(7);
  from.mutate_source_height(8);
  from.mutate_format(PixelFormat::NV12);
  from.mutate_matrix(ColorMatrix::BT709);
  from.mutate_range(ColorRange::Full);
  from.mutate_memory(schema::Memory::Device);
  from.mutate_mode(Mode::Tracking);
  from.mutate_camera_wall_at_ns(20);
  for (flatbuffers::uoffset_t i = 0; i < 4; ++i) {
    from.mutable_plane_offset()->Mutate(i, 100 + i);
    from.mutable_plane_stride()->Mutate(i, 200 + i);
  }
  set_camera(from, "cam0");
  vd_frame_info info;
  static_assert(sizeof info == sizeof from);
  std::memcpy(&info, &from, sizeof info);
  EXPECT_EQ(info.frame_id, 1u);
  EXPECT_EQ(info.captured_at_ns, 2u);
  EXPECT_EQ(info.published_at_ns, 3u);
  EXPECT_EQ(info.wall_at_ns, 4u);
  EXPECT_EQ(info.trace.trace_id_high, 11u);
  EXPECT_EQ(info.trace.trace_id_low, 12u);
  EXPECT_EQ(info.trace.span_id, 13u);
  EXPECT_EQ(info.trace.flags, 14u);
  EXPECT_EQ(info.width, 5u);
  EXPECT_EQ(info.height, 6u);
  EXPECT_EQ(info.source_width, 7u);
  EXPECT_EQ(info.source_height, 8u);
  for (std::uint32_t i = 0; i < 4; ++i) {
    EXPECT_EQ(info.plane_offset[i], 100 + i);
    EXPECT_EQ(info.plane_stride[i], 200 + i);
  }
  EXPECT_STREQ(info.camera, "cam0");
  EXPECT_EQ(info.format, VD_NV12);
  EXPECT_EQ(info.matrix, VD_BT709);
  EXPECT_EQ(info.range, VD_FULL_RANGE);
  EXPECT_EQ(info.memory, 1);
  EXPECT_EQ(info.mode, VD_TRACKING);
  EXPECT_EQ(info.camera_wall_at_ns, 20u);
}

TEST(CRecords, every_field_of_detections_lies_where_the_schema_has_it) {
  const DetectionsInfo schema(1, 2, 3, 4, TraceContext(11, 12, 13, 14), 5, 6, 7, 8);
  vd_detections_info info;
  std::memcpy(&info, &schema, sizeof info);
  EXPECT_EQ(info.frame_id, 1u);
  EXPECT_EQ(info.captured_at_ns, 2u);
  EXPECT_EQ(info.published_at_ns, 3u);
  EXPECT_EQ(info.inference_ns, 4u);
  EXPECT_EQ(info.trace.span_id, 13u);
  EXPECT_EQ(info.count, 5u);
  EXPECT_EQ(info.source_width, 6u);
  EXPECT_EQ(info.source_height, 7u);
  EXPECT_EQ(info.camera_clock_ms, 8u);
  const Detection box(0.1f, 0.2f, 0.3f, 0.4f, 0.5f, 6, 7);
  vd_detection c_box;
  std::memcpy(&c_box, &box, sizeof c_box);
  EXPECT_EQ(c_box.x, 0.1f);
  EXPECT_EQ(c_box.y, 0.2f);
  EXPECT_EQ(c_box.width, 0.3f);
  EXPECT_EQ(c_box.height, 0.4f);
  EXPECT_EQ(c_box.score, 0.5f);
  EXPECT_EQ(c_box.class_id, 6);
  EXPECT_EQ(c_box.reserved, 7);
}

TEST(CRecords, layouts_are_sane_for_every_format_and_odd_sizes) {
  for (std::uint32_t format = VD_I420; format <= VD_BGR24; ++format)
    for (const auto& [width, height] :
         {std::pair{1u, 1u}, std::pair{641u, 359u}, std::pair{1920u, 1080u}, std::pair{16384u, 16384u}}) {
      vd_layout layout;
      ASSERT_EQ(vd_frame_layout(format, width, height, &layout), VD_OK) << vd_last_error();
      std::uint64_t end = sizeof(vd_frame_info);
      for (std::uint32_t i = 0; i < layout.plane_count; ++i) {
        EXPECT_GE(layout.offset[i], end);
        EXPECT_EQ(layout.offset[i] % 64, 0u);
        EXPECT_GE(layout.stride[i], layout.row_bytes[i]);
        end = layout.offset[i] + std::uint64_t{layout.stride[i]} * layout.rows[i];
      }
      EXPECT_GE(layout.slot_bytes, end);
      vd_frame_info info;
      ASSERT_EQ(vd_frame_info_init(&info, format, width, height, "cam0"), VD_OK);
      EXPECT_EQ(vd_frame_check(&info, layout.slot_bytes), VD_OK) << vd_last_error();
      EXPECT_TRUE(says(vd_frame_check(&info, 255), VD_CORRUPT, "does not lie inside"));
    }
  vd_layout layout;
  EXPECT_TRUE(says(vd_frame_layout(0, 10, 10, &layout), VD_INVALID_ARGUMENT, "pixel format 0"));
  EXPECT_TRUE(says(vd_frame_layout(256 + VD_GRAY8, 10, 10, &layout), VD_INVALID_ARGUMENT, "pixel format 260"));
  EXPECT_TRUE(says(vd_frame_layout(VD_GRAY8, 0, 10, &layout), VD_INVALID_ARGUMENT, "0x10"));
  EXPECT_TRUE(says(vd_frame_layout(VD_GRAY8, 10, 16385, &layout), VD_INVALID_ARGUMENT, "16384"));
  EXPECT_EQ(vd_frame_layout(VD_GRAY8, 10, 10, nullptr), VD_INVALID_ARGUMENT);
  vd_frame_info info;
  EXPECT_EQ(vd_frame_info_init(nullptr, VD_GRAY8, 1, 1, "x"), VD_INVALID_ARGUMENT);
  EXPECT_TRUE(says(vd_frame_info_init(&info, VD_GRAY8, 1, 1, nullptr), VD_INVALID_ARGUMENT, "camera"));
  ASSERT_EQ(vd_frame_info_init(&info, VD_GRAY8, 1, 1, std::string(99, 'n').c_str()), VD_OK);
  EXPECT_EQ(std::string(info.camera), std::string(31, 'n'));
}

TEST_F(CApi, a_published_picture_is_a_frame_to_the_stages) {
  vd_layout layout;
  ASSERT_EQ(vd_frame_layout(VD_I420, 33, 17, &layout), VD_OK);
  vd_writer_options camera = options(layout.slot_bytes);
  camera.schema_id = VD_FRAME_SCHEMA;
  vd_writer* const out = writer("cam0/frames", camera);
  vd_reader* const in = reader("cam0/frames");
  vd_slot slot;
  ASSERT_EQ(vd_loan(out, &slot), VD_OK);
  for (std::uint32_t p = 0; p < layout.plane_count; ++p)
    std::memset(static_cast<char*>(slot.data) + layout.offset[p], static_cast<int>(50 + p), layout.stride[p] * layout.rows[p]);
  vd_frame_info info;
  ASSERT_EQ(vd_frame_info_init(&info, VD_I420, 33, 17, "cam0"), VD_OK);
  ASSERT_EQ(vd_publish_frame(out, &slot, &info), VD_OK) << vd_last_error();
  EXPECT_EQ(slot.data, nullptr);
  EXPECT_GT(info.frame_id, 1ull << 50);
  EXPECT_GE(info.published_at_ns, info.captured_at_ns);

  vd_record record;
  ASSERT_EQ(vd_take_newest(in, &record), VD_OK);
  EXPECT_EQ(record.frame_id, info.frame_id);
  EXPECT_EQ(record.bytes, layout.slot_bytes);
  FrameInfo schema;
  std::memcpy(static_cast<void*>(&schema), record.data, sizeof schema);
  EXPECT_TRUE(check_frame(schema, record.bytes).ok());
  EXPECT_EQ(camera_of(schema), "cam0");
  vd_frame frame;
  ASSERT_EQ(vd_frame_read(&record, &frame), VD_OK);
  EXPECT_EQ(std::memcmp(&frame.info, &info, sizeof info), 0);
  ASSERT_EQ(frame.plane_count, 3u);
  EXPECT_EQ(frame.planes[1].row_bytes, 17u);
  EXPECT_EQ(frame.planes[2].rows, 9u);
  for (std::uint32_t p = 0; p < 3; ++p)
    EXPECT_EQ(frame.planes[p].data[frame.planes[p].stride * (frame.planes[p].rows - 1)], 50 + p);
  vd_reader_close(in);
  vd_writer_close(out);
}

TEST_F(CApi, a_picture_that_does_not_fit_is_not_published) {
  vd_writer_options camera = options(1000);
  camera.schema_id = VD_FRAME_SCHEMA;
  vd_writer* const out = writer("cam0/frames", camera);
  vd_slot slot;
  vd_frame_info info;
  ASSERT_EQ(vd_loan(out, &slot), VD_OK);
  ASSERT_EQ(vd_frame_info_init(&info, VD_RGB24, 640, 480, "cam0"), VD_OK);
  slot.bytes = 1 << 30;  // not believed
  EXPECT_TRUE(says(vd_publish_frame(out, &slot, &info), VD_CORRUPT, "slot of 1000 bytes"));
  EXPECT_EQ(vd_publish_frame(out, &slot, nullptr), VD_INVALID_ARGUMENT);
  vd_slot empty{};
  EXPECT_TRUE(says(vd_publish_frame(out, &empty, &info), VD_INVALID_ARGUMENT, "vd_loan()"));
  ASSERT_EQ(vd_frame_info_init(&info, VD_GRAY8, 20, 10, "cam0"), VD_OK);
  EXPECT_EQ(vd_publish_frame(out, &slot, &info), VD_OK) << vd_last_error();
  vd_writer_close(out);
}

TEST(CRecords, hostile_frames_are_refused) {
  vd_frame_info info;
  ASSERT_EQ(vd_frame_info_init(&info, VD_GRAY8, 64, 64, "cam0"), VD_OK);
  std::vector<unsigned char> bytes(256 + 64 * 64);
  vd_record record{};
  record.data = bytes.data();
  record.bytes = bytes.size();
  vd_frame frame;
  const auto read = [&] { return std::memcpy(bytes.data(), &info, sizeof info), vd_frame_read(&record, &frame); };
  ASSERT_EQ(read(), VD_OK);
  const vd_frame_info good = info;
  info.plane_offset[0] = 257;
  EXPECT_TRUE(says(read(), VD_CORRUPT, "plane 0"));
  info = good, info.plane_stride[0] = 0xffff'ffff;
  EXPECT_TRUE(says(read(), VD_CORRUPT, "plane 0"));
  info = good, info.height = 0;
  EXPECT_TRUE(says(read(), VD_CORRUPT, "size"));
  info = good, info.format = 77;
  EXPECT_TRUE(says(read(), VD_CORRUPT, "format 77"));
  info = good, info.memory = 1;
  EXPECT_TRUE(says(read(), VD_CORRUPT, "host memory"));
  info = good, std::memset(info.camera, 'x', sizeof info.camera);
  ASSERT_EQ(read(), VD_OK);
  EXPECT_EQ(frame.info.camera[31], '\0');
  record.bytes = 159;
  EXPECT_TRUE(says(read(), VD_CORRUPT, "shorter"));
  record.data = nullptr;
  EXPECT_TRUE(says(vd_frame_read(&record, &frame), VD_INVALID_ARGUMENT, "empty"));
  EXPECT_EQ(vd_frame_read(nullptr, &frame), VD_INVALID_ARGUMENT);
  EXPECT_EQ(vd_frame_read(&record, nullptr), VD_INVALID_ARGUMENT);
  EXPECT_EQ(vd_frame_check(nullptr, 1), VD_INVALID_ARGUMENT);
}

class CDetections : public CApi {
 protected:
  CDetections() {
    vd_writer_options boxes = options(VD_DETECTIONS_BYTES(VD_MAX_DETECTIONS));
    boxes.schema_id = VD_DETECTIONS_SCHEMA;
    boxes.keep = 64;
    boxes.policy = VD_OLDEST_FIRST;
    out_ = writer("cam0/boxes", boxes);
    in_ = reader("cam0/boxes");
    EXPECT_EQ(vd_loan(out_, &slot_), VD_OK);
  }
  ~CDetections() override {
    vd_reader_close(in_);
    vd_writer_close(out_);
  }
  vd_writer* out_;
  vd_reader* in_;
  vd_slot slot_;
};

TEST_F(CDetections, go_round_and_are_the_stages_own) {
  const vd_detection boxes[] = {{0.1f, 0.2f, 0.3f, 0.4f, 0.9f, 3, 0}, {0.5f, 0.5f, 0.5f, 0.5f, 0.1f, 0, 0}};
  vd_detections_info info{};
  info.frame_id = 42;
  info.inference_ns = 7;
  std::uint64_t bytes = 0;
  ASSERT_EQ(vd_detections_write(&slot_, &info, boxes, 2, &bytes), VD_OK) << vd_last_error();
  EXPECT_EQ(bytes, VD_DETECTIONS_BYTES(2));
  ASSERT_EQ(vd_publish(out_, &slot_, 42, bytes), VD_OK);
  vd_record record;
  ASSERT_EQ(vd_find(in_, 42, &record), VD_OK);
  Detections read;
  ASSERT_TRUE(read_detections({static_cast<const std::byte*>(record.data), record.bytes}, read).ok());
  EXPECT_EQ(read.info.inference_ns(), 7u);
  ASSERT_EQ(read.boxes.size(), 2u);
  EXPECT_EQ(read.boxes[0].class_id(), 3);

  vd_detections_info got;
  vd_detection got_boxes[8];
  ASSERT_EQ(vd_detections_read(&record, &got, got_boxes, 8), VD_OK);
  EXPECT_EQ(got.count, 2u);
  EXPECT_EQ(got.frame_id, 42u);
  EXPECT_EQ(std::memcmp(got_boxes, boxes, sizeof boxes), 0);
  EXPECT_TRUE(
      says(vd_detections_read(&record, &got, got_boxes, 1), VD_INVALID_ARGUMENT, "has 2 detections, there is room for 1"));
  EXPECT_EQ(got.count, 2u);
  EXPECT_EQ(vd_detections_read(&record, nullptr, got_boxes, 8), VD_INVALID_ARGUMENT);
  EXPECT_EQ(vd_detections_read(&record, &got, nullptr, 8), VD_INVALID_ARGUMENT);
}

TEST_F(CDetections, that_are_no_boxes_or_too_many_are_refused) {
  vd_detections_info info{};
  std::uint64_t bytes = 0;
  const auto refused = [&](const vd_detection& box, const char* words) {
    EXPECT_TRUE(says(vd_detections_write(&slot_, &info, &box, 1, &bytes), VD_INVALID_ARGUMENT, words));
  };
  refused({-0.1f, 0, 0.1f, 0.1f, 1, 0, 0}, "box 0");
  refused({0.9f, 0, 0.2f, 0.1f, 1, 0, 0}, "box 0");
  refused({0, 0, 0.1f, 0.1f, NAN, 0, 0}, "box 0");
  refused({0, 0, INFINITY, 0.1f, 1, 0, 0}, "box 0");
  const std::vector<vd_detection> many(VD_MAX_DETECTIONS + 1);
  EXPECT_TRUE(says(vd_detections_write(&slot_, &info, many.data(), 301, &bytes), VD_INVALID_ARGUMENT, "301 detections"));
  EXPECT_TRUE(says(vd_detections_write(&slot_, &info, many.data(), ~0u, &bytes), VD_INVALID_ARGUMENT, "do not fit"));
  EXPECT_EQ(vd_detections_write(&slot_, &info, nullptr, 1, &bytes), VD_INVALID_ARGUMENT);
  EXPECT_EQ(vd_detections_write(&slot_, nullptr, nullptr, 0, &bytes), VD_INVALID_ARGUMENT);
  EXPECT_EQ(vd_detections_write(nullptr, &info, nullptr, 0, &bytes), VD_INVALID_ARGUMENT);
  ASSERT_EQ(vd_detections_write(&slot_, &info, many.data(), 300, &bytes), VD_OK) << vd_last_error();
  EXPECT_EQ(bytes, slot_.bytes);

  const std::uint32_t count = 301;  // another program's record
  std::memcpy(static_cast<char*>(slot_.data) + offsetof(vd_detections_info, count), &count, sizeof count);
  ASSERT_EQ(vd_publish(out_, &slot_, 1, bytes), VD_OK);
  vd_record record;
  ASSERT_EQ(vd_take_next(in_, &record), VD_OK);
  std::vector<vd_detection> room(400);
  EXPECT_TRUE(says(vd_detections_read(&record, &info, room.data(), 400), VD_CORRUPT, "301 boxes do not fit"));
  record.bytes = 79;
  EXPECT_TRUE(says(vd_detections_read(&record, &info, room.data(), 400), VD_CORRUPT, "shorter"));
}

}  // namespace
}  // namespace vedette::test
