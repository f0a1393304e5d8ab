#include "gateway/login_limit.h"

#include <gtest/gtest.h>

namespace vedette::gateway {
namespace {

using std::chrono::seconds;

constexpr std::uint64_t kSecond = 1'000'000'000;

TEST(NetworkOf, AnAddressOrTheFirstHalfOfOne) {
  EXPECT_EQ(network_of("192.168.1.2"), "192.168.1.2");
  EXPECT_EQ(network_of("::ffff:192.168.1.2"), "192.168.1.2");
  EXPECT_EQ(network_of("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
  EXPECT_EQ(network_of("2001:db8:1:2:ffff::1"), "2001:db8:1:2::");
  EXPECT_EQ(network_of(""), "");
}

TEST(LoginLimit, ANameIsFreeAFewTimesThenWaitsLongerAndLonger) {
  LoginLimit limit;
  std::uint64_t now = 100 * kSecond;
  for (std::uint32_t i = 0; i < LoginLimit::kFreeByName; ++i)
    EXPECT_EQ(limit.take("10.0.0." + std::to_string(i), "anna", now), seconds(0)) << i;
  EXPECT_EQ(limit.take("10.0.1.1", "anna", now), seconds(1)) << "from wherever";
  EXPECT_EQ(limit.take("10.0.1.1", "anna", now + kSecond / 2), seconds(1)) << "tries that wait don't count";
  EXPECT_EQ(limit.take("10.0.1.1", "bert", now), seconds(0));
  seconds longest{0};
  for (int i = 0; i < 20; ++i) {
    now += static_cast<std::uint64_t>(longest.count() + 1) * kSecond;
    EXPECT_EQ(limit.take("10.0.2." + std::to_string(i), "anna", now), seconds(0));
    const seconds wait = limit.take("10.0.2.1", "anna", now);
    EXPECT_GE(wait, longest);
    longest = wait;
  }
  EXPECT_EQ(longest, LoginLimit::kLongestByName);
  now += (static_cast<std::uint64_t>(LoginLimit::kForgotten.count()) + 1) * kSecond;
  for (std::uint32_t i = 0; i < LoginLimit::kFreeByName; ++i) EXPECT_EQ(limit.take("10.0.3.1", "anna", now), seconds(0)) << i;
}

TEST(LoginLimit, AnAddressGuessesAtManyNames) {
  LoginLimit limit;
  for (std::uint32_t i = 0; i < LoginLimit::kFreeByAddress; ++i)
    EXPECT_EQ(limit.take("2001:db8::" + std::to_string(i), "name" + std::to_string(i), 1), seconds(0));
  EXPECT_EQ(limit.take("2001:db8::77", "somebody", 1), seconds(1)) << "one network";
  EXPECT_EQ(limit.take("2001:db8:0:1::77", "somebody", 1), seconds(0));
  EXPECT_EQ(limit.take("2001:db8::77", "", 1), seconds(0)) << "tokens are counted apart";
}

TEST(LoginLimit, WhoIsRightStartsAnew) {
  LoginLimit limit;
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(limit.take("10.0.0.1", "anna", 1), seconds(0)) << i;
    limit.forgive("10.0.0.1", "anna");
  }
  // But an account of one's own doesn't buy guesses at others'.
  std::uint32_t tried = 0;
  while (tried < 1000 && limit.take("10.0.0.1", "victim" + std::to_string(tried), 1) == seconds(0)) {
    ++tried;
    if (limit.take("10.0.0.1", "mallory", 1) == seconds(0)) limit.forgive("10.0.0.1", "mallory");
  }
  EXPECT_LE(tried, LoginLimit::kFreeByAddress);
}

TEST(LoginLimit, HoldsSoManyAndNoMore) {
  LoginLimit limit;
  for (std::size_t i = 0; i < 2 * LoginLimit::kMost; ++i)
    EXPECT_EQ(limit.take("10." + std::to_string(i >> 16) + "." + std::to_string(i >> 8 & 255) + "." + std::to_string(i & 255),
                         "name" + std::to_string(i), i),
              seconds(0));
}

}  // namespace
}  // namespace vedette::gateway
