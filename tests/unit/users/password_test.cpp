#include "users/password.h"

#include <gtest/gtest.h>

#include <set>

#include "config/password_hash.h"

namespace vedette::users {
namespace {

TEST(Password, IsThatOfItsHashAlone) {
  const auto hash = hash_password("correct horse");
  ASSERT_TRUE(hash) << hash.error().text;
  EXPECT_TRUE(hash->starts_with("$argon2id$v=19$m=19456,t=2,p=1$")) << *hash;
  EXPECT_TRUE(is_password_of(*hash, "correct horse"));
  for (const char* wrong : {"", "correct hors", "correct horse ", "Correct horse"}) EXPECT_FALSE(is_password_of(*hash, wrong));
  const auto again = hash_password("correct horse");
  ASSERT_TRUE(again);
  EXPECT_NE(*again, *hash) << "each has a salt of its own";
}

// Made by the argon2 program of Debian's package argon2: echo -n "correct horse" | argon2 somesaltsomesalt -id -k 8192 -t 3 -p 2
// -e
TEST(Password, HashOfAnotherProgram) {
  constexpr const char* kTheirs =
      "$argon2id$v=19$m=8192,t=3,p=2$c29tZXNhbHRzb21lc2FsdA$aTzCkPdCFrgpUot/dSSp/E1ALSTN/aa5Rq+czt48+vs";
  EXPECT_TRUE(is_password_of(kTheirs, "correct horse"));
  EXPECT_FALSE(is_password_of(kTheirs, "correct horsE"));
}

TEST(Password, NoHashIsNobodys) {
  for (const char* phc : {"", "correct horse", "$argon2id$", "$argon2i$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$AAAA"})
    EXPECT_FALSE(is_password_of(phc, "correct horse")) << phc;
  spend_a_hash("whatever", "");
  spend_a_hash(std::string(10'000, 'x'), "no hash");
}

TEST(Password, LengthOfNewOnes) {
  EXPECT_FALSE(check_password("seven77"));
  EXPECT_TRUE(check_password("eight888"));
  EXPECT_TRUE(check_password(std::string(kLongestPassword, 'x')));
  EXPECT_FALSE(check_password(std::string(kLongestPassword + 1, 'x')));
  EXPECT_FALSE(hash_password("short"));
}

TEST(Secrets, AreRandomAndHashedAsElsewhere) {
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) seen.insert(random_hex(32));
  EXPECT_EQ(seen.size(), 100u);
  EXPECT_EQ(seen.begin()->size(), 64u);
  // FIPS 180-2, appendix B.1.
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace
}  // namespace vedette::users
