// H.264 in Annex B form, as packets carry it: its units, and the parameter sets in front of a keyframe. Any bytes are read
// without harm. Pure functions, thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

namespace vedette {

enum class H264Unit : std::uint8_t {
  kSlice = 1,
  kKeyframeSlice = 5,
  kNotes = 6,
  kSequenceSet = 7,
  kPictureSet = 8,
  kDelimiter = 9
};

// Each unit with its start code, in order; bytes before the first start code aren't any's. `take` returns false to end.
using TakeUnit = std::function<bool(H264Unit type, std::span<const std::byte> unit)>;
void for_each_h264_unit(std::span<const std::byte> bytes, const TakeUnit& take);

// An access unit in two: the parameter sets that stand in front (with the delimiter, if it has one, left out), and the rest.
struct H264Parts {
  std::span<const std::byte> parameter_sets;  // empty: there are none in front
  std::span<const std::byte> rest;
};
H264Parts split_h264(std::span<const std::byte> access_unit);

}  // namespace vedette
