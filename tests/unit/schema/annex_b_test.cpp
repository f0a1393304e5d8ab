// Units of H.264 in Annex B form, and what isn't.
#include "schema/annex_b.h"

#include <gtest/gtest.h>

#include <vector>

namespace vedette {
namespace {

std::vector<std::byte> bytes(std::initializer_list<int> values) {
  std::vector<std::byte> made;
  for (const int value : values) made.push_back(static_cast<std::byte>(value));
  return made;
}

std::vector<std::pair<int, std::size_t>> units(std::span<const std::byte> of) {
  std::vector<std::pair<int, std::size_t>> found;
  for_each_h264_unit(of, [&](H264Unit type, std::span<const std::byte> unit) {
    found.emplace_back(static_cast<int>(type), unit.size());
    return true;
  });
  return found;
}

using Units = std::vector<std::pair<int, std::size_t>>;

TEST(AnnexB, FindsUnitsByLongAndShortStartCodes) {
  EXPECT_EQ(units(bytes({0, 0, 0, 1, 0x67, 1, 2, 0, 0, 1, 0x68, 3, 0, 0, 0, 1, 0x65, 9, 9, 9})), (Units{{7, 7}, {8, 5}, {5, 8}}));
  EXPECT_EQ(units(bytes({5, 5, 0, 0, 1, 0x41, 7})), (Units{{1, 5}})) << "what stands in front isn't any's";
}

TEST(AnnexB, AnyBytesDoNoHarm) {
  EXPECT_TRUE(units({}).empty());
  EXPECT_TRUE(units(bytes({0, 0, 1})).empty()) << "a start code with nothing behind it";
  EXPECT_TRUE(units(bytes({0, 0, 0, 0, 0})).empty());
  EXPECT_EQ(units(bytes({0, 0, 1, 0x67, 0, 0, 1})), (Units{{7, 7}}));
  EXPECT_EQ(units(bytes({0, 0, 1, 0, 0, 1, 0x65})), (Units{{0, 3}, {5, 4}}));
}

TEST(AnnexB, SplitsParameterSetsFromTheRest) {
  const auto unit = bytes({0, 0, 0, 1, 0x67, 1, 0, 0, 0, 1, 0x68, 2, 0, 0, 1, 6, 4, 0, 0, 1, 0x65, 9});
  const H264Parts parts = split_h264(unit);
  EXPECT_EQ(parts.parameter_sets.size(), 12u);
  EXPECT_EQ(parts.rest.size(), 10u);
  EXPECT_EQ(parts.rest.data(), unit.data() + 12);
}

TEST(AnnexB, LeavesOutADelimiterInFront) {
  const auto unit = bytes({0, 0, 1, 9, 0xf0, 0, 0, 1, 0x67, 1, 0, 0, 1, 0x65, 9});
  const H264Parts parts = split_h264(unit);
  EXPECT_EQ(parts.parameter_sets.data(), unit.data() + 5);
  EXPECT_EQ(parts.parameter_sets.size(), 5u);
  EXPECT_EQ(parts.rest.size(), 5u);
}

TEST(AnnexB, WithoutParameterSetsAllIsTheRest) {
  const auto unit = bytes({0, 0, 1, 9, 0xf0, 0, 0, 1, 0x65, 9, 0, 0, 1, 0x67, 9});
  const H264Parts parts = split_h264(unit);
  EXPECT_TRUE(parts.parameter_sets.empty());
  EXPECT_EQ(parts.rest.size(), unit.size());
}

}  // namespace
}  // namespace vedette
