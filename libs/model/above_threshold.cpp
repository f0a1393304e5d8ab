#include "model/above_threshold.h"

#include "base/check.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "model/above_threshold.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace vedette::model {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

std::size_t find_above_in(const float* values, std::size_t count, float least, std::uint32_t* places) {
  const hn::CappedTag<float, 64> d;  // what ScanPlaces has room for
  const hn::RebindToUnsigned<decltype(d)> du;
  const std::size_t lanes = hn::Lanes(d);
  const auto limit = hn::Set(d, least);
  const auto numbers = hn::Iota(du, 0);
  std::size_t found = 0, i = 0;
  const auto take = [&](std::size_t at) HWY_ATTR {
    const auto above = hn::RebindMask(du, hn::Gt(hn::LoadU(d, values + at), limit));
    if (hn::AllFalse(du, above)) return;
    const auto indexes = hn::Add(numbers, hn::Set(du, static_cast<std::uint32_t>(at)));
    found += hn::CompressStore(indexes, above, du, places + found);
  };
  constexpr std::size_t kAtOnce = 8;  // vectors that are skipped together
  for (; i + kAtOnce * lanes <= count; i += kAtOnce * lanes) {
    auto any = hn::Gt(hn::LoadU(d, values + i), limit);
    for (std::size_t vector = 1; vector < kAtOnce; ++vector)
      any = hn::Or(any, hn::Gt(hn::LoadU(d, values + i + vector * lanes), limit));
    if (HWY_LIKELY(hn::AllFalse(d, any))) continue;
    for (std::size_t vector = 0; vector < kAtOnce; ++vector) take(i + vector * lanes);
  }
  for (; i + lanes <= count; i += lanes) take(i);
  for (; i < count; ++i)
    if (values[i] > least) places[found++] = static_cast<std::uint32_t>(i);
  return found;
}

}  // namespace HWY_NAMESPACE
}  // namespace vedette::model
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vedette::model {

HWY_EXPORT(find_above_in);

std::size_t find_above(std::span<const float> values, float least, ScanPlaces& places) {
  VD_ASSERT(values.size() <= kScanBlock, "more values than a block has");
  return HWY_DYNAMIC_DISPATCH(find_above_in)(values.data(), values.size(), least, places.data());
}

}  // namespace vedette::model
#endif  // HWY_ONCE
