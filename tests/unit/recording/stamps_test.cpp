// What of a record changes when it is published again: its stamps and its ids, nothing else.
#include "recording/stamps.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "schema/motion.h"

namespace vedette::recording {
namespace {

TEST(Stamps, of_motion_are_moved_with_its_frame) {
  MotionInfo info;
  info.mutate_frame_id(1000);
  info.mutate_captured_at_ns(50);
  info.mutate_published_at_ns(60);
  info.mutate_columns(2);
  info.mutate_rows(1);
  info.mutate_area(0.5f);
  const std::vector<std::uint8_t> cells{7, 8}, luma{100, 200};
  std::vector<std::byte> record(kMotionSlotBytes);
  record.resize(write_motion(record, info, cells, luma));
  EXPECT_EQ(published_at_ns(kMotionSchema, record), 60u);
  restamp(kMotionSchema, record, {.shift_ns = 1'000, .captured_shift_ns = 900, .id_shift = 5});
  Motion moved;
  ASSERT_TRUE(read_motion(record, moved).ok());
  EXPECT_EQ(moved.info.frame_id(), 1005u);
  EXPECT_EQ(moved.info.captured_at_ns(), 950u);
  EXPECT_EQ(moved.info.published_at_ns(), 1060u);
  EXPECT_EQ(moved.info.area(), 0.5f);
  EXPECT_EQ(moved.cells, cells);
  EXPECT_EQ(moved.luma, luma);
  const std::span<std::byte> cut = std::span(record).first(100);
  EXPECT_EQ(published_at_ns(kMotionSchema, cut), std::nullopt);
  restamp(kMotionSchema, cut, {.shift_ns = 1});  // too short to say anything
}

}  // namespace
}  // namespace vedette::recording
