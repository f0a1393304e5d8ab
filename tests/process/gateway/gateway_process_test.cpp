// The whole gateway against a real bus: what a viewer gets, what it costs while nobody watches, and what the other processes'
// deaths look like from here.
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <cstring>

#include "process/gateway/gateway_fixture.h"
#include "vision/jpeg.h"

namespace vedette::test {
namespace {

double mean_luma(const std::string& jpeg) {
  vision::JpegDecoder decoder;
  vision::Image image;
  const auto decoded = decoder.decode(std::as_bytes(std::span(jpeg)), image);
  if (!decoded) return -1.0;
  const vision::ImageView view = image.view();
  if (view.width != kWidth || view.height != kHeight) return -2.0;
  double sum = 0;
  for (std::uint32_t y = 0; y < kHeight; ++y)
    for (std::uint32_t x = 0; x < kWidth; ++x) sum += view.row(0, y)[x];
  return sum / (kWidth * kHeight);
}

TEST_F(GatewayTest, PicturesAndBoxesOfEveryFrame) {
  start();
  Stages stages(bus_dir());
  WebSocket viewer = WebSocket::open(port_, "/ws/front");
  EXPECT_EQ(wait_type(viewer, "hello")["camera"], "front");
  ASSERT_TRUE(eventually([&] { return stages.frames.demand().pixels; }));
  for (int i = 0; i < 30; ++i) {
    const std::uint64_t id = stages.publish_frame();
    stages.publish_detections(id, 2);
    bool picture = false, boxes = false;
    while (!picture || !boxes) {
      const auto message = viewer.receive();
      ASSERT_TRUE(message);
      if (const auto shown = split(*message)) {
        ASSERT_EQ(shown->header["frame_id"], id);
        EXPECT_EQ(shown->header["width"], kWidth);
        EXPECT_GE(shown->header["age_ms"], 0.0);
        EXPECT_NEAR(mean_luma(shown->jpeg), luma_of(id), 2.0);
        picture = true;
        continue;
      }
      const Json json = Json::parse(message->payload);
      if (json["type"] != "detections") continue;
      ASSERT_EQ(json["frame_id"], id);
      ASSERT_EQ(json["boxes"].size(), 2u);
      EXPECT_EQ(json["boxes"][0], Json::parse(R"({"x":0.25,"y":0.5,"width":0.125,"height":0.25,"score":0.75,"class":"car"})"));
      boxes = true;
    }
  }
  const Json state =
      wait_text(viewer, [](const Json& json) { return json["type"] == "state" && json["latency_ms"]["p50"].is_number(); });
  EXPECT_LE(state["latency_ms"]["p50"], state["latency_ms"]["p99"]);
  EXPECT_EQ(metric("pictures_encoded_total"), 30u);
}

// No new detections come while nothing moves: each viewer gets the last ones.
TEST_F(GatewayTest, WhoComesToAStillPictureGetsItsBoxes) {
  Stages stages(bus_dir());
  const std::uint64_t seen = stages.publish_frame();
  stages.publish_detections(seen, 3);
  start();
  std::vector<WebSocket> viewers;
  for (int i = 0; i < 3; ++i) {
    viewers.push_back(WebSocket::open(port_, "/ws/front"));
    bool still = false, boxes = false;
    while (!still || !boxes) {
      stages.beat();
      stages.publish_state(Mode::Standby, 0, true);
      const auto message = viewers.back().receive();
      ASSERT_TRUE(message);
      if (split(*message)) continue;
      const Json json = Json::parse(message->payload);
      if (json["type"] == "state") still = json["still"] == true;
      if (json["type"] != "detections") continue;
      EXPECT_EQ(json["frame_id"], seen);
      EXPECT_EQ(json["boxes"].size(), 3u);
      boxes = true;
    }
  }
  // It moves again: what is known of the last detections isn't so any more.
  EXPECT_FALSE(wait_text(viewers[0], [&](const Json& json) {
                 stages.beat();
                 stages.publish_state(Mode::Standby, 0, false);
                 return json["type"] == "state" && json["still"] == false;
               }).is_null());
  WebSocket late = WebSocket::open(port_, "/ws/front");
  for (int i = 0; i < 4; ++i) EXPECT_NE(wait_text(late, [&](const Json&) { return stages.beat(), true; })["type"], "detections");
}

TEST_F(GatewayTest, NobodyWatchesNothingIsEncodedOrAskedFor) {
  start();
  Stages stages(bus_dir());
  ASSERT_TRUE(eventually([&] { return stage_status(ready()["cameras"][0], "capture") == "ok"; }));
  for (int i = 0; i < 10; ++i) {
    stages.publish_frame();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  EXPECT_FALSE(stages.frames.demand().any());
  EXPECT_EQ(metric("pictures_encoded_total"), 0u);
  {
    WebSocket viewer = WebSocket::open(port_, "/ws/front");
    ASSERT_TRUE(eventually([&] { return stages.frames.demand() == bus::Demand::pixels_at(30.0f); }));
    const std::uint64_t id = stages.publish_frame();
    EXPECT_EQ(wait_picture(viewer).value().header["frame_id"], id) << "not one from before";
    EXPECT_EQ(metric("viewers"), 1u);
  }
  EXPECT_TRUE(eventually([&] { return !stages.frames.demand().any(); }));
  EXPECT_EQ(metric("viewers"), 0u);
  const std::uint64_t encoded = metric("pictures_encoded_total");
  for (int i = 0; i < 10; ++i) stages.publish_frame();
  ASSERT_TRUE(eventually([&] { return stages.beat(), ready()["ready"] == true; }));
  EXPECT_EQ(metric("pictures_encoded_total"), encoded);
}

TEST_F(GatewayTest, TwoViewersShareOnePicture) {
  start();
  Stages stages(bus_dir());
  WebSocket first = WebSocket::open(port_, "/ws/front");
  WebSocket second = WebSocket::open(port_, "/ws/front");
  ASSERT_TRUE(eventually([&] { return metric("viewers") == 2 && stages.frames.demand().pixels; }));
  const std::uint64_t id = stages.publish_frame();
  const auto one = wait_picture(first), other = wait_picture(second);
  ASSERT_TRUE(one && other);
  EXPECT_EQ(one->header["frame_id"], id);
  EXPECT_EQ(one->jpeg, other->jpeg);
  EXPECT_EQ(metric("pictures_encoded_total"), 1u);
  EXPECT_TRUE(eventually([&] { return metric("pictures_sent_total") == 2; }));
}

// Capture's word on its connection, as it publishes it.
void publish_source(bus::RingWriter& writer, schema::SourceStatus status, std::uint64_t picture_at_ns, const char* error) {
  auto loan = writer.loan();
  ASSERT_TRUE(loan);
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(
      schema::CreateSourceDirect(builder, status, monotonic_ns(), monotonic_ns(), picture_at_ns, "mjpeg 640x480", error));
  std::memcpy(loan->bytes().data(), builder.GetBufferPointer(), builder.GetSize());
  writer.publish(std::move(*loan), writer.next_frame_id(), builder.GetSize());
  writer.beat();
}

TEST_F(GatewayTest, InputsAreAsCaptureSays) {
  start();
  Stages stages(bus_dir());
  auto source = bus::RingWriter::open(bus_dir(), {"front", "source"},
                                      {.schema_id = kSourceSchema, .slot_bytes = kMaxRecordBytes, .readers = 4});
  ASSERT_TRUE(source.ok()) << source.error().text;
  const auto becomes = [&](schema::SourceStatus status, std::uint64_t picture_at_ns, const char* error,
                           const std::string& expected) {
    return eventually([&] {
      stages.beat();
      publish_source(*source, status, picture_at_ns, error);
      return ready()["cameras"][0]["inputs"][0]["status"] == expected;
    });
  };
  EXPECT_EQ(ready()["cameras"][0]["inputs"][0]["status"], "missing");
  EXPECT_TRUE(becomes(schema::SourceStatus::Opening, 0, "", "opening"));
  EXPECT_EQ(http_get(port_, "/readyz").status, 503);
  EXPECT_TRUE(becomes(schema::SourceStatus::Open, monotonic_ns(), "", "ok"));
  EXPECT_TRUE(eventually([&] { return stages.beat(), ready()["ready"] == true; }));
  EXPECT_EQ(ready()["cameras"][0]["inputs"][0]["about"], "mjpeg 640x480");
  EXPECT_TRUE(becomes(schema::SourceStatus::Failed, monotonic_ns(), "can't open it: Connection refused", "reopening"));
  EXPECT_EQ(ready()["cameras"][0]["inputs"][0]["error"], "can't open it: Connection refused");
  EXPECT_EQ(http_get(port_, "/readyz").status, 503);
  WebSocket viewer = WebSocket::open(port_, "/ws/front");
  EXPECT_EQ(wait_type(viewer, "state")["inputs"][0]["status"], "reopening");
}

TEST_F(GatewayTest, HealthFollowsTheTopics) {
  start();
  WebSocket viewer = WebSocket::open(port_, "/ws/front");
  const auto viewer_sees = [&](const std::string& status, const std::function<void()>& meanwhile = {}) {
    wait_text(viewer, [&](const Json& json) {
      if (meanwhile) meanwhile();
      if (json["type"] != "state") return false;
      for (const char* stage : {"capture", "detect", "control"})
        if (stage_status(json, stage) != status) return false;
      return true;
    });
  };
  viewer_sees("missing");
  EXPECT_EQ(http_get(port_, "/readyz").status, 503);
  EXPECT_TRUE(ready()["cameras"][0]["stages"][0]["age_ms"].is_null());
  auto stages = std::make_unique<Stages>(bus_dir());
  viewer_sees("ok", [&] { stages->beat(); });
  stages->publish_state(Mode::Tracking, 3);
  const Json state = wait_text(viewer, [&](const Json& json) {
    stages->beat();
    return json["type"] == "state" && json["mode"] == "tracking";
  });
  EXPECT_EQ(state["targets"], 3);
  EXPECT_TRUE(state["mode_since_ms"].is_number_unsigned());
  viewer_sees("stale");
  EXPECT_EQ(http_get(port_, "/readyz").status, 503);
  EXPECT_TRUE(wait_type(viewer, "state")["mode"].is_null()) << "what a dead control said is not what is";
  stages->remove();
  stages.reset();
  viewer_sees("missing");
  stages = std::make_unique<Stages>(bus_dir());
  viewer_sees("ok", [&] { stages->beat(); });
  EXPECT_TRUE(eventually([&] { return stages->beat(), http_get(port_, "/readyz").status == 200; }));
  EXPECT_TRUE(eventually([&] { return stages->frames.demand().pixels; })) << "asked again in the new topic";
  const std::uint64_t id = stages->publish_frame();
  EXPECT_EQ(wait_picture(viewer).value().header["frame_id"], id);
}

// All stages in a process of their own, 30 times a second, until killed.
pid_t fork_stages(const std::string& bus_dir) {
  const pid_t pid = ::fork();
  if (pid != 0) return pid;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const auto dir = bus::BusDir::open(bus_dir);
  if (!dir) ::_exit(1);
  Stages stages(*dir);
  for (;;) {
    stages.publish_detections(stages.publish_frame(), 1);
    stages.beat();
    std::this_thread::sleep_for(std::chrono::milliseconds(33));
  }
}

TEST_F(GatewayTest, ViewerStaysWhileStagesAreKilledAndComeBack) {
  start();
  WebSocket viewer = WebSocket::open(port_, "/ws/front");
  std::uint64_t last = 0;
  for (int round = 0; round < 3; ++round) {
    const pid_t stages = fork_stages((folder_ / "bus").string());
    for (int i = 0; i < 10; ++i) {
      const auto shown = wait_picture(viewer);
      ASSERT_TRUE(shown);
      EXPECT_GT(shown->header["frame_id"], last) << "ids go on in a topic that was taken over";
      last = shown->header["frame_id"];
      EXPECT_NEAR(mean_luma(shown->jpeg), luma_of(last), 2.0);
    }
    ::kill(stages, SIGKILL);
    ::waitpid(stages, nullptr, 0);
    wait_text(viewer, [](const Json& json) { return json["type"] == "state" && stage_status(json, "capture") == "stale"; });
  }
}

TEST_F(GatewayTest, KilledGatewayComesBackOnItsPort) {
  start();
  Stages stages(bus_dir());
  WebSocket viewer = WebSocket::open(port_, "/ws/front");
  ASSERT_TRUE(eventually([&] { return stages.frames.demand().pixels; }));
  gateway_->signal(SIGKILL);
  gateway_->wait_exit();
  EXPECT_TRUE(eventually([&] { return stages.frames.beat(), !stages.frames.demand().any(); })) << "the dead ask for nothing";
  configure("  fps: 10\n");
  const std::string port = std::to_string(port_);
  gateway_ = std::make_unique<GatewayProgram>((folder_ / "vedette.yaml").string(),
                                              std::vector<std::string>{"--set", "gateway.port=" + port});
  ASSERT_EQ(gateway_->wait_for_port(), port_) << gateway_->log();
  viewer = WebSocket::open(port_, "/ws/front");
  ASSERT_EQ(viewer.answer().status, 101);
  ASSERT_TRUE(eventually([&] { return stages.frames.demand() == bus::Demand::pixels_at(10.0f); }));
  const std::uint64_t id = stages.publish_frame();
  EXPECT_EQ(wait_picture(viewer).value().header["frame_id"], id);
}

TEST_F(GatewayTest, EventsOfBeforeAndAsTheyHappen) {
  Stages stages(bus_dir());
  for (std::uint64_t id = 1; id <= 30; ++id) stages.publish_event(id, schema::EventKind::Alarm, "person " + std::to_string(id));
  start();
  ASSERT_TRUE(eventually([&] { return stages.beat(), ready()["ready"] == true; }));
  WebSocket viewer = WebSocket::open(port_, "/ws/front");
  for (std::uint64_t id = 11; id <= 30; ++id) {
    const Json event = wait_type(viewer, "event");
    EXPECT_EQ(event["id"], id);
    EXPECT_EQ(event["kind"], "alarm");
  }
  stages.publish_event(31, schema::EventKind::DetectorLost, "no detections");
  const Json event = wait_type(viewer, "event");
  EXPECT_EQ(event["id"], 31);
  EXPECT_EQ(event["kind"], "detector_lost");
  EXPECT_EQ(event["text"], "no detections");
}

TEST_F(GatewayTest, BadRecordsAreCountedAndSkipped) {
  start();
  Stages stages(bus_dir());
  WebSocket viewer = WebSocket::open(port_, "/ws/front");
  ASSERT_TRUE(eventually([&] { return stages.frames.demand().pixels; }));
  std::uint64_t bad = 0;
  for (bus::RingWriter* writer : {&stages.frames, &stages.detections, &stages.state, &stages.events})
    for (const std::size_t bytes : {std::size_t{1}, std::size_t{200}, std::size_t{4000}}) {
      auto loan = writer->loan();
      ASSERT_TRUE(loan);
      std::memset(loan->bytes().data(), 0xff, bytes);
      writer->publish(std::move(*loan), writer->next_frame_id(), bytes);
      ++bad;
      EXPECT_TRUE(eventually([&] { return metric("bad_records_total") == bad; })) << bytes << " bytes";
    }
  const std::uint64_t id = stages.publish_frame();
  EXPECT_EQ(wait_picture(viewer).value().header["frame_id"], id);
}

TEST_F(GatewayTest, TokenOpensEveryDoorAndIsNeverLogged) {
  configure("  token: \"s3cret-token;\"\n");
  start();
  const std::string name = "vedette_" + std::to_string(port_);
  const HttpAnswer first = http_get(port_, "/?token=s3cret-token%3B");
  EXPECT_EQ(first.body, "<!doctype html><title>page</title>");
  EXPECT_EQ(first.headers.at("content-type"), "text/html; charset=utf-8");
  const std::string set_cookie = first.headers.at("set-cookie");
  EXPECT_TRUE(set_cookie.starts_with(name + "=") && set_cookie.ends_with("; HttpOnly; SameSite=Strict")) << set_cookie;
  EXPECT_EQ(set_cookie.find("s3cret"), std::string::npos) << "the token itself isn't kept by browsers";
  struct Case {
    const char* what;
    std::string query, header;
    bool good;
  };
  for (const auto& [what, query, header, good] :
       std::vector<Case>{{"nothing", "", "", false},
                         {"query", "?token=s3cret-token%3B", "", true},
                         {"wrong query", "?token=s3cret-token", "", false},
                         {"bearer", "", "Authorization: Bearer s3cret-token;\r\n", true},
                         {"wrong bearer", "", "Authorization: Bearer x\r\n", false},
                         {"cookie", "", "Cookie: a=b; " + set_cookie.substr(0, set_cookie.find(';')) + "\r\n", true},
                         {"wrong cookie", "", "Cookie: " + name + "=x\r\n", false}}) {
    for (const char* path : {"/readyz", "/api/cameras", "/metrics", "/nothing"}) {
      const int status = http_get(port_, path + query, header).status;
      EXPECT_EQ(status != 401, good) << what << " " << path << " " << status;
    }
    for (const char* path : {"/", "/healthz"})
      EXPECT_EQ(http_get(port_, path + query, header).status, 200) << what << " " << path;
    EXPECT_EQ(WebSocket::open(port_, "/ws/front" + query, header).answer().status, good ? 101 : 401) << what;
  }
  EXPECT_EQ(http_get(port_, "/?token=s3cret-token%3B", "If-None-Match: " + first.headers.at("etag") + "\r\n").status, 304);
  gateway_->signal(SIGTERM);
  gateway_->wait_exit();
  EXPECT_EQ(gateway_->log().find("s3cret"), std::string::npos) << gateway_->log();
}

TEST_F(GatewayTest, SaysWhyItCannotStart) {
  start();
  const auto sentence_of = [&](const std::string& set) {
    GatewayProgram refused((folder_ / "vedette.yaml").string(), {"--set", set});
    const int status = refused.wait_exit();
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) != 0) << set;
    EXPECT_EQ(std::count(refused.log().begin(), refused.log().end(), '\n'), 1) << refused.log();
    return refused.log();
  };
  const std::string port = std::to_string(port_);
  EXPECT_NE(
      sentence_of("gateway.port=" + port).find("cannot listen on 127.0.0.1:" + port + ": another program uses port " + port),
      std::string::npos);
  EXPECT_NE(sentence_of("gateway.listen=nonsense").find("nonsense"), std::string::npos);
  EXPECT_NE(sentence_of("gateway.listen=0.0.0.0").find("token"), std::string::npos);
  EXPECT_NE(sentence_of("gateway.web_root=/nonexistent").find("/nonexistent"), std::string::npos);
  EXPECT_NE(sentence_of("bus.dir=/proc/self").find("/proc/self"), std::string::npos);
}

TEST_F(GatewayTest, EndsOnSigterm) {
  start();
  Stages stages(bus_dir());
  WebSocket viewer = WebSocket::open(port_, "/ws/front");
  const WebSocket silent = WebSocket::open(port_, "/ws/front");
  const Connection half = Connection::open(port_);
  ASSERT_TRUE(viewer.receive());
  gateway_->signal(SIGTERM);
  while (viewer.receive()) {
  }
  EXPECT_EQ(viewer.close_code(), 1001);
  const int status = gateway_->wait_exit();
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

}  // namespace
}  // namespace vedette::test
