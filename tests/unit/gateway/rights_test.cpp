// Who may what, for every route that there is: by role, and by camera. A new route without a line here fails.
#include <gtest/gtest.h>

#include <map>
#include <optional>

#include "gateway/accounts.h"
#include "gateway/api/api.h"
#include "gateway/ingest.h"
#include "store/store.h"
#include "support/bus_fixture.h"
#include "support/program.h"

namespace vedette::gateway {
namespace {

constexpr std::optional<Role> kEverybody = std::nullopt;

// The least role of each; kEverybody: who isn't known yet too.
const std::map<std::string, std::optional<Role>> kLeast = {
    {"GET /healthz", kEverybody},
    {"GET /api/session", kEverybody},
    {"POST /api/session", kEverybody},
    {"DELETE /api/session", kEverybody},
    {"GET /readyz", Role::kViewer},
    {"GET /metrics", Role::kViewer},
    {"GET /ws/{camera}", Role::kViewer},
    {"GET /stream/{camera}.mjpeg", Role::kViewer},
    {"GET /snapshot/{camera}.jpg", Role::kViewer},
    {"GET /ingest/{camera}", Role::kOperator},
    {"POST /ingest/{camera}", Role::kOperator},
    {"GET /api/cameras", Role::kViewer},
    {"GET /api/cameras/{camera}", Role::kViewer},
    {"GET /api/cameras/{camera}/state", Role::kViewer},
    {"PUT /api/cameras/{camera}/mode", Role::kOperator},
    {"PUT /api/cameras/{camera}/detection", Role::kOperator},
    {"POST /api/cameras/{camera}/pause", Role::kOperator},
    {"POST /api/cameras/{camera}/resume", Role::kOperator},
    {"GET /api/cameras/{camera}/settings", Role::kViewer},
    {"GET /api/events", Role::kViewer},
    {"GET /api/events/{camera}/{id}", Role::kViewer},
    {"PATCH /api/events/{camera}/{id}", Role::kOperator},
    {"DELETE /api/events/{camera}/{id}", Role::kOperator},
    {"GET /api/events/{camera}/{id}/snapshot.jpg", Role::kViewer},
    {"GET /api/events/{camera}/{id}/boxed.jpg", Role::kViewer},
    {"GET /api/events/{camera}/{id}/crop.jpg", Role::kViewer},
    {"GET /api/events/{camera}/{id}/clip.mp4", Role::kViewer},
    {"GET /api/model", Role::kViewer},
    {"GET /api/models", Role::kViewer},
    {"GET /api/config", Role::kAdmin},
    {"GET /api/system", Role::kViewer},
    {"GET /api/users", Role::kAdmin},
    {"POST /api/users", Role::kAdmin},
    {"PUT /api/users/{name}", Role::kAdmin},
    {"DELETE /api/users/{name}", Role::kAdmin},
    {"GET /api/tokens", Role::kAdmin},
    {"POST /api/tokens", Role::kAdmin},
    {"DELETE /api/tokens/{id}", Role::kAdmin},
    {"GET /api/audit", Role::kAdmin},
    {"GET /api/openapi.json", Role::kViewer},
    {"GET /api/docs", Role::kViewer},
    {"GET /api/docs.css", Role::kViewer},
};

std::optional<std::optional<Role>> least_of(const Route& route) {
  const std::string name = route.method + " " + route.path;
  // One route each for the keys of settings.
  constexpr std::string_view kSetting = "/api/cameras/{camera}/settings/";
  if (route.path.starts_with(kSetting)) return route.method == "GET" ? Role::kViewer : Role::kAdmin;
  const auto known = kLeast.find(name);
  if (known == kLeast.end()) return std::nullopt;
  return std::optional<std::optional<Role>>(std::in_place, known->second);
}

class Rights : public test::BusFixture {
 protected:
  void SetUp() override {
    const std::string path = folder_.write(
        "vedette.yaml", "cameras:\n  front:\n    url: \"ingest:\"\n  backyard:\n    url: \"ingest:\"\nstorage:\n  dir: " +
                            folder_.file("storage") + "\n");
    auto config = load_config(path);
    ASSERT_TRUE(config) << config.error().text;
    config_ = *std::move(config);
    AccountOptions options;
    options.storage = folder_.file("storage");
    options.token = "the token of the configuration";
    accounts_ = *Accounts::open(options);
    router_ =
        std::make_unique<Router>(Access(accounts_, 8080), StaticFiles(), "not built", std::vector<CameraHub*>{&front_, &back_},
                                 std::vector<Ingest*>{&front_pictures_, &back_pictures_});
    add_api(*router_, {dir_, config_, {path, {}}, {&front_, &back_}, {&front_pictures_, &back_pictures_}});
  }

  std::string token(Role role, std::vector<std::string> cameras = {}) {
    return accounts_->add_token("a test", role, std::move(cameras), std::nullopt).value().text;
  }

  static std::string path_of(const Route& route, const std::string& camera) {
    std::string path = route.path;
    for (const auto& [name, value] :
         {std::pair<std::string, std::string>{"{camera}", camera}, {"{id}", "17"}, {"{name}", "anna"}})
      if (const std::size_t at = path.find(name); at != std::string::npos) path.replace(at, name.size(), value);
    return path;
  }

  static RequestHead head_of(const Route& route, const std::string& token, const std::string& camera = "front") {
    RequestHead head;
    head.method = route.method;
    head.target = path_of(route, camera);
    head.host = "localhost:8080";
    if (!token.empty()) head.authorization = "Bearer " + token;
    if (!route.operation.body.empty()) head.content_type = "application/json";
    return head;
  }

  // What is decided before anything is done: 0: the handler may go on.
  int decided(const RequestHead& head) const {
    const Call call = router_->begin(head);
    return call.route != nullptr ? 0 : call.reply.status;
  }

  const test::TempFolder folder_{testing::TempDir()};
  Config config_;
  CameraHub front_{"front", true};
  CameraHub back_{"backyard", true};
  Ingest front_pictures_{dir_, "front", {4, 1}, {}};
  Ingest back_pictures_{dir_, "backyard", {4, 1}, {}};
  std::shared_ptr<Accounts> accounts_;
  std::unique_ptr<Router> router_;
};

TEST_F(Rights, EveryRouteIsForItsRoleAndThoseAbove) {
  const std::vector<Route>& routes = router_->table().routes();
  ASSERT_GT(routes.size(), 30u);
  const std::map<Role, std::string> tokens = {
      {Role::kViewer, token(Role::kViewer)}, {Role::kOperator, token(Role::kOperator)}, {Role::kAdmin, token(Role::kAdmin)}};
  for (const Route& route : routes) {
    const std::string name = route.method + " " + route.path;
    const auto least = least_of(route);
    ASSERT_TRUE(least) << name << ": a new route? Say above who may use it";
    EXPECT_EQ(route.least, *least) << name;
    EXPECT_EQ(decided(head_of(route, "")), *least ? 401 : 0) << name;
    EXPECT_EQ(decided(head_of(route, "vdt_0123456789abcdef_" + std::string(64, '0'))), *least ? 401 : 0) << name;
    for (const auto& [role, text] : tokens)
      EXPECT_EQ(decided(head_of(route, text)), role >= *least ? 0 : 403) << name << " " << role_name(role);
  }
}

TEST_F(Rights, WhoMayNotSeeACameraFindsNothingOfIt) {
  std::size_t looked = 0;
  for (const Role role : {Role::kViewer, Role::kOperator}) {
    const std::string text = token(role, {"front"});
    for (const Route& route : router_->table().routes()) {
      if (route.path.find("{camera}") == std::string::npos) continue;
      const std::string name = route.method + " " + route.path;
      ++looked;
      const RequestHead own = head_of(route, text, "front"), other = head_of(route, text, "backyard");
      EXPECT_EQ(decided(own), role >= *route.least ? 0 : 403) << name;
      EXPECT_EQ(decided(other), 404) << name;
      // It looks as one that isn't there: not even its name is confirmed.
      const Call hidden = router_->begin(other), absent = router_->begin(head_of(route, text, "nowhere"));
      if (!route.past_cameras) {
        ASSERT_TRUE(hidden.reply.body && absent.reply.body) << name;
        EXPECT_EQ(*hidden.reply.body, *absent.reply.body) << name;
      }
    }
  }
  EXPECT_GT(looked, 30u);
}

TEST_F(Rights, AnswersAboutAllCamerasNameThoseAlone) {
  const std::string text = token(Role::kOperator, {"front"});
  std::size_t looked = 0;
  for (const Route& route : router_->table().routes()) {
    const bool reads = route.method == "GET" && route.path.find('{') == std::string::npos;
    if (!reads || !route.least || *route.least == Role::kAdmin) continue;
    ++looked;
    const Reply reply = router_->answer(head_of(route, text));
    EXPECT_TRUE(reply.body == nullptr || reply.body->find("backyard") == std::string::npos) << route.path << ": " << *reply.body;
  }
  EXPECT_GE(looked, 8u);
  const Reply cameras = router_->answer(head_of(*router_->table().find("GET", "/api/cameras").route, text));
  EXPECT_NE(cameras.body->find("\"front\""), std::string::npos);
}

TEST_F(Rights, ListsOfEventsSayNothingOfOtherCameras) {
  auto store = store::Store::open(folder_.file("storage"));
  ASSERT_TRUE(store) << store.error().text;
  for (std::uint64_t id = 1; id <= 50; ++id) {
    store::Event event;
    event.key = {id == 1 ? "front" : "backyard", id};
    event.started_at_ms = static_cast<std::int64_t>(1'795'651'200'000 + id);
    ASSERT_TRUE(store->put(event));
  }
  RequestHead head = head_of(*router_->table().find("GET", "/api/events").route, token(Role::kViewer, {"front"}));
  for (const char* query : {"?limit=1", "?limit=1&before=1795651200040.40.backyard", "?limit=2"}) {
    head.target = std::string("/api/events") + query;
    const Reply reply = router_->answer(head);
    ASSERT_EQ(reply.status, 200) << *reply.body;
    const Json answer = Json::parse(*reply.body);
    ASSERT_EQ(answer["events"].size(), 1u) << query;
    EXPECT_EQ(answer["events"][0]["camera"], "front");
    EXPECT_EQ(reply.body->find("backyard"), std::string::npos) << *reply.body;
  }
}

TEST_F(Rights, AddressesOfCamerasAreForAdmins) {
  for (const auto& [role, is_shown] : {std::pair{Role::kViewer, false}, {Role::kOperator, false}, {Role::kAdmin, true}}) {
    const Reply reply = router_->answer(head_of(*router_->table().find("GET", "/api/cameras").route, token(role)));
    EXPECT_EQ(Json::parse(*reply.body)["cameras"][0]["url"], is_shown ? Json("ingest:") : Json()) << role_name(role);
  }
}

TEST_F(Rights, BodiesOfStrangersAreSmall) {
  RequestHead head = head_of(*router_->table().find("POST", "/api/session").route, "");
  head.content_length = std::to_string(kMaxStrangersJsonBytes);
  EXPECT_EQ(decided(head), 0);
  head.content_length = std::to_string(kMaxStrangersJsonBytes + 1);
  EXPECT_EQ(decided(head), 413);
}

TEST_F(Rights, WhatIsntARouteIsHiddenToo) {
  const Route nowhere{"GET", "/nowhere", Role::kViewer, {}};
  EXPECT_EQ(decided(head_of(nowhere, "")), 401);
  EXPECT_EQ(decided(head_of(nowhere, token(Role::kViewer))), 404);
}

}  // namespace
}  // namespace vedette::gateway
