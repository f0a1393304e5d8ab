#include "schema/motion.h"

#include <gtest/gtest.h>

#include <cstring>
#include <limits>
#include <random>

namespace vedette {
namespace {

std::vector<std::byte> record(std::uint16_t columns = 16, std::uint16_t rows = 9) {
  MotionInfo info;
  info.mutate_frame_id(77);
  info.mutate_columns(columns);
  info.mutate_rows(rows);
  info.mutate_area(0.25f);
  info.mutate_zones(2);
  info.mutable_zone_area()->Mutate(1, 0.5f);
  const std::size_t count = std::size_t{columns} * rows;
  std::vector<std::uint8_t> cells(count), luma(count);
  for (std::size_t i = 0; i < count; ++i) {
    cells[i] = static_cast<std::uint8_t>(i);
    luma[i] = static_cast<std::uint8_t>(200 - i);
  }
  std::vector<std::byte> slot(kMotionSlotBytes);
  slot.resize(write_motion(slot, info, cells, luma));
  return slot;
}

std::string refusal(std::vector<std::byte> bytes) {
  Motion out;
  const auto read = read_motion(bytes, out);
  if (read.ok()) return "";
  EXPECT_EQ(read.error().code, ErrorCode::kCorrupt);
  return read.error().text;
}
template <typename Change>
std::string refusal_of(Change change) {
  auto bytes = record();
  MotionInfo info;
  std::memcpy(&info, bytes.data(), sizeof info);
  change(info);
  std::memcpy(bytes.data(), &info, sizeof info);
  return refusal(std::move(bytes));
}

TEST(Motion, comes_back_as_written) {
  for (const auto& [columns, rows] : {std::pair{1, 1}, {16, 9}, {160, 160}, {1, 25600}}) {
    const auto bytes = record(static_cast<std::uint16_t>(columns), static_cast<std::uint16_t>(rows));
    const std::size_t count = static_cast<std::size_t>(columns * rows);
    EXPECT_EQ(bytes.size(), sizeof(MotionInfo) + 2 * count);
    Motion out;
    ASSERT_TRUE(read_motion(bytes, out).ok());
    EXPECT_EQ(out.info.frame_id(), 77u);
    EXPECT_EQ(out.info.area(), 0.25f);
    EXPECT_EQ(out.info.zone_area()->Get(1), 0.5f);
    ASSERT_EQ(out.cells.size(), count);
    ASSERT_EQ(out.luma.size(), count);
    for (std::size_t i = 0; i < count; ++i) {
      EXPECT_EQ(out.cells[i], static_cast<std::uint8_t>(i));
      EXPECT_EQ(out.luma[i], static_cast<std::uint8_t>(200 - i));
    }
  }
}

TEST(Motion, every_cut_is_refused) {
  const auto whole = record();
  for (std::size_t bytes = 0; bytes < whole.size(); ++bytes) {
    const std::string why = refusal({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(bytes)});
    EXPECT_EQ(why,
              bytes < sizeof(MotionInfo) ? "motion record: shorter than its header" : "motion record: shorter than its cells");
  }
}

TEST(Motion, numbers_that_cant_be_are_refused_in_a_sentence) {
  EXPECT_EQ(refusal_of([](MotionInfo& info) { info.mutate_columns(0); }), "motion record: an impossible number of cells");
  EXPECT_EQ(refusal_of([](MotionInfo& info) { info.mutate_rows(0); }), "motion record: an impossible number of cells");
  EXPECT_EQ(refusal_of([](MotionInfo& info) {
              info.mutate_columns(0xFFFF);
              info.mutate_rows(0xFFFF);
            }),
            "motion record: an impossible number of cells");
  EXPECT_EQ(refusal_of([](MotionInfo& info) { info.mutate_columns(17); }), "motion record: shorter than its cells");
  EXPECT_EQ(refusal_of([](MotionInfo& info) { info.mutate_zones(17); }), "motion record: more zones than there may be");
  EXPECT_EQ(refusal_of([](MotionInfo& info) { info.mutate_zones(~0u); }), "motion record: more zones than there may be");
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN(), kInf = std::numeric_limits<float>::infinity();
  for (const float bad : {kNan, -kNan, kInf, -kInf, -0.01f, 1.01f}) {
    EXPECT_EQ(refusal_of([&](MotionInfo& info) { info.mutate_area(bad); }), "motion record: an area that isn't 0..1");
    EXPECT_EQ(refusal_of([&](MotionInfo& info) { info.mutable_zone_area()->Mutate(1, bad); }),
              "motion record: a zone's area that isn't 0..1");
    EXPECT_EQ(refusal_of([&](MotionInfo& info) { info.mutable_zone_area()->Mutate(2, bad); }), "")
        << "of a zone that there isn't";
  }
}

TEST(Motion, whatever_the_bytes_say_what_passes_fits) {
  std::minstd_rand random(1);
  const auto whole = record();
  std::size_t passed = 0;
  Motion out;
  for (int round = 0; round < 50'000; ++round) {
    auto bytes = whole;
    for (int change = 0; change < 3; ++change) bytes[random() % sizeof(MotionInfo)] = static_cast<std::byte>(random());
    if (!read_motion(bytes, out).ok()) continue;
    ++passed;
    ASSERT_EQ(out.cells.size(), std::size_t{out.info.columns()} * out.info.rows());
    ASSERT_EQ(out.luma.size(), out.cells.size());
    ASSERT_LE(sizeof(MotionInfo) + 2 * out.cells.size(), bytes.size());
  }
  EXPECT_GT(passed, 1000u);
}

}  // namespace
}  // namespace vedette
