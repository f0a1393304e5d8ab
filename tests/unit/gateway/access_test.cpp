#include "gateway/access.h"

#include <gtest/gtest.h>

namespace vedette::gateway {
namespace {

RequestHead request(std::string target) {
  RequestHead head;
  head.method = "GET";
  head.target = std::move(target);
  head.host = "camera.example:8080";
  return head;
}

Decision check(const Access& access, const RequestHead& head) { return access.check(head, *parse_target(head.target)); }

TEST(ConstantTimeEqual, OnlyEqualTextsAre) {
  EXPECT_TRUE(constant_time_equal("secret", "secret"));
  for (const char* wrong : {"", "s", "secreT", "Secret", "secretsecret", "secret "})
    EXPECT_FALSE(constant_time_equal(wrong, "secret")) << wrong;
  EXPECT_FALSE(constant_time_equal("", "")) << "no secret lets nobody in";
}

TEST(Access, TokenInQueryHeaderOrCookie) {
  const Access access("s3cret;", 8080);
  EXPECT_EQ(check(access, request("/")).status, 401);
  EXPECT_EQ(check(access, request("/?token=wrong")).status, 401);
  EXPECT_EQ(check(access, request("/?token=")).status, 401);

  const Decision first = check(access, request("/?token=s3cret%3B"));
  EXPECT_EQ(first.status, 200);
  EXPECT_EQ(first.who.role, Role::kAdmin) << "the token's owner may do everything";
  EXPECT_TRUE(first.who.may_see("front"));
  EXPECT_EQ(first.set_cookie, "vedette_8080=s3cret%3B; Path=/; HttpOnly; SameSite=Strict");

  RequestHead head = request("/");
  head.cookie = "other=1; " + first.set_cookie.substr(0, first.set_cookie.find(';'));
  EXPECT_EQ(check(access, head).status, 200);
  EXPECT_EQ(check(access, head).set_cookie, "");
  head.cookie = "vedette_8081=s3cret%3B";
  EXPECT_EQ(check(access, head).status, 401) << "the cookie of another gateway on this host";
  head.cookie = "vedette_8080=s3cret";
  EXPECT_EQ(check(access, head).status, 401);

  head = request("/");
  head.authorization = "Bearer s3cret;";
  EXPECT_EQ(check(access, head).status, 200);
  head.authorization = "Basic s3cret;";
  EXPECT_EQ(check(access, head).status, 401);
  head.authorization = "Bearer ";
  EXPECT_EQ(check(access, head).status, 401);
}

TEST(Principal, EachRoleMayDoWhatThoseBeforeItMay) {
  Principal somebody{"anna", Role::kOperator, {"front", "yard"}};
  EXPECT_TRUE(somebody.may(Role::kViewer));
  EXPECT_TRUE(somebody.may(Role::kOperator));
  EXPECT_FALSE(somebody.may(Role::kAdmin));
  EXPECT_TRUE(somebody.may_see("yard"));
  EXPECT_FALSE(somebody.may_see("yar"));
  EXPECT_FALSE(somebody.may_see(""));
  for (const Role role : {Role::kViewer, Role::kOperator, Role::kAdmin}) EXPECT_EQ(role_of(role_name(role)), role);
  EXPECT_EQ(role_of("Admin"), std::nullopt);
  EXPECT_EQ(role_of(""), std::nullopt);
}

TEST(Access, WithoutTokenOnlyLocalHostNames) {
  const Access access("", 8080);
  RequestHead head = request("/");
  EXPECT_EQ(check(access, head).status, 403) << "a foreign DNS name that points here";
  head.host = "localhost:8080";
  EXPECT_EQ(check(access, head).status, 200);
  head.host = "127.0.0.1:8080";
  EXPECT_EQ(check(access, head).status, 200);
}

TEST(Access, WebSocketOfAnotherSiteIsRefusedEvenWithTheToken) {
  const Access access("s3cret", 8080);
  RequestHead head = request("/ws/front?token=s3cret");
  head.websocket = true;
  EXPECT_EQ(check(access, head).status, 200) << "no browser: no Origin";
  head.origin = "http://camera.example:8080";
  EXPECT_EQ(check(access, head).status, 200);
  head.origin = "http://evil.example";
  EXPECT_EQ(check(access, head).status, 403);
}

}  // namespace
}  // namespace vedette::gateway
