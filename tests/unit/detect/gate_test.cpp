#include "detect/gate.h"

#include <gtest/gtest.h>

namespace vedette::detect {
namespace {

using std::chrono::seconds;
constexpr std::uint64_t kSecond = 1'000'000'000;

TEST(Gate, OpensForTheFirstFrameForMotionAndForAWhileAfterIt) {
  Gate gate(seconds(3), seconds(30));
  EXPECT_TRUE(gate.opens(false, false, 100 * kSecond)) << "nothing has been seen yet";
  EXPECT_FALSE(gate.opens(false, false, 101 * kSecond));
  EXPECT_TRUE(gate.opens(true, false, 102 * kSecond));
  EXPECT_TRUE(gate.opens(false, false, 104 * kSecond));
  EXPECT_FALSE(gate.opens(false, false, 105 * kSecond));
}

TEST(Gate, ChecksNowAndThenWhateverHappens) {
  Gate gate(seconds(3), seconds(30));
  int opened = 0;
  for (std::uint64_t at = 0; at < 300; ++at) opened += gate.opens(false, false, (1000 + at) * kSecond) ? 1 : 0;
  EXPECT_EQ(opened, 10);
  // Since it was open last, not by the clock.
  EXPECT_TRUE(gate.opens(true, false, 1299 * kSecond));
  EXPECT_FALSE(gate.opens(false, false, 1328 * kSecond));
  EXPECT_TRUE(gate.opens(false, false, 1329 * kSecond));
}

TEST(Gate, IsOpenOnGuard) {
  Gate gate(seconds(0), seconds(30));
  for (std::uint64_t at = 1; at < 20; ++at) EXPECT_TRUE(gate.opens(false, true, at * kSecond));
  EXPECT_FALSE(gate.opens(false, false, 20 * kSecond));
}

TEST(Gate, OpensForANewModel) {
  Gate gate(seconds(3), seconds(30));
  EXPECT_TRUE(gate.opens(false, false, 100 * kSecond));
  EXPECT_FALSE(gate.opens(false, false, 101 * kSecond));
  gate.reset();
  EXPECT_TRUE(gate.opens(false, false, 102 * kSecond));
  EXPECT_FALSE(gate.opens(false, false, 103 * kSecond));
}

TEST(Gate, WithoutARecheckTimeItIsNeverClosed) {
  Gate gate(seconds(0), seconds(0));
  for (std::uint64_t at = 1; at < 20; ++at) EXPECT_TRUE(gate.opens(false, false, at * kSecond));
}

}  // namespace
}  // namespace vedette::detect
