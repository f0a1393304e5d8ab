// Logging in and what comes of it, against the real gateway over plain sockets: guesses, cookies, tokens, and that it ends at
// once.
#include <algorithm>
#include <fstream>

#include "config/password_hash.h"
#include "process/gateway/gateway_fixture.h"
#include "support/program.h"
#include "users/password.h"
#include "users/users_file.h"

namespace vedette::test {
namespace {

using users::User;

constexpr const char* kPassword = "correct horse battery";

class LoginTest : public GatewayTest {
 protected:
  void SetUp() override {
    GatewayTest::SetUp();
    put({"anna", Role::kAdmin, hash(), {}});
    put({"vera", Role::kViewer, hash(), {"front"}});
    configure();
    start();
  }

  static std::string hash() {
    static const std::string made = users::hash_password(kPassword).value();
    return made;
  }
  std::string storage() const { return (folder_ / "storage").string(); }
  void put(User user) const {
    ASSERT_TRUE(users::change_users(storage(), [&](users::Users& file) -> Result<> {
      std::erase_if(file.users, [&](const User& other) { return other.name == user.name; });
      file.users.push_back(user);
      return {};
    }));
  }
  void remove(const std::string& name) const {
    ASSERT_TRUE(users::change_users(storage(), [&](users::Users& file) -> Result<> {
      std::erase_if(file.users, [&](const User& user) { return user.name == name; });
      return {};
    }));
  }

  HttpAnswer ask(const std::string& method, const std::string& path, const std::string& headers = "",
                 const Json& body = {}) const {
    Connection connection = Connection::open(port_);
    const std::string text = body.is_null() ? "" : body.dump();
    const std::string about =
        body.is_null() ? "" : "Content-Type: application/json\r\nContent-Length: " + std::to_string(text.size()) + "\r\n";
    connection.send(method + " " + path + " HTTP/1.1\r\nHost: localhost:" + std::to_string(port_) + "\r\n" + headers + about +
                    "\r\n" + text);
    return connection.read_answer();
  }

  struct Browser {
    std::string cookie, csrf;
    std::string headers() const { return "Cookie: " + cookie + "\r\nX-CSRF-Token: " + csrf + "\r\n"; }
  };
  HttpAnswer try_to_log_in(const std::string& name, const std::string& password, const std::string& headers = "") const {
    return ask("POST", "/api/session", headers, {{"name", name}, {"password", password}});
  }
  Browser log_in(const std::string& name, const std::string& headers = "") const {
    const HttpAnswer answer = try_to_log_in(name, kPassword, headers);
    EXPECT_EQ(answer.status, 200) << answer.body;
    if (answer.status != 200) return {};
    const std::string& set = answer.headers.at("set-cookie");
    return {set.substr(0, set.find(';')), Json::parse(answer.body)["csrf"]};
  }
  std::vector<std::string> audit() const {
    std::vector<std::string> lines;
    std::ifstream file(storage() + "/audit.log");
    for (std::string line; std::getline(file, line);) {
      const Json json = Json::parse(line);
      lines.push_back(json["who"].get<std::string>() + " " + json["what"].get<std::string>() + " " +
                      std::to_string(json["result"].get<int>()));
    }
    return lines;
  }
};

TEST_F(LoginTest, WhoLogsInHasACookieOfThisSiteAlone) {
  const HttpAnswer stranger = ask("GET", "/api/session");
  EXPECT_EQ(stranger.status, 401);
  EXPECT_EQ(Json::parse(stranger.body)["auth"], "users");
  const HttpAnswer answer = try_to_log_in("vera", kPassword);
  ASSERT_EQ(answer.status, 200) << answer.body;
  const Json session = Json::parse(answer.body);
  EXPECT_EQ(session["name"], "vera");
  EXPECT_EQ(session["role"], "viewer");
  EXPECT_EQ(session["cameras"], Json::parse(R"(["front"])"));
  const std::string& cookie = answer.headers.at("set-cookie");
  EXPECT_TRUE(cookie.starts_with("vedette_" + std::to_string(port_) + "=")) << cookie;
  EXPECT_NE(cookie.find("; Path=/; Max-Age=2592000; HttpOnly; SameSite=Strict"), std::string::npos) << cookie;
  EXPECT_EQ(cookie.find("Domain"), std::string::npos) << cookie;
  const Browser vera{cookie.substr(0, cookie.find(';')), session["csrf"]};
  EXPECT_EQ(Json::parse(ask("GET", "/api/session", vera.headers()).body), session);
  EXPECT_EQ(ask("GET", "/api/cameras", vera.headers()).status, 200);
  EXPECT_EQ(ask("GET", "/api/users", vera.headers()).status, 403);
  const HttpAnswer out = ask("DELETE", "/api/session", vera.headers());
  EXPECT_EQ(out.status, 204);
  EXPECT_NE(out.headers.at("set-cookie").find("Max-Age=0"), std::string::npos);
  EXPECT_EQ(ask("GET", "/api/cameras", vera.headers()).status, 401);
}

TEST_F(LoginTest, BrowsersAndProxiesAreHeard) {
  const std::string cookie = try_to_log_in("vera", kPassword, "X-Forwarded-Proto: https\r\n").headers.at("set-cookie");
  EXPECT_TRUE(cookie.ends_with("; SameSite=Strict; Secure")) << cookie;
  const Browser anna = log_in("anna");
  const std::string token = Json::parse(ask("POST", "/api/tokens", anna.headers(), {{"name", "x"}}).body)["token"];
  EXPECT_EQ(ask("GET", "/?token=" + token, "Sec-Fetch-Site: cross-site\r\n").headers.count("set-cookie"), 0u);
  EXPECT_EQ(ask("GET", "/?token=" + token, "Sec-Fetch-Site: none\r\n").headers.count("set-cookie"), 1u);
}

TEST_F(LoginTest, ACookieThatWasThereBeforeIsNotLoggedIn) {
  const std::string planted = "vedette_" + std::to_string(port_) + "=" + std::string(64, 'a');
  const Browser vera = log_in("vera", "Cookie: " + planted + "\r\n");
  EXPECT_NE(vera.cookie, planted);
  EXPECT_EQ(ask("GET", "/api/cameras", "Cookie: " + planted + "\r\n").status, 401);
  // Nor does the one of another's login go on.
  const Browser again = log_in("anna", vera.headers());
  EXPECT_EQ(ask("GET", "/api/users", again.headers()).status, 200);
  EXPECT_EQ(ask("GET", "/api/cameras", vera.headers()).status, 401);
}

TEST_F(LoginTest, UnsafeRequestsNeedWhatOtherSitesDoNotKnow) {
  const Browser anna = log_in("anna");
  const Json body{{"name", "gast"}, {"password", kPassword}};
  const std::string cookie = "Cookie: " + anna.cookie + "\r\n";
  EXPECT_EQ(ask("POST", "/api/users", cookie, body).status, 403);
  EXPECT_EQ(ask("POST", "/api/users", cookie + "X-CSRF-Token: " + std::string(64, '0') + "\r\n", body).status, 403);
  EXPECT_EQ(ask("POST", "/api/users", anna.headers() + "Origin: http://evil.example\r\n", body).status, 403);
  EXPECT_EQ(ask("POST", "/api/users", anna.headers() + "Origin: null\r\n", body).status, 403);
  EXPECT_EQ(WebSocket::open(port_, "/ws/front", cookie + "Origin: http://evil.example\r\n").answer().status, 403);
  EXPECT_EQ(ask("POST", "/api/users", anna.headers(), body).status, 201);
}

TEST_F(LoginTest, GuessesAreSlowedDownAndTold) {
  // On a slow machine a guess may take longer than the first waits.
  int refused = 0;
  HttpAnswer last;
  while (refused < 100 && (last = try_to_log_in("vera", "guess number " + std::to_string(refused))).status == 401) ++refused;
  EXPECT_GE(refused, 5);
  ASSERT_EQ(last.status, 429) << last.body;
  EXPECT_GE(std::stoi(last.headers.at("retry-after")), 1);
  EXPECT_EQ(try_to_log_in("anna", kPassword).status, 200) << "others go on";
  EXPECT_TRUE(eventually([&] {
    const auto lines = audit();
    return std::count(lines.begin(), lines.end(), " login 401") == refused &&
           std::count(lines.begin(), lines.end(), "anna login 200") == 1;
  }));
}

TEST_F(LoginTest, ManyAtOnceAreAnsweredAndNobodyElseWaits) {
  std::vector<Connection> guesses;
  const std::string body = Json{{"name", "nobody"}, {"password", "whatever it is"}}.dump();
  for (int i = 0; i < 20; ++i) {
    guesses.push_back(Connection::open(port_));
    guesses.back().send("POST /api/session HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: " +
                        std::to_string(body.size()) + "\r\n\r\n" + body);
  }
  EXPECT_EQ(ask("GET", "/healthz").status, 200);
  for (Connection& guess : guesses) {
    const int status = guess.read_answer().status;
    EXPECT_TRUE(status == 401 || status == 429 || status == 503) << status;
  }
}

TEST_F(LoginTest, StrangersWhoDawdleOverTheirLoginKeepNobodyOut) {
  std::vector<Connection> dawdlers;
  for (int i = 0; i < 400; ++i) {  // twice as many as there are places
    dawdlers.push_back(Connection::open(port_));
    dawdlers.back().send("POST /api/session HTTP/1.1\r\nHost: localhost:" + std::to_string(port_) +
                         "\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{");
    if (i % 100 == 99) {
      EXPECT_EQ(ask("GET", "/healthz").status, 200) << "after " << i;
    }
  }
  EXPECT_FALSE(log_in("anna").cookie.empty());
}

TEST_F(LoginTest, WhatGoesOnEndsWithWhoMayNotAnyMore) {
  Stages stages(bus_dir());
  const Browser vera = log_in("vera"), anna = log_in("anna");
  WebSocket watching = WebSocket::open(port_, "/ws/front", vera.headers());
  WebSocket other = WebSocket::open(port_, "/ws/front", anna.headers());
  ASSERT_EQ(watching.answer().status, 101);
  ASSERT_EQ(other.answer().status, 101);
  ASSERT_TRUE(watching.receive());
  remove("vera");
  while (watching.receive()) {
  }
  EXPECT_EQ(watching.close_code(), 1001);
  EXPECT_TRUE(eventually([&] { return ask("GET", "/api/cameras", vera.headers()).status == 401; }));
  EXPECT_EQ(ask("GET", "/api/cameras", anna.headers()).status, 200);
  EXPECT_TRUE(other.receive()) << "others watch on";
  // The same by the API, and for a login that is ended by hand.
  EXPECT_EQ(ask("DELETE", "/api/session", anna.headers()).status, 204);
  while (other.receive()) {
  }
  EXPECT_EQ(other.close_code(), 1001);
}

TEST_F(LoginTest, TokensOfProgramsEndWhenTheyAreRemoved) {
  const Browser anna = log_in("anna");
  const HttpAnswer made =
      ask("POST", "/api/tokens", anna.headers(), {{"name", "Home Assistant"}, {"role", "viewer"}, {"cameras", {"front"}}});
  ASSERT_EQ(made.status, 201) << made.body;
  const std::string token = Json::parse(made.body)["token"], id = Json::parse(made.body)["id"];
  const std::string bearer = "Authorization: Bearer " + token + "\r\n";
  EXPECT_EQ(ask("GET", "/api/cameras", bearer).status, 200);
  EXPECT_EQ(ask("GET", "/api/cameras?token=" + token).status, 200);
  EXPECT_EQ(ask("POST", "/api/cameras/front/pause", bearer).status, 403);
  EXPECT_EQ(ask("GET", "/api/tokens", anna.headers()).body.find(token), std::string::npos) << "it was shown once";
  EXPECT_EQ(ask("GET", "/", "", {}).status, 200);
  const HttpAnswer page = ask("GET", "/?token=" + token);
  ASSERT_EQ(page.headers.count("set-cookie"), 1u) << "a page goes on with a cookie";
  const std::string cookie =
      "Cookie: " + page.headers.at("set-cookie").substr(0, page.headers.at("set-cookie").find(';')) + "\r\n";
  EXPECT_EQ(ask("GET", "/api/cameras", cookie).status, 200);
  EXPECT_EQ(ask("DELETE", "/api/tokens/" + id, anna.headers()).status, 204);
  EXPECT_EQ(ask("GET", "/api/cameras", bearer).status, 401);
  EXPECT_EQ(ask("GET", "/api/cameras", cookie).status, 401);
}

TEST_F(LoginTest, WhereUsersVanishNobodyGetsIn) {
  const Browser anna = log_in("anna");
  std::filesystem::remove(users::users_path(storage()));
  EXPECT_TRUE(eventually([&] { return ask("GET", "/api/cameras", anna.headers()).status == 401; }));
  EXPECT_EQ(ask("GET", "/api/cameras").status, 401);
  gateway_->signal(SIGTERM);
  gateway_->wait_exit();
  EXPECT_NE(gateway_->log().find("nobody gets in"), std::string::npos) << gateway_->log();
}

TEST_F(LoginTest, WhatAnAdminMadeIsToldAndGoesWithThem) {
  put({"carl", Role::kAdmin, hash(), {}});
  const Browser anna = log_in("anna"), carl = log_in("carl");
  const Json wish{{"name", "a \"wall\", role x"}, {"role", "operator"}, {"cameras", {"front"}}};
  const HttpAnswer made = ask("POST", "/api/tokens", carl.headers(), wish);
  ASSERT_EQ(made.status, 201) << made.body;
  const std::string token = Json::parse(made.body)["token"], id = Json::parse(made.body)["id"];
  EXPECT_EQ(Json::parse(made.body)["made_by"], "carl");
  EXPECT_EQ(Json::parse(ask("GET", "/api/tokens", anna.headers()).body)["tokens"][0]["made_by"], "carl");
  EXPECT_EQ(ask("POST", "/api/users", carl.headers(), {{"name", "gast"}, {"password", kPassword}}).status, 201);
  EXPECT_EQ(ask("PUT", "/api/users/gast", carl.headers(), {{"role", "operator"}}).status, 200);
  const std::string bearer = "Authorization: Bearer " + token + "\r\n";
  EXPECT_EQ(ask("GET", "/api/cameras", bearer).status, 200);
  EXPECT_EQ(ask("DELETE", "/api/users/carl", anna.headers()).status, 204);
  EXPECT_EQ(ask("GET", "/api/cameras", bearer).status, 401);
  EXPECT_TRUE(eventually([&] {
    std::vector<std::string> told;
    const Json audit = Json::parse(ask("GET", "/api/audit", anna.headers()).body);
    for (const Json& entry : audit["entries"])
      if (entry.contains("detail")) told.push_back(entry["what"].get<std::string>() + ": " + entry["detail"].get<std::string>());
    const auto has = [&](const std::string& line) { return std::find(told.begin(), told.end(), line) != told.end(); };
    return has("POST /api/tokens: id \"" + id + R"(", role "operator", name "a \"wall\", role x", cameras ["front"])") &&
           has(R"(POST /api/users: role "viewer", name "gast", cameras all)") &&
           has(R"(PUT /api/users/gast: role "operator", name "gast", cameras all)");
  })) << ask("GET", "/api/audit", anna.headers()).body;
}

TEST_F(LoginTest, TheAuditTellsOfTokens) {
  const Browser anna = log_in("anna");
  const HttpAnswer made = ask("POST", "/api/tokens", anna.headers(), {{"name", "anna"}, {"role", "viewer"}});
  ASSERT_EQ(made.status, 201) << made.body;
  const std::string token = Json::parse(made.body)["token"];
  const HttpAnswer page = ask("GET", "/?token=" + token);
  ASSERT_EQ(page.headers.count("set-cookie"), 1u);
  const std::string& set = page.headers.at("set-cookie");
  const std::string cookie = "Cookie: " + set.substr(0, set.find(';')) + "\r\n";
  EXPECT_EQ(ask("GET", "/?token=" + token, cookie).headers.count("set-cookie"), 0u) << "it is logged in";
  EXPECT_EQ(ask("POST", "/api/cameras/front/pause", "Authorization: Bearer " + token + "\r\n").status, 403);
  EXPECT_EQ(ask("GET", "/?token=vdt_wrong").status, 200) << "the page, which asks";
  EXPECT_EQ(ask("GET", "/api/cameras", "Authorization: Bearer vdt_wrong\r\n").status, 401);
  EXPECT_EQ(ask("GET", "/api/cameras?token=vdt_old", anna.headers()).status, 200) << "she is logged in";
  EXPECT_EQ(ask("GET", "/api/cameras").status, 401);
  EXPECT_EQ(ask("DELETE", "/api/users/gast").status, 401);
  std::vector<std::string> lines;
  EXPECT_TRUE(eventually([&] {
    lines = audit();
    return std::count(lines.begin(), lines.end(), " DELETE /api/users/gast 401") == 1;
  }));
  const auto count = [&](const std::string& line) { return std::count(lines.begin(), lines.end(), line); };
  EXPECT_EQ(count("token anna login 200"), 1) << "the first of a browser";
  EXPECT_EQ(count("token anna POST /api/cameras/front/pause 403"), 1);
  EXPECT_EQ(count("anna GET /api/cameras 401"), 1) << "a wrong token, whatever let her in";
  EXPECT_EQ(count(" GET / 401"), 1);
  EXPECT_LE(count(" GET /api/cameras 401"), 1) << "one a minute, and who has no token is no failure";
  EXPECT_EQ(read_file(storage() + "/audit.log").find(token.substr(22)), std::string::npos);
}

TEST_F(LoginTest, TheAuditTellsWhoDidWhat) {
  const Browser anna = log_in("anna"), vera = log_in("vera");
  EXPECT_EQ(ask("POST", "/api/users", anna.headers(), {{"name", "gast"}, {"password", kPassword}}).status, 201);
  EXPECT_EQ(ask("POST", "/api/cameras/front/pause", vera.headers()).status, 403);
  EXPECT_EQ(ask("DELETE", "/api/users/gast").status, 401);
  EXPECT_EQ(ask("DELETE", "/api/users/anna", anna.headers()).status, 409) << "the last admin";
  EXPECT_EQ(ask("DELETE", "/api/users/gast", anna.headers()).status, 204);
  EXPECT_EQ(ask("GET", "/api/audit", vera.headers()).status, 403);
  EXPECT_TRUE(eventually([&] {
    std::vector<std::string> lines;
    const Json audit = Json::parse(ask("GET", "/api/audit", anna.headers()).body);
    for (const Json& entry : audit["entries"])
      lines.push_back(entry["who"].get<std::string>() + " " + entry["what"].get<std::string>() + " " +
                      std::to_string(entry["result"].get<int>()) + " " + entry["from"].get<std::string>());
    const auto has = [&](const std::string& line) {
      return std::find(lines.begin(), lines.end(), line + " 127.0.0.1") != lines.end();
    };
    return has("anna login 200") && has("anna POST /api/users 201") && has("vera POST /api/cameras/front/pause 403") &&
           has(" DELETE /api/users/gast 401") && has("anna DELETE /api/users/anna 409") &&
           has("anna DELETE /api/users/gast 204") && has("vera GET /api/audit 403");
  })) << ask("GET", "/api/audit", anna.headers()).body;
  gateway_->signal(SIGTERM);
  gateway_->wait_exit();
  for (const std::string& secret : {std::string(kPassword), anna.cookie, anna.csrf})
    EXPECT_EQ(gateway_->log().find(secret), std::string::npos) << "no secret in the log";
}

}  // namespace
}  // namespace vedette::test
