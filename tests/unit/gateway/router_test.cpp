#include "gateway/router.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "gateway/api/camera_api.h"
#include "gateway/api/metrics.h"
#include "model_file/sha256.h"
#include "support/bus_fixture.h"
#include "support/program.h"

namespace vedette::gateway {
namespace {

using Json = nlohmann::json;

class RouterTest : public test::BusFixture {
 protected:
  RouterTest() {
    add_camera_routes(router_.table(), {&dir_, {&front_, &back_}, {{"front", {"rtsp://front/1", 90, "vertical"}}}});
    add_metrics_route(router_.table(), {&front_, &back_}, {}, router_.stats(), &dir_);
  }
  Reply get(const std::string& target, const std::string& method = "GET", bool websocket = false) {
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
  ASSERT_EQ(reply.status, 200);
  const Json cameras = Json::parse(*reply.body)["cameras"];
  ASSERT_EQ(cameras.size(), 2u);
  EXPECT_EQ(cameras[0]["name"], "front");
  EXPECT_EQ(cameras[0]["url"], "rtsp://front/1");
  EXPECT_EQ(cameras[0]["rotate"], 90);
  EXPECT_EQ(cameras[0]["flip"], "vertical");
  EXPECT_EQ(cameras[0]["mode"], nullptr);
  EXPECT_EQ(cameras[0]["has_detect"], true);
  EXPECT_EQ(cameras[0]["size"], nullptr);
  EXPECT_EQ(cameras[1]["name"], "back");
  EXPECT_EQ(cameras[1]["flip"], "none");
  EXPECT_EQ(cameras[1]["stages"].size(), 2u);
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

class PushTest : public test::BusFixture {
 protected:
  Reply push(const std::string& target, RequestHead head) {
    head.target = target;
    head.host = "localhost:8080";
    return router_.answer(head);
  }
  static RequestHead post(const std::string& type, const std::string& length) {
    RequestHead head;
    head.method = "POST";
    head.content_type = type;
    head.content_length = length;
    return head;
  }
  static RequestHead websocket() {
    RequestHead head;
    head.method = "GET";
    head.websocket = true;
    return head;
  }

  Ingest phone_{dir_, "phone", {}};
  CameraHub camera_{"phone", true};
  CameraHub other_{"front", true};
  Router router_{Access("", 8080), StaticFiles(), "", {&camera_, &other_}, {&phone_}};
};

TEST_F(PushTest, PicturesAreToldByTheirHeads) {
  const Reply jpeg = push("/ingest/phone?captured_at=1700000000123", post("image/JPEG; q=1", "1000"));
  EXPECT_EQ(jpeg.push, &phone_);
  EXPECT_EQ(jpeg.pushed.picture.codec, Codec::MJPEG);
  EXPECT_EQ(jpeg.pushed.body_bytes, 1000u);
  EXPECT_EQ(jpeg.pushed.picture.captured_unix_ms, 1'700'000'000'123u);
  const Reply raw = push("/ingest/phone?width=64&height=48&format=nv12", post("application/octet-stream", "4608"));
  EXPECT_EQ(raw.push, &phone_);
  EXPECT_EQ(raw.pushed.picture.codec, Codec::RAW);
  EXPECT_EQ(raw.pushed.picture.format, PixelFormat::NV12);
  EXPECT_EQ(raw.pushed.picture.width, 64u);
  EXPECT_EQ(raw.pushed.picture.height, 48u);
  EXPECT_EQ(push("/ingest/phone", websocket()).push, &phone_);
  RequestHead timed = post("image/jpeg", "1");
  timed.captured_at = "5";
  EXPECT_EQ(push("/ingest/phone", timed).pushed.picture.captured_unix_ms, 5u);
}

TEST_F(PushTest, WhatIsWrongIsSaidBeforeABodyIsRead) {
  const std::string raw = "application/octet-stream";
  RequestHead wrong_time = post("image/jpeg", "10");
  wrong_time.captured_at = "yesterday";
  RequestHead foreign = post("image/jpeg", "10");
  foreign.origin = "http://evil.example";
  RequestHead foreign_socket = websocket();
  foreign_socket.origin = "http://evil.example";
  RequestHead plain_get;
  plain_get.method = "GET";
  const struct {
    std::string target;
    RequestHead head;
    int status;
    std::string says;
  } cases[] = {
      {"/ingest/nobody", post("image/jpeg", "10"), 404, "no such camera"},
      {"/ingest/front", post("image/jpeg", "10"), 404, "expected its url to be"},
      {"/ingest/front", websocket(), 404, "expected its url to be"},
      {"/ingest/phone", post("text/plain", "10"), 415, "expected image/jpeg"},
      {"/ingest/phone", post("", "10"), 415, "expected image/jpeg"},
      {"/ingest/phone", post("image/jpeg", ""), 411, "Content-Length"},
      {"/ingest/phone", post("image/jpeg", "67108865"), 413, "expected at most 67108864"},
      {"/ingest/phone", post("image/jpeg", "-5"), 400, "no number"},
      {"/ingest/phone", wrong_time, 400, "milliseconds"},
      {"/ingest/phone", post(raw, "10"), 400, "?width=&height=&format="},
      {"/ingest/phone?width=0&height=5&format=i420", post(raw, "10"), 400, "1 to 16384"},
      {"/ingest/phone?width=5&height=5&format=h264", post(raw, "10"), 400, "gray8"},
      {"/ingest/phone?width=5&height=3&format=gray8", post(raw, "16"), 422, "expected 15"},
      {"/ingest/phone", foreign, 403, "another site"},
      {"/ingest/phone", foreign_socket, 403, "another site"},
      {"/ingest/phone", plain_get, 405, "POST a picture"},
  };
  for (const auto& [target, head, status, says] : cases) {
    const Reply reply = push(target, head);
    EXPECT_EQ(reply.push, nullptr);
    EXPECT_EQ(reply.status, status) << target << " " << head.content_type;
    ASSERT_TRUE(reply.body);
    EXPECT_NE(Json::parse(*reply.body)["detail"].get<std::string>().find(says), std::string::npos) << *reply.body;
  }
}

TEST_F(RouterTest, EverythingElseIsAProblem) {
  for (const auto& [target, status] :
       {std::pair{"/nothing", 404}, {"/", 404}, {"/../etc/passwd", 400}, {"nonsense", 400}, {"", 400}}) {
    const Reply reply = get(target);
    EXPECT_EQ(reply.status, status) << target;
    const Json problem = Json::parse(*reply.body);
    EXPECT_EQ(reply.content_type, "application/problem+json");
    EXPECT_EQ(problem["status"], status) << target;
    EXPECT_EQ(problem["type"], "about:blank");
    EXPECT_EQ(problem["title"], status == 404 ? "Not Found" : "Bad Request");
    EXPECT_TRUE(problem["detail"].is_string()) << target;
  }
  for (const char* method : {"POST", "PUT", "DELETE", "get", ""}) {
    EXPECT_EQ(get("/", method).status, 405) << method;
    EXPECT_EQ(header(get("/", method), "Allow"), "GET, HEAD, OPTIONS");
    EXPECT_EQ(get("/nothing", method).status, 404) << method;
  }
  EXPECT_EQ(get("/api/cameras/front/mode", "POST").status, 405);
  EXPECT_EQ(header(get("/api/cameras/front/mode", "POST"), "Allow"), "OPTIONS, PUT");
  EXPECT_EQ(header(get("/ingest/front", "DELETE"), "Allow"), "GET, HEAD, OPTIONS, POST");
  EXPECT_NE(get("/").body->find("isn't built"), std::string::npos);
}

TEST_F(RouterTest, OptionsSaysWhatThereIs) {
  for (const auto& [target, methods] : {std::pair{"/", "GET, HEAD, OPTIONS"},
                                        {"/api/cameras", "GET, HEAD, OPTIONS"},
                                        {"/api/cameras/front/pause", "OPTIONS, POST"}}) {
    const Reply reply = get(target, "OPTIONS");
    EXPECT_EQ(reply.status, 204) << target;
    EXPECT_EQ(header(reply, "Allow"), methods);
  }
  EXPECT_EQ(get("/nothing", "OPTIONS").status, 404);
}

TEST_F(RouterTest, CommandsSayWhatIsWrongWithThem) {
  const auto ask = [&](const char* method, const std::string& target, const std::string& body,
                       const std::string& type = "application/json") {
    RequestHead head;
    head.method = method, head.target = target, head.host = "localhost:8080", head.content_type = type;
    return router_.answer(head, body);
  };
  const std::string mode = "/api/cameras/front/mode";
  const struct {
    std::string target, body, type;
    int status;
    std::string says;
  } cases[] = {
      {mode, R"({"mode":"auto"})", "text/plain", 415, "expected application/json"},
      {mode, R"({"mode":"auto"})", "", 415, "no Content-Type"},
      {mode, R"({"mode":)", "application/json", 400, "not valid JSON"},
      {mode, "", "application/json", 400, "not valid JSON"},
      {mode, std::string(100, '['), "application/json", 400, "levels"},
      {mode, "[1]", "application/json; charset=utf-8", 422, "no JSON object"},
      {mode, "{}", "application/json", 422, "/mode: missing"},
      {mode, R"({"mode":"fast"})", "application/json", 422, "expected one of auto, standby, validation, tracking"},
      {mode, R"({"mode":7,"speed":1})", "application/json", 422, "unknown member \"speed\""},
      {mode + "?now=1", R"({"mode":"auto"})", "application/json", 400, "unknown query key \"now\""},
      {"/api/cameras/side/mode", R"({"mode":"auto"})", "application/json", 404, "no such camera"},
      {mode, R"({"mode":"auto"})", "application/json", 503, "nothing answers"},
  };
  for (const auto& [target, body, type, status, says] : cases) {
    const Reply reply = ask("PUT", target, body, type);
    EXPECT_EQ(reply.status, status) << body;
    EXPECT_EQ(reply.content_type, "application/problem+json");
    EXPECT_NE(Json::parse(*reply.body)["detail"].get<std::string>().find(says), std::string::npos) << *reply.body;
  }
  const Json errors = Json::parse(*ask("PUT", mode, R"({"mode":7,"sp/e~ed":1})").body)["errors"];
  ASSERT_EQ(errors.size(), 2u);
  EXPECT_EQ(errors[0]["pointer"], "/mode");
  EXPECT_EQ(errors[1]["pointer"], "/sp~1e~0ed");
}

TEST_F(RouterTest, HeadersKeepThePageToItself) {
  for (const char* target : {"/", "/healthz", "/nothing"}) {
    const Reply reply = get(target);
    EXPECT_EQ(header(reply, "Content-Security-Policy"),
              "default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; "
              "connect-src 'self' ws://localhost:8080 wss://localhost:8080; "
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

// What the page knows of the model that looks for objects.
TEST_F(RouterTest, SaysWhatTheModelsCardSays) {
  EXPECT_EQ(*get("/api/model").body, R"({"model":null})");  // nobody detects

  const test::TempFolder folder(std::filesystem::temp_directory_path());
  const std::string file = folder.write("m.onnx", "the weights");
  ModelInfo model(file);
  const Router router{Access("", 8080), StaticFiles(), "", {&front_}, {}, &model};
  const auto ask = [&](const std::string& until) {  // "checking" is over when it is over
    Json json;
    test::wait_until([&] {
      RequestHead head;
      head.method = "GET", head.target = "/api/model", head.host = "localhost:8080";
      json = Json::parse(*router.answer(head).body)["model"];
      return json["card"] == until;
    });
    return json;
  };
  EXPECT_EQ(ask("none"), Json::parse(R"({"file":"m.onnx","bytes":11,"card":"none","problem":null})"));

  model_file::Card card;
  card.file = "m.onnx", card.family = "nanodet", card.sha256 = model_file::sha256_of(file).value();
  card.accuracy = {"coco_val32", 32, 0.25, 0.4, 0.26, 0.24};
  ASSERT_TRUE(model_file::write_card(model_file::card_path(file), card).ok());
  const Json fresh = ask("fresh");
  EXPECT_EQ(fresh["family"], "nanodet");
  EXPECT_EQ(fresh["accuracy"]["ap"], 0.25);
  EXPECT_EQ(fresh["latency"], nullptr);
  EXPECT_EQ(fresh["problem"], nullptr);

  folder.write("m.onnx", "other weights");
  const Json stale = ask("stale");
  EXPECT_NE(stale["problem"].get<std::string>().find("is stale"), std::string::npos);
  EXPECT_FALSE(stale.contains("accuracy"));

  folder.write("m.onnx.card.json", "{}");
  EXPECT_EQ(ask("unreadable")["bytes"], 13);
  std::filesystem::remove(file);
  EXPECT_NE(ask("unreadable")["problem"], nullptr);
}

}  // namespace
}  // namespace vedette::gateway
