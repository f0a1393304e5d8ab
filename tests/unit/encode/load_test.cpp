// What the bitrate and the effort go by.
#include "encode/load.h"

#include <gtest/gtest.h>

namespace vedette::encode {
namespace {

constexpr std::uint64_t kMs = 1'000'000;

// Pictures every `apart_ms` that take `took_ms` each; the last finding of `seconds`.
std::optional<Load::Finding> run(Load& load, std::uint64_t& now_ms, int apart_ms, int took_ms, int seconds) {
  std::optional<Load::Finding> last;
  for (int passed = 0; passed < seconds * 1000; passed += apart_ms) {
    now_ms += static_cast<std::uint64_t>(apart_ms);
    const auto finding = load.note(now_ms * kMs, static_cast<std::uint64_t>(took_ms) * kMs);
    if (finding) last = finding;
  }
  return last;
}

TEST(Load, SaysHowManyPicturesCome) {
  Load load;
  std::uint64_t now = 1000;
  load.begin(now * kMs);
  const auto finding = run(load, now, 40, 5, 3);
  ASSERT_TRUE(finding);
  EXPECT_NEAR(finding->fps, 25.0f, 0.5f);
  EXPECT_FALSE(finding->too_slow);
}

TEST(Load, AHiccupIsNoReasonToDoLess) {
  Load load;
  std::uint64_t now = 1000;
  load.begin(now * kMs);
  EXPECT_FALSE(run(load, now, 40, 39, 2)->too_slow);
  EXPECT_FALSE(run(load, now, 40, 5, 3)->too_slow);
  EXPECT_FALSE(run(load, now, 40, 39, 2)->too_slow) << "not in a row";
}

TEST(Load, WhatLastsIs) {
  Load load;
  std::uint64_t now = 1000;
  load.begin(now * kMs);
  EXPECT_TRUE(run(load, now, 40, 39, 5)->too_slow);
  EXPECT_FALSE(run(load, now, 40, 39, 2)->too_slow) << "what was done about it gets its chance";
}

TEST(Load, APauseSaysNothing) {
  Load load;
  std::uint64_t now = 1000;
  load.begin(now * kMs);
  ASSERT_FALSE(run(load, now, 40, 5, 1));
  now += 60'000;
  EXPECT_FALSE(load.note(now * kMs, 5 * kMs));
  const auto finding = run(load, now, 40, 5, 3);
  ASSERT_TRUE(finding);
  EXPECT_NEAR(finding->fps, 25.0f, 0.5f);
}

TEST(Load, ARateIsOffByHalfAsMuchAgain) {
  EXPECT_FALSE(Load::is_off(30, 30));
  EXPECT_FALSE(Load::is_off(30, 24));
  EXPECT_FALSE(Load::is_off(24, 30));
  EXPECT_TRUE(Load::is_off(30, 10));
  EXPECT_TRUE(Load::is_off(5, 30));
}

}  // namespace
}  // namespace vedette::encode
