#include "config/password_hash.h"

#include <gtest/gtest.h>

namespace vedette::config {
namespace {

constexpr std::string_view kGood = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$AAECAwQFBgcICQoLDA0ODw";

TEST(PasswordHash, IsTakenApart) {
  const auto hash = parse_password_hash(kGood);
  ASSERT_TRUE(hash);
  EXPECT_EQ(hash->memory_kib, 19456u);
  EXPECT_EQ(hash->passes, 2u);
  EXPECT_EQ(hash->lanes, 1u);
  EXPECT_EQ(hash->salt, "somesaltsomesalt");
  EXPECT_EQ(hash->hash.size(), 16u);
  EXPECT_EQ(hash->hash[15], 15);
  EXPECT_EQ(to_phc(*hash), kGood);
}

TEST(PasswordHash, AnythingElseIsNone) {
  const auto with = [](std::string_view from, std::string_view to) {
    std::string text(kGood);
    return text.replace(text.find(from), from.size(), to);
  };
  EXPECT_TRUE(parse_password_hash(with("m=19456", "m=7168")));
  for (const std::string& wrong : {std::string(),
                                   with("argon2id", "argon2i"),
                                   with("v=19", "v=16"),
                                   with("m=19456", "m=7167"),
                                   with("m=19456", "m=262145"),
                                   with("m=19456", "m=019456"),
                                   with("m=19456", "m=-1"),
                                   with("m=19456", "m=99999999999"),
                                   with("m=19456", "t=19456"),
                                   with("t=2", "t=0"),
                                   with("t=2", "t=17"),
                                   with("p=1", "p=9"),
                                   with("p=1", "p=1,x=2"),
                                   with("c29t", "c29"),
                                   with("c29t", "c2 t"),
                                   with("ODw", "ODx"),
                                   with("ODw", "ODw="),
                                   with("ODw", "ODw$"),
                                   with("AAECAwQF", ""),
                                   with("$c29tZXNhbHRzb21lc2FsdA", "$c29tZQ"),
                                   std::string(kGood) + "\n",
                                   std::string(kGood) + std::string(300, 'A')})
    EXPECT_FALSE(parse_password_hash(wrong)) << wrong;
}

TEST(UserName, LettersDigitsAndAFewSigns) {
  for (const char* good : {"a", "anna", "Anna.Lind-1", "anna@example.org", "7"}) EXPECT_TRUE(is_user_name(good)) << good;
  for (const char* wrong : {"", ".anna", "@", "an na", "anna\n", "änna", "a/b"}) EXPECT_FALSE(is_user_name(wrong)) << wrong;
  EXPECT_TRUE(is_user_name(std::string(64, 'a')));
  EXPECT_FALSE(is_user_name(std::string(65, 'a')));
}

}  // namespace
}  // namespace vedette::config
