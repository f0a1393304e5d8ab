// The scan by SIMD finds exactly what a plain loop does, whatever the numbers are, and reads and writes nothing beside them.
#include "model/above_threshold.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <memory>
#include <random>
#include <vector>

#include "support/simd_targets.h"

namespace vedette::model {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN(), kInfinity = std::numeric_limits<float>::infinity();
constexpr float kDenormal = std::numeric_limits<float>::denorm_min();

std::vector<std::size_t> by_plain_loop(std::span<const float> values, float least) {
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < values.size(); ++i)
    if (values[i] > least) found.push_back(i);
  return found;
}

std::vector<std::size_t> by_scan(std::span<const float> values, float least) {
  std::vector<std::size_t> found;
  for_each_above(
      values, [&] { return least; }, [&](std::size_t at) { found.push_back(at); });
  return found;
}

// Values at the very end of their own memory, for AddressSanitizer.
std::vector<float> random_values(std::mt19937& random, std::size_t count) {
  std::vector<float> values(count);
  values.shrink_to_fit();
  for (float& value : values) {
    switch (random() % 8) {
      case 0: {
        constexpr float kOdd[]{kNan, -kNan, kInfinity, -kInfinity, kDenormal, -kDenormal, 0.0f, -0.0f, 1.0f};
        value = kOdd[random() % std::size(kOdd)];
        break;
      }
      case 1:
        value = std::bit_cast<float>(static_cast<std::uint32_t>(random()));
        break;
      default:
        value = std::uniform_real_distribution<float>(-9.0f, 1.0f)(random);
    }
  }
  return values;
}

TEST(AboveThreshold, FindsWhatAPlainLoopFinds) {
  test::for_each_simd_target([] {
    std::mt19937 random(7);
    for (std::size_t count = 0; count < 200; ++count)
      for (const float least : {-kInfinity, -8.0f, 0.0f, kDenormal, 0.9f, kInfinity, kNan}) {
        const auto values = random_values(random, count);
        ASSERT_EQ(by_scan(values, least), by_plain_loop(values, least)) << count << " values above " << least;
      }
    for (const std::size_t count : {kScanBlock - 1, kScanBlock, kScanBlock + 1, std::size_t{300 * 91}}) {
      const auto values = random_values(random, count);
      for (const float least : {-kInfinity, 0.5f}) ASSERT_EQ(by_scan(values, least), by_plain_loop(values, least)) << count;
    }
  });
}

TEST(AboveThreshold, EveryPlaceCounts) {
  test::for_each_simd_target([] {
    std::vector<float> values(300, -1.0f);
    for (std::size_t at = 0; at < values.size(); ++at) {
      values[at] = 1.0f;
      ASSERT_EQ(by_scan(values, 0.0f), std::vector<std::size_t>{at});
      values[at] = kNan;
      ASSERT_TRUE(by_scan(values, 0.0f).empty());
      values[at] = -1.0f;
    }
  });
}

// Nothing but the places found, and their scratch, is written.
TEST(AboveThreshold, AFullBlockOfHitsStaysInItsPlaces) {
  test::for_each_simd_target([] {
    const std::vector<float> values(kScanBlock, 1.0f);
    struct {
      ScanPlaces places;
      std::array<std::uint32_t, 64> behind;
    } memory;
    memory.behind.fill(0xabcdef);
    ASSERT_EQ(find_above(values, 0.0f, memory.places), kScanBlock);
    for (std::size_t i = 0; i < kScanBlock; ++i) ASSERT_EQ(memory.places[i], i);
    for (const std::uint32_t word : memory.behind) ASSERT_EQ(word, 0xabcdefu);
  });
}

TEST(AboveThreshold, ARisingThresholdIsAskedForAgain) {
  const std::vector<float> values(8 * kScanBlock, 0.5f);
  float least = 0.0f;
  std::size_t found = 0;
  for_each_above(
      values, [&] { return least; },
      [&](std::size_t) {
        ++found;
        least = 0.6f;
      });
  EXPECT_EQ(found, kScanBlock);
}

}  // namespace
}  // namespace vedette::model
