#include "gateway/router.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/clock.h"

namespace vedette::gateway {
namespace {

using Json = nlohmann::json;

class RouterTest : public ::testing::Test {
 protected:
  Reply get(const std::string& target, const std::string& method = "GET", bool websocket = false) const {
    RequestHead head;
    head.method = method;
    head.target = target;
    head.host = "localhost:8080";
    head.websocket = websocket;
    return router_.answer(head);
  }
  static std::string header(const Reply& reply, std::string_view name) {
    for (const auto& [key, value] : reply.headers)
      if (key == name) return value;
    return {};
  }

  CameraHub front_{"front", true};
  CameraHub back_{"back", false};
  Router router_{Access("", 8080), StaticFiles(), "the page isn't built", {&front_, &back_}};
};

TEST_F(RouterTest, CamerasInTheirOrder) {
  const Reply reply = get("/api/cameras");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(Json::parse(*reply.body), Json::parse(R"({"cameras":[{"name":"front"},{"name":"back"}]})"));
  EXPECT_EQ(header(reply, "Cache-Control"), "no-store");
}

TEST_F(RouterTest, ReadyOnlyWhenEveryStageIs) {
  EXPECT_EQ(get("/healthz").status, 200);
  EXPECT_EQ(get("/readyz").status, 503);
  const std::uint64_t now = monotonic_ns();
  front_.set_beats({now, now, now});
  back_.set_beats({now, std::nullopt, now});
  const Reply reply = get("/readyz");
  EXPECT_EQ(reply.status, 200);
  const Json json = Json::parse(*reply.body);
  EXPECT_EQ(json["ready"], true);
  EXPECT_EQ(json["cameras"][0]["stages"].size(), 3u);
  EXPECT_EQ(json["cameras"][1]["stages"].size(), 2u);
  front_.set_beats({now, now - 60'000'000'000, now});
  EXPECT_EQ(get("/readyz").status, 503);
  EXPECT_EQ(Json::parse(*get("/readyz").body)["cameras"][0]["stages"][1]["status"], "stale");
}

TEST_F(RouterTest, WatchesOnlyConfiguredCameras) {
  EXPECT_EQ(get("/ws/front", "GET", true).watch, &front_);
  EXPECT_EQ(get("/ws/back?x=1", "GET", true).watch, &back_);
  EXPECT_EQ(get("/ws/side", "GET", true).status, 404);
  EXPECT_EQ(get("/ws/", "GET", true).status, 404);
  EXPECT_EQ(get("/ws/front").status, 426);
  EXPECT_EQ(get("/ws/front").watch, nullptr);
}

TEST_F(RouterTest, EverythingElseIsAnErrorInJson) {
  for (const auto& [target, status] :
       {std::pair{"/nothing", 404}, {"/", 404}, {"/../etc/passwd", 400}, {"nonsense", 400}, {"", 400}}) {
    const Reply reply = get(target);
    EXPECT_EQ(reply.status, status) << target;
    EXPECT_TRUE(Json::parse(*reply.body)["error"].is_string()) << target;
  }
  for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "get", ""}) {
    EXPECT_EQ(get("/", method).status, 405) << method;
    EXPECT_EQ(header(get("/", method), "Allow"), "GET, HEAD");
  }
  EXPECT_NE(get("/").body->find("isn't built"), std::string::npos);
}

TEST_F(RouterTest, HeadersKeepThePageToItself) {
  for (const char* target : {"/", "/healthz", "/nothing"}) {
    const Reply reply = get(target);
    EXPECT_EQ(header(reply, "Content-Security-Policy"),
              "default-src 'self'; img-src 'self' blob: data:; connect-src 'self' ws://localhost:8080 wss://localhost:8080; "
              "object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'");
    EXPECT_EQ(header(reply, "X-Content-Type-Options"), "nosniff");
    EXPECT_EQ(header(reply, "Referrer-Policy"), "no-referrer");
  }
}

TEST_F(RouterTest, CountersAreThere) {
  const Reply reply = get("/metrics");
  EXPECT_NE(reply.body->find("vedette_gateway_viewers{camera=\"front\"} 0\n"), std::string::npos) << *reply.body;
  EXPECT_NE(reply.body->find("vedette_gateway_pictures_encoded_total{camera=\"back\"} 0\n"), std::string::npos);
}

}  // namespace
}  // namespace vedette::gateway
