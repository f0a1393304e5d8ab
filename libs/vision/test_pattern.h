// The synthetic camera's picture: something moves, and its frame number and time can be read back from the pixels, also after
// JPEG or H.264, decoding at scale and resizing: latency can be measured from what was really shown. Pure functions, thread-safe.
#pragma once

#include <cstdint>
#include <optional>

#include "vision/image_view.h"

namespace vedette::vision {

struct TestStamp {
  std::uint64_t number = 0;  // of the frame
  std::uint64_t at_ns = 0;   // CLOCK_MONOTONIC when it was drawn
};

// Smallest side of a picture that can hold a stamp.
inline constexpr std::uint32_t kTestPatternMinSide = 96;

// Draws into I420, NV12, YUYV or GRAY8 of limited or full range.
void draw_test_pattern(const MutableImageView& image, ColorRange range, const TestStamp& stamp);
// The stamp in a picture of any format, stretched to any size or letterboxed (bars on one side or on both); none if there isn't a
// whole one (it carries a checksum). Some ten microseconds where there is one; a millisecond or two where there is none.
std::optional<TestStamp> read_test_pattern(const ImageView& image);

}  // namespace vedette::vision
