// Pictures pushed to the real gateway: over HTTP and WebSocket, as curl and an ESP32 do it, and as nobody should.
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>

#include "base/clock.h"
#include "bus/log.h"
#include "process/gateway/gateway_fixture.h"
#include "schema/packet.h"
#include "vision/jpeg.h"

namespace vedette::test {
namespace {

std::string jpeg(std::uint32_t width, std::uint32_t height) {
  vision::Image image;
  image.reshape(PixelFormat::I420, width, height);
  vision::JpegEncoder encoder;
  const auto file = encoder.encode(image.view(), 80);
  return file.ok() ? std::string(reinterpret_cast<const char*>(file->data()), file->size()) : "";
}

class IngestProcess : public GatewayTest {
 protected:
  void SetUp() override {
    GatewayTest::SetUp();
    camera("ingest:");
  }
  void camera(const std::string& url, const std::string& gateway = "", const std::string& keys = "") {
    std::ofstream(folder_ / "vedette.yaml") << "cameras:\n  front:\n    url: '" << url << "'\n"
                                            << keys << "  side:\n    url: clip.mp4\nbus:\n  dir: " << (folder_ / "bus").string()
                                            << "\ngateway:\n  port: 0\n  web_root: " << (folder_ / "web").string() << "\n"
                                            << gateway;
  }
  bus::LogSubscriber reader() const {
    return {bus_dir(), {"front", "ingest"}, kPacketsSchema, bus::Demand{.packets = true}, bus::LogFrom::kOldestKeyframe};
  }
  // The next picture that reached the bus.
  std::optional<PacketView> next(bus::LogSubscriber& topic) {
    if (!eventually([&] { return topic.take_next(record_).status == bus::LogTake::kTaken; })) return std::nullopt;
    auto view = packet_view(record_);
    EXPECT_TRUE(view.ok()) << view.error().text;
    return view.ok() ? std::optional(*view) : std::nullopt;
  }
  static std::string post(const std::string& target, const std::string& body, const std::string& headers = "") {
    return "POST " + target + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
           (headers.empty() ? "Content-Type: image/jpeg\r\n" : headers) + "\r\n" + body;
  }
  std::vector<std::byte> record_;
};

TEST_F(IngestProcess, APostedJpegReachesTheBusAndIsAnsweredWithItsId) {
  start();
  bus::LogSubscriber topic = reader();
  const std::string file = jpeg(320, 240);
  Connection connection = Connection::open(port_);
  for (int i = 0; i < 3; ++i) {  // one connection for all
    ASSERT_TRUE(connection.send(post("/ingest/front", file)));
    const HttpAnswer answer = connection.read_answer();
    ASSERT_EQ(answer.status, 202) << answer.body;
    const auto seen = next(topic);
    ASSERT_TRUE(seen);
    EXPECT_EQ(Json::parse(answer.body), (Json{{"frame_id", seen->info.frame_id()}, {"captured_at", "arrival"}}));
    EXPECT_EQ(seen->info.width(), 320u);
    EXPECT_EQ(std::string(reinterpret_cast<const char*>(seen->data.data()), seen->data.size()), file);
  }
  EXPECT_EQ(metric("ingest_taken_total"), 3u);
}

TEST_F(IngestProcess, ARawPictureAndItsTimeOfCapture) {
  start();
  bus::LogSubscriber topic = reader();
  const std::string pixels(std::size_t{3} * 640 * 480, 'p');
  const std::uint64_t a_second_ago = wall_ns() / 1'000'000 - 1000;
  Connection connection = Connection::open(port_);
  connection.send(post("/ingest/front?width=640&height=480&format=rgb24&captured_at=" + std::to_string(a_second_ago), pixels,
                       "Content-Type: application/octet-stream\r\n"));
  const HttpAnswer answer = connection.read_answer();
  ASSERT_EQ(answer.status, 202) << answer.body;
  EXPECT_EQ(Json::parse(answer.body)["captured_at"], "client");
  const auto seen = next(topic);
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->info.codec(), Codec::RAW);
  EXPECT_EQ(raw_format(seen->config), PixelFormat::RGB24);
  EXPECT_EQ(seen->data.size(), pixels.size());
  EXPECT_GE(age_ns(seen->info.captured_at_ns(), seen->info.published_at_ns()), 1'000'000'000u);
}

// In <camera>/ingest too nothing of what the masks hide.
TEST_F(IngestProcess, OfAMaskedCameraNoHiddenPixelReachesTheBus) {
  camera("ingest:", "", "    masks: ['0,0 0.5,0 0.5,1 0,1']\n");
  start();
  bus::LogSubscriber topic = reader();
  vision::Image white;
  white.reshape(PixelFormat::I420, 320, 240);
  white.set_color(ColorMatrix::BT601, ColorRange::Full);
  for (int plane = 0; plane < 3; ++plane)
    for (std::uint32_t row = 0; row < (plane == 0 ? 240u : 120u); ++row)
      std::memset(white.plane(plane) + row * white.stride(plane), plane == 0 ? 255 : 128, plane == 0 ? 320 : 160);
  vision::JpegEncoder encoder;
  const auto file = encoder.encode(white.view(), 80);
  ASSERT_TRUE(file.ok());
  Connection connection = Connection::open(port_);
  connection.send(post("/ingest/front", std::string(reinterpret_cast<const char*>(file->data()), file->size())));
  ASSERT_EQ(connection.read_answer().status, 202);
  auto seen = next(topic);
  ASSERT_TRUE(seen);
  vision::JpegDecoder decoder;
  vision::Image image;
  ASSERT_TRUE(decoder.decode_i420(seen->data, image).ok());
  for (std::uint32_t x = 0; x < 320; ++x) {
    const int luma = image.row(0, 120)[x];
    EXPECT_TRUE(x < 160 ? luma < 30 : luma > 225) << "column " << x << ": " << luma;
  }
  connection.send(post("/ingest/front?width=64&height=48&format=gray8", std::string(std::size_t{64} * 48, '\xff'),
                       "Content-Type: application/octet-stream\r\n"));
  ASSERT_EQ(connection.read_answer().status, 202);
  seen = next(topic);
  ASSERT_TRUE(seen);
  for (std::size_t i = 0; i < seen->data.size(); ++i)
    EXPECT_EQ(static_cast<int>(seen->data[i]), i % 64 < 32 ? 0 : 255) << "pixel " << i;
}

TEST_F(IngestProcess, WhoWaitsFor100ContinueGetsIt) {
  start();
  bus::LogSubscriber topic = reader();
  const std::string request = post("/ingest/front", jpeg(640, 480), "Content-Type: image/jpeg\r\nExpect: 100-continue\r\n");
  const std::size_t body = request.find("\r\n\r\n") + 4;
  Connection connection = Connection::open(port_);
  ASSERT_TRUE(connection.send(request.substr(0, body)));
  EXPECT_EQ(connection.read_answer(true).status, 100);
  ASSERT_TRUE(connection.send(request.substr(body)));
  EXPECT_EQ(connection.read_answer().status, 202);
  EXPECT_TRUE(next(topic));
}

TEST_F(IngestProcess, WhatIsRefusedSaysWhy) {
  start();
  const struct {
    std::string request;
    int status;
    std::string says;
  } cases[] = {
      {post("/ingest/front", "no picture at all"), 422, "not a JPEG"},
      {post("/ingest/front", "x", "Content-Type: text/plain\r\n"), 415, "expected image/jpeg"},
      {post("/ingest/side", "x"), 404, "expected its url to be"},
      {post("/ingest/nobody", "x"), 404, "no such camera"},
      {post("/ingest/front", "x", "Content-Type: image/jpeg\r\nOrigin: http://evil.example\r\n"), 403, "another site"},
      {"POST /ingest/front HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/jpeg\r\nContent-Length: 99999999999\r\n\r\n", 413,
       "expected at most"},
      {"POST /ingest/front HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/jpeg\r\nTransfer-Encoding: chunked\r\n\r\n", 411,
       "Content-Length"},
      {"POST /api/cameras HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n", 405,
       "only GET, HEAD, OPTIONS are served here"},
  };
  for (const auto& [request, status, says] : cases) {
    Connection connection = Connection::open(port_);
    ASSERT_TRUE(connection.send(request));
    const HttpAnswer answer = connection.read_answer();
    EXPECT_EQ(answer.status, status) << request.substr(0, 100);
    EXPECT_NE(Json::parse(answer.body, nullptr, false).value("detail", "").find(says), std::string::npos) << answer.body;
  }
}

TEST_F(IngestProcess, ATokenIsAskedForBeforeABodyIsRead) {
  camera("ingest:", "  token: a long token\n");
  start();
  Connection without = Connection::open(port_);
  ASSERT_TRUE(without.send(post("/ingest/front", "x")));
  EXPECT_EQ(without.read_answer().status, 401);
  Connection with = Connection::open(port_);
  ASSERT_TRUE(
      with.send(post("/ingest/front", jpeg(16, 16), "Content-Type: image/jpeg\r\nAuthorization: Bearer a long token\r\n")));
  EXPECT_EQ(with.read_answer().status, 202);
  EXPECT_EQ(WebSocket::open(port_, "/ingest/front").answer().status, 401);
  EXPECT_EQ(WebSocket::open(port_, "/ingest/front?token=a+long+token").answer().status, 101);
}

TEST_F(IngestProcess, AWebSocketOfJpegs) {
  start();
  bus::LogSubscriber topic = reader();
  WebSocket camera = WebSocket::open(port_, "/ingest/front");
  ASSERT_EQ(camera.answer().status, 101);
  for (int i = 0; i < 5; ++i) {
    camera.send_binary(jpeg(640, 480));
    const auto answer = camera.receive();
    ASSERT_TRUE(answer);
    const auto seen = next(topic);
    ASSERT_TRUE(seen);
    EXPECT_EQ(Json::parse(answer->payload)["frame_id"], seen->info.frame_id());
  }
  camera.send_binary("no JPEG");
  const auto refused = camera.receive();
  ASSERT_TRUE(refused);
  EXPECT_NE(Json::parse(refused->payload)["error"].get<std::string>().find("not a JPEG"), std::string::npos);
  camera.send_binary(jpeg(16, 16));  // and it goes on
  EXPECT_TRUE(Json::parse(camera.receive().value().payload).contains("frame_id"));
  camera.send_text("hello");
  EXPECT_FALSE(camera.receive());
  EXPECT_EQ(camera.close_code(), 1003);
  EXPECT_EQ(WebSocket::open(port_, "/ingest/side").answer().status, 404);
  EXPECT_EQ(WebSocket::open(port_, "/ingest/front", "Origin: http://evil.example\r\n").answer().status, 403);
}

TEST_F(IngestProcess, WhoPushesSlowlyOrNeverReadsHoldsNobodyUp) {
  start();
  bus::LogSubscriber topic = reader();
  // One that stops in the middle of a picture, one that reads no answer.
  Connection slow = Connection::open(port_);
  const std::string half = post("/ingest/front", jpeg(640, 480));
  ASSERT_TRUE(slow.send(half.substr(0, half.size() / 2)));
  WebSocket deaf = WebSocket::open(port_, "/ingest/front", "", 4096);
  const std::string file = jpeg(640, 480);
  for (int i = 0; i < 300; ++i) deaf.send_binary(file);
  // Others go on.
  EXPECT_EQ(http_get(port_, "/healthz").status, 200);
  Connection other = Connection::open(port_);
  ASSERT_TRUE(other.send(post("/ingest/front", jpeg(32, 32))));
  const HttpAnswer answer = other.read_answer();
  ASSERT_EQ(answer.status, 202);
  const std::uint64_t id = Json::parse(answer.body)["frame_id"];
  EXPECT_TRUE(eventually([&] {
    const auto seen = next(topic);
    return !seen || seen->info.frame_id() >= id;
  }));
  EXPECT_TRUE(eventually([&] { return metric("ingest_taken_total") == 301; })) << "the deaf one's pictures are all taken";
  ASSERT_TRUE(slow.send(half.substr(half.size() / 2)));
  EXPECT_EQ(slow.read_answer().status, 202);
}

TEST_F(IngestProcess, OnlySoManyPushOverWebSockets) {
  start();
  std::vector<WebSocket> cameras;
  for (int i = 0; i < 4; ++i) {
    cameras.push_back(WebSocket::open(port_, "/ingest/front"));
    ASSERT_EQ(cameras.back().answer().status, 101);
  }
  EXPECT_EQ(WebSocket::open(port_, "/ingest/front").answer().status, 503);
  cameras.clear();
  EXPECT_TRUE(eventually([&] { return WebSocket::open(port_, "/ingest/front").answer().status == 101; }));
}

TEST_F(IngestProcess, AStopClosesThoseWhoPush) {
  start();
  WebSocket camera = WebSocket::open(port_, "/ingest/front");
  camera.send_binary(jpeg(16, 16));
  ASSERT_TRUE(camera.receive());
  gateway_->signal(SIGTERM);
  EXPECT_FALSE(camera.receive());
  EXPECT_EQ(camera.close_code(), 1001);
  EXPECT_EQ(gateway_->wait_exit(), 0);
}

}  // namespace
}  // namespace vedette::test
