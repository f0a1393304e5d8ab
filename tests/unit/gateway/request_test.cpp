#include "gateway/request.h"

#include <gtest/gtest.h>

namespace vedette::gateway {
namespace {

TEST(ParseTarget, TakesApartPathAndQuery) {
  const auto target = parse_target("/ws/front?token=a%2Bb+c&x&y=1=2#end");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->path, "/ws/front");
  EXPECT_EQ(target->value("token"), "a+b c");
  EXPECT_EQ(target->value("x"), "");
  EXPECT_EQ(target->value("y"), "1=2");
  EXPECT_EQ(target->value("z"), std::nullopt);
}

TEST(ParseTarget, KeepsRootAndTrailingSlash) {
  EXPECT_EQ(parse_target("/")->path, "/");
  EXPECT_EQ(parse_target("/a/")->path, "/a/");
  EXPECT_EQ(parse_target("/%E4%BD%A0")->path, "/\xE4\xBD\xA0");
}

TEST(ParseTarget, RefusesWhatNobodySends) {
  for (const char* bad : {"",
                          "index.html",
                          "*",
                          "http://h/",
                          "/a b",
                          "/\x01",
                          "/%",
                          "/%4",
                          "/%zz",
                          "/%00",
                          "/%0a",
                          "/..",
                          "/../etc/passwd",
                          "/a/../b",
                          "/%2e%2e/etc/passwd",
                          "/a/%2e",
                          "/./a",
                          "//etc",
                          "/a//b",
                          "/a/..%2fb",
                          "/?a=%",
                          "/?%00=1"})
    EXPECT_FALSE(parse_target(bad)) << bad;
  EXPECT_FALSE(parse_target("/" + std::string(kMaxTargetBytes, 'a')));
  std::string many = "/?";
  for (std::size_t i = 0; i <= kMaxQueryPairs; ++i) many += "a=1&";
  EXPECT_FALSE(parse_target(many));
}

TEST(Percent, EncodeThenDecodeIsTheSame) {
  const std::string text = "a;b=c, \"d\" %+/\xC3\xA4";
  EXPECT_EQ(percent_decode(percent_encode(text)), text);
  EXPECT_EQ(percent_encode("a;b"), "a%3Bb");
}

TEST(Cookie, FindsTheNamedOne) {
  EXPECT_EQ(cookie_value("a=1; vedette_80=x%3By; b=2", "vedette_80"), "x;y");
  EXPECT_EQ(cookie_value("vedette_80=", "vedette_80"), "");
  EXPECT_EQ(cookie_value("xvedette_80=1", "vedette_80"), std::nullopt);
  EXPECT_EQ(cookie_value("vedette_80", "vedette_80"), std::nullopt);
  EXPECT_EQ(cookie_value("vedette_80=%", "vedette_80"), std::nullopt);
  EXPECT_EQ(cookie_value("", "a"), std::nullopt);
  EXPECT_EQ(cookie_value(";;;= ;", "a"), std::nullopt);
}

TEST(Host, LocalNamesAndAddressesOnly) {
  for (const char* good :
       {"localhost", "LOCALHOST:8080", "a.localhost", "127.0.0.1:80", "192.168.1.2", "[::1]:8080", "[fe80::1]"})
    EXPECT_TRUE(is_local_or_literal_host(good)) << good;
  for (const char* bad :
       {"", "evil.example", "localhost.evil.example", "127.0.0.1.evil.example", ".localhost", "[::1", "1.2.3", "a b"})
    EXPECT_FALSE(is_local_or_literal_host(bad)) << bad;
}

TEST(Host, OriginMustEqualIt) {
  EXPECT_TRUE(is_same_origin("http://front.example:8080", "Front.Example:8080"));
  EXPECT_TRUE(is_same_origin("https://front.example", "front.example"));
  EXPECT_FALSE(is_same_origin("http://evil.example", "front.example"));
  EXPECT_FALSE(is_same_origin("http://front.example:81", "front.example"));
  EXPECT_FALSE(is_same_origin("null", "front.example"));
  EXPECT_FALSE(is_same_origin("http://", ""));
  EXPECT_FALSE(is_same_origin("file://front.example", "front.example"));
}

}  // namespace
}  // namespace vedette::gateway
