#include "gateway/logins.h"

#include <gtest/gtest.h>

#include <set>

namespace vedette::gateway {
namespace {

constexpr std::uint64_t kHour = 3600'000'000'000;

users::User named(std::string name) {
  users::User user;
  user.name = std::move(name);
  return user;
}

TEST(Logins, AreFoundByTheirIdAndEnd) {
  Logins logins;
  const std::string anna = logins.begin(named("anna"), "", 0);
  const std::string bert = logins.begin(named("bert"), "", 0);
  EXPECT_EQ(anna.size(), 64u);
  ASSERT_NE(logins.find(anna, 1), nullptr);
  EXPECT_EQ(logins.find(anna, 1)->user.name, "anna");
  EXPECT_NE(logins.find(anna, 1)->csrf, logins.find(bert, 1)->csrf);
  EXPECT_EQ(logins.find(anna.substr(1), 1), nullptr);
  EXPECT_EQ(logins.find("", 1), nullptr);
  EXPECT_EQ(logins.find(Logins::key_of(anna), 1), nullptr) << "what is kept doesn't let in";
  logins.end(anna);
  EXPECT_EQ(logins.find(anna, 1), nullptr);
  EXPECT_NE(logins.find(bert, 1), nullptr);
}

TEST(Logins, EndWhenNobodyUsesThemAndAfterAMonth) {
  Logins logins;
  const std::string idle = logins.begin(named("anna"), "", 0);
  EXPECT_NE(logins.find(idle, 12 * kHour), nullptr);
  EXPECT_EQ(logins.find(idle, 24 * kHour + 1), nullptr);
  EXPECT_EQ(logins.find(idle, 0), nullptr) << "it is gone";
  const std::string used = logins.begin(named("anna"), "", 0);
  std::uint64_t now = 0;
  for (; now <= 30 * 24 * kHour; now += 10 * kHour) ASSERT_NE(logins.find(used, now), nullptr) << now / kHour;
  EXPECT_EQ(logins.find(used, now), nullptr);
}

TEST(Logins, SoManyOfOneAndInAll) {
  Logins logins;
  const std::string first = logins.begin(named("anna"), "", 0);
  const std::string other = logins.begin(named("bert"), "", 0);
  for (std::size_t i = 1; i <= Logins::kMostOfUser; ++i) logins.begin(named("anna"), "", i);
  EXPECT_EQ(logins.find(first, 100), nullptr) << "the one that was used longest ago goes";
  EXPECT_NE(logins.find(other, 100), nullptr);
  EXPECT_EQ(logins.size(), Logins::kMostOfUser + 1);
  for (std::size_t i = 1; i <= Logins::kMostOfUser; ++i) logins.begin(named("bert"), "0123456789abcdef", 100 + i);
  EXPECT_NE(logins.find(other, 200), nullptr) << "a token of the same name ends no login of the user";
}

}  // namespace
}  // namespace vedette::gateway
