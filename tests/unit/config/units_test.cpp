// Durations and sizes with their units.
#include <gtest/gtest.h>

#include "config/text.h"

namespace vedette::config {
namespace {

using std::chrono::milliseconds;

TEST(Units, DurationsAreReadAndWritten) {
  for (const auto& [text, ms] :
       {std::pair("500ms", 500LL), {"5s", 5'000}, {"2m", 120'000}, {"36h", 129'600'000}, {"30d", 2'592'000'000}, {"0s", 0}}) {
    EXPECT_EQ(parse_duration(text), milliseconds(ms)) << text;
    EXPECT_EQ(format_duration(milliseconds(ms)), text);
  }
  for (const char* bad : {"", "5", "d", "5 d", "-1s", "1.5h", "5D", "4167d", "99999999999999999999d"})
    EXPECT_FALSE(parse_duration(bad)) << bad;
}

TEST(Units, SizesAreReadAndWritten) {
  for (const auto& [text, bytes] : {std::pair("10GB", 10'000'000'000ull),
                                    {"500MB", 500'000'000},
                                    {"2GiB", 2ull << 30},
                                    {"7B", 7},
                                    {"64KiB", 65'536},
                                    {"3TB", 3'000'000'000'000},
                                    {"0", 0}}) {
    EXPECT_EQ(parse_bytes(text), bytes) << text;
    EXPECT_EQ(format_bytes(bytes), text);
  }
  EXPECT_EQ(parse_bytes("0GB"), 0u);
  for (const char* bad : {"", "5", "GB", "5 GB", "-1GB", "1.5GB", "5gb", "9223373TB", "99999999999999999999B"})
    EXPECT_FALSE(parse_bytes(bad)) << bad;
}

}  // namespace
}  // namespace vedette::config
