#include "gateway/access.h"

#include <gtest/gtest.h>

#include "gateway/accounts.h"

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

// "name=value" of a Set-Cookie.
std::string pair_of(const std::string& set_cookie) { return set_cookie.substr(0, set_cookie.find(';')); }

TEST(Access, TokenInQueryHeaderOrCookie) {
  const Access access("s3cret;s", 8080);
  EXPECT_EQ(check(access, request("/")).status, 401);
  EXPECT_EQ(check(access, request("/?token=wrong")).status, 401);
  EXPECT_EQ(check(access, request("/?token=")).status, 401);

  const Decision first = check(access, request("/?token=s3cret%3Bs"));
  EXPECT_EQ(first.status, 200);
  EXPECT_EQ(first.who.role, Role::kAdmin) << "the token's owner may do everything";
  EXPECT_TRUE(first.who.may_see("front"));
  EXPECT_TRUE(first.set_cookie.starts_with("vedette_8080=")) << first.set_cookie;
  EXPECT_TRUE(first.set_cookie.ends_with("; Path=/; Max-Age=2592000; HttpOnly; SameSite=Strict")) << first.set_cookie;
  EXPECT_EQ(first.set_cookie.find("s3cret"), std::string::npos) << "the token itself stays out of the browser's files";

  RequestHead head = request("/");
  head.cookie = "other=1; " + pair_of(first.set_cookie);
  EXPECT_EQ(check(access, head).status, 200);
  EXPECT_EQ(check(access, head).set_cookie, "");
  head.target = "/?token=old";
  EXPECT_EQ(check(access, head).status, 200) << "a page that was opened with an old token";
  head.target = "/";
  head.cookie.replace(head.cookie.find("8080"), 4, "8081");
  EXPECT_EQ(check(access, head).status, 401) << "the cookie of another gateway on this host";
  head.cookie = "vedette_8080=s3cret%3Bs";
  EXPECT_EQ(check(access, head).status, 401);

  head = request("/");
  head.authorization = "Bearer s3cret;s";
  EXPECT_EQ(check(access, head).status, 200);
  head.authorization = "Basic s3cret;s";
  EXPECT_EQ(check(access, head).status, 401);
  head.authorization = "Bearer ";
  EXPECT_EQ(check(access, head).status, 401);
}

TEST(Access, WrongTokensHaveToWait) {
  const Access access("s3cret;s", 8080);
  RequestHead head = request("/?token=guess");
  head.remote = "10.0.0.1";
  int refused = 0;
  while (refused < 100 && check(access, head).status == 401) ++refused;
  EXPECT_GE(refused, 20);
  EXPECT_LT(refused, 100);
}

TEST(Access, ByTlsTheCookieIsForTlsAlone) {
  AccountOptions options;
  options.token = "s3cret;s";
  const Access access(*Accounts::open(options), 8443, true);
  const std::string cookie = check(access, request("/?token=s3cret%3Bs")).set_cookie;
  EXPECT_TRUE(cookie.starts_with("__Host-vedette_8443=")) << cookie;
  EXPECT_TRUE(cookie.ends_with("; HttpOnly; SameSite=Strict; Secure")) << cookie;
}

TEST(Access, BehindAProxyThatDoesTlsTheCookieIsForTlsAloneToo) {
  const Access access("s3cret;s", 8080);
  RequestHead head = request("/?token=s3cret%3Bs");
  head.proxy_proto = "https";
  EXPECT_TRUE(check(access, head).set_cookie.ends_with("; HttpOnly; SameSite=Strict; Secure"));
  EXPECT_TRUE(access.set_cookie(head, "").ends_with("; Secure"));
  head.proxy_proto = "http";
  EXPECT_TRUE(check(access, head).set_cookie.ends_with("; HttpOnly; SameSite=Strict"));
}

TEST(Access, AnotherSitesLinkLogsNobodyIn) {
  const Access access("s3cret;s", 8080);
  RequestHead head = request("/?token=s3cret%3Bs");
  head.fetch_site = "cross-site";
  EXPECT_EQ(check(access, head).status, 200);
  EXPECT_EQ(check(access, head).set_cookie, "");
  for (const char* site : {"", "none", "same-origin"}) {
    head.fetch_site = site;
    EXPECT_NE(check(access, head).set_cookie, "") << site;
  }
}

TEST(Access, UnsafeRequestsWithACookieCarryWhatPagesOfOtherSitesCannotKnow) {
  const Access access("s3cret;s", 8080);
  RequestHead head = request("/");
  head.cookie = pair_of(check(access, request("/?token=s3cret%3Bs")).set_cookie);
  const std::string csrf = access.accounts()->by_cookie(access.cookie_of(head))->csrf;
  for (const char* method : {"POST", "PUT", "PATCH", "DELETE", "PROPFIND"}) {
    head.method = method;
    head.csrf_token = "";
    EXPECT_EQ(check(access, head).status, 403) << method;
    head.csrf_token = csrf.substr(1);
    EXPECT_EQ(check(access, head).status, 403) << method;
    head.csrf_token = csrf;
    EXPECT_EQ(check(access, head).status, 200) << method;
    head.origin = "http://evil.example";
    EXPECT_EQ(check(access, head).status, 403) << method;
    head.origin = "";
  }
  head = request("/ingest/front");
  head.method = "POST";
  head.authorization = "Bearer s3cret;s";
  EXPECT_EQ(check(access, head).status, 200) << "no browser sends that by itself";
}

TEST(Principal, EachRoleMayDoWhatThoseBeforeItMay) {
  Principal somebody{"anna", Role::kOperator, {"front", "yard"}, {}};
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

TEST(Access, WhereNobodyIsAskedNobodyComesThroughAProxy) {
  RequestHead head = request("/");
  head.host = "127.0.0.1:8080";
  head.forwarded = true;
  const Access access("", 8080);
  const Decision decision = check(access, head);
  EXPECT_EQ(decision.status, 403);
  EXPECT_NE(decision.why.find("vedette user add"), std::string::npos) << decision.why;
  AccountOptions none;
  none.ask = false;
  EXPECT_EQ(check(Access(*Accounts::open(none), 8080), head).status, 200) << "gateway.auth: none says that it's meant";
  head.authorization = "Bearer s3cret;s";
  EXPECT_EQ(check(Access("s3cret;s", 8080), head).status, 200);
}

TEST(Access, WebSocketOfAnotherSiteIsRefusedEvenWithTheToken) {
  const Access access("s3cret;s", 8080);
  RequestHead head = request("/ws/front?token=s3cret%3Bs");
  head.websocket = true;
  EXPECT_EQ(check(access, head).status, 200) << "no browser: no Origin";
  head.origin = "http://camera.example:8080";
  EXPECT_EQ(check(access, head).status, 200);
  head.origin = "http://evil.example";
  EXPECT_EQ(check(access, head).status, 403);
}

}  // namespace
}  // namespace vedette::gateway
