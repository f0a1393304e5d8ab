// Which of many numbers are above a threshold: where postprocessing begins, since of a model's thousands of scores a handful
// matters. SIMD by Highway, the best instruction set that the machine has chosen at run time. Pure functions, thread-safe.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace vedette::model {

inline constexpr std::size_t kScanBlock = 1024;
using ScanPlaces = std::array<std::uint32_t, kScanBlock + 64>;  // the 64 behind are scratch: whole vectors are written

// Puts the indexes of the values above `least` into `places`, in order, and returns their number. At most kScanBlock values.
// NaN is above nothing, and nothing is above NaN.
std::size_t find_above(std::span<const float> values, float least, ScanPlaces& places);

// Calls found(index) for each value above least(), in order. least() is asked again now and then, so a threshold that rises
// meanwhile saves work; found() may be called for values that were above it a moment ago.
template <typename Least, typename Found>
void for_each_above(std::span<const float> values, Least least, Found found) {
  ScanPlaces places;
  for (std::size_t begin = 0; begin < values.size(); begin += kScanBlock) {
    const std::size_t count = find_above(values.subspan(begin, std::min(kScanBlock, values.size() - begin)), least(), places);
    for (std::size_t i = 0; i < count; ++i) found(begin + places[i]);
  }
}

}  // namespace vedette::model
