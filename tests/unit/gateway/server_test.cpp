// The real server on a real socket, fed by hand instead of from a bus.
#include "gateway/server.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/eventfd.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "base/clock.h"
#include "support/net_client.h"

namespace vedette::gateway {
namespace {

using Json = nlohmann::json;
using test::Connection;
using test::http_get;
using test::HttpAnswer;
using test::WebSocket;

class ServerTest : public ::testing::Test {
 protected:
  static constexpr std::uint32_t kMaxViewers = 3;

  void SetUp() override {
    hub_.set_offer({});  // no bitstream: JPEGs of pixels
    auto opened = Server::open({"127.0.0.1", 0, kMaxViewers});
    ASSERT_TRUE(opened) << opened.error().text;
    server_ = std::make_unique<Server>(std::move(opened).value());
    port_ = server_->port();
    stop_ = UniqueFd(::eventfd(0, EFD_CLOEXEC));
    router_ = std::make_unique<Router>(Access("", port_), StaticFiles(), "not built", std::vector<CameraHub*>{&hub_});
    thread_ = std::thread([this] { server_->run(*router_, stop_.get()); });
  }

  void TearDown() override {
    stop();
    server_.reset();
  }

  void stop() {
    if (!thread_.joinable()) return;
    const std::uint64_t one = 1;
    ASSERT_EQ(::write(stop_.get(), &one, sizeof one), 8);
    thread_.join();
  }

  void send_picture(std::uint64_t id, std::size_t bytes) {
    hub_.send_picture(Picture::of_jpeg(video_, id, monotonic_ns(), std::vector<std::byte>(bytes, std::byte{0x5a})));
  }

  template <typename Condition>
  static bool eventually(Condition condition) {
    const auto end = std::chrono::steady_clock::now() + test::kWatchdog;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return true;
  }

  // The next message but for the word about the way of pictures, the first of which it stands in front of.
  static std::optional<test::WsMessage> receive(WebSocket& viewer) {
    auto message = viewer.receive();
    const bool announces = message && !message->binary && message->payload.find("\"type\":\"video\"") != std::string::npos;
    return announces ? viewer.receive() : message;
  }

  const VideoPtr video_ = std::make_shared<const Video>();
  CameraHub hub_{"front", true};
  std::unique_ptr<Server> server_;
  std::unique_ptr<Router> router_;
  UniqueFd stop_;
  std::thread thread_;
  std::uint16_t port_ = 0;
};

std::uint64_t frame_id_of(const test::WsMessage& message) {
  if (!message.binary || message.payload.size() < 4) return 0;
  std::size_t length = 0;
  for (std::size_t i = 0; i < 4; ++i)
    length |= static_cast<std::size_t>(static_cast<unsigned char>(message.payload[i])) << (8 * i);
  return Json::parse(message.payload.substr(4, length))["frame_id"];
}

TEST_F(ServerTest, AnswersOverOneConnection) {
  Connection connection = Connection::open(port_);
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(connection.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    const HttpAnswer answer = connection.read_answer();
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, R"({"status":"ok"})");
    EXPECT_EQ(answer.headers.at("content-type"), "application/json");
  }
  ASSERT_TRUE(connection.send("HEAD /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  EXPECT_EQ(connection.read_answer(true).headers.at("content-length"), "15");
  ASSERT_TRUE(connection.send("GET /nothing HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"));
  EXPECT_EQ(connection.read_answer().status, 404);
  EXPECT_TRUE(connection.wait_closed());
}

TEST_F(ServerTest, WhatProxiesSayIsSeen) {
  EXPECT_EQ(http_get(port_, "/healthz").status, 200);
  for (const char* line : {"X-Forwarded-For: 10.0.0.1", "x-forwarded-host: camera.example", "X-Forwarded-Proto: https",
                           "Forwarded: for=10.0.0.1", "Via: 1.1 proxy", "Via:"})
    EXPECT_EQ(http_get(port_, "/healthz", std::string(line) + "\r\n").status, 403) << line;
}

TEST_F(ServerTest, SurvivesMalformedRequests) {
  const std::string long_header = "GET / HTTP/1.1\r\nHost: localhost\r\nX: " + std::string(20'000, 'x') + "\r\n\r\n";
  const std::string binary("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\x00\r\n\r\n", 16);
  for (const auto& [request, status] : std::vector<std::pair<std::string, int>>{
           {"nonsense\r\n\r\n", 400},
           {binary, 400},
           {"GET / HTTP/9.9\r\n\r\n", 400},
           {"GET  / HTTP/1.1\r\nHost localhost\r\n\r\n", 400},
           {"GET http://evil/ HTTP/1.1\r\nHost: localhost\r\n\r\n", 400},
           {"GET /%00 HTTP/1.1\r\nHost: localhost\r\n\r\n", 400},
           {"GET / HTTP/1.1\r\n\r\n", 403},
           {"GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n", 400},
           {"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\nabc", 405},
           {"BREW / HTTP/1.1\r\nHost: localhost\r\n\r\n", 405},
           {"GET /healthz HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz", 200},
           {"GET /ws/front HTTP/1.1\r\nHost: localhost\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n", 426},
           {long_header, 431}}) {
    Connection connection = Connection::open(port_);
    ASSERT_TRUE(connection.send(request));
    EXPECT_EQ(connection.read_answer().status, status) << request.substr(0, 60);
    EXPECT_EQ(http_get(port_, "/healthz").status, 200) << "after " << request.substr(0, 60);
  }
  EXPECT_EQ(http_get(port_, "/", "", "DELETE").headers.at("allow"), "GET, HEAD, OPTIONS");
}

TEST_F(ServerTest, SaysHelloThenWhatIsKnownThenWhatComes) {
  for (int i = 0; i < 30; ++i)
    hub_.send_event(std::make_shared<const std::string>("{\"type\":\"event\",\"id\":" + std::to_string(i) + "}"));
  hub_.send_state(std::make_shared<StateReport>());
  hub_.set_classes({"person"});
  WebSocket viewer = WebSocket::open(port_, "/ws/front");
  ASSERT_EQ(viewer.answer().status, 101);
  EXPECT_EQ(viewer.answer().headers.at("sec-websocket-accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") << "RFC 6455, section 1.3";
  const Json hello = Json::parse(viewer.receive().value().payload);
  EXPECT_EQ(hello["type"], "hello");
  EXPECT_EQ(hello["classes"], Json({"person"}));
  for (int i = 10; i < 30; ++i) EXPECT_EQ(Json::parse(viewer.receive().value().payload)["id"], i);
  EXPECT_EQ(Json::parse(viewer.receive().value().payload)["type"], "state");
  send_picture(7, 300'000);
  const auto picture = receive(viewer);
  ASSERT_TRUE(picture && picture->binary);
  EXPECT_EQ(frame_id_of(*picture), 7u);
  EXPECT_EQ(picture->payload.substr(picture->payload.size() - 300'000), std::string(300'000, 'Z'));
}

TEST_F(ServerTest, ViewerThatDoesNotReadSkipsAndStays) {
  WebSocket slow = WebSocket::open(port_, "/ws/front", "", 16 * 1024);
  WebSocket quick = WebSocket::open(port_, "/ws/front");
  ASSERT_EQ(slow.answer().status, 101);
  ASSERT_EQ(quick.receive().value().binary, false);
  constexpr std::uint64_t kPictures = 100;
  for (std::uint64_t id = 1; id <= kPictures; ++id) {
    send_picture(id, 100'000);
    const auto got = receive(quick);
    ASSERT_TRUE(got);
    EXPECT_EQ(frame_id_of(*got), id) << "the quick one misses nothing";
  }
  EXPECT_EQ(hub_.viewers(), 2u);
  EXPECT_EQ(hub_.counters().encoded, kPictures);
  EXPECT_GT(hub_.counters().skipped, kPictures / 2);
  EXPECT_EQ(Json::parse(slow.receive().value().payload)["type"], "hello");
  std::vector<std::uint64_t> seen;
  while (seen.empty() || seen.back() != kPictures) {
    const auto got = receive(slow);
    ASSERT_TRUE(got) << "it stayed connected";
    seen.push_back(frame_id_of(*got));
    if (seen.size() > 1) {
      ASSERT_GT(seen.back(), seen[seen.size() - 2]);
    }
  }
  EXPECT_LT(seen.size(), kPictures / 2) << "the newest came, not all old ones in a row";
  send_picture(kPictures + 1, 100);
  EXPECT_EQ(frame_id_of(*slow.receive()), kPictures + 1);
}

TEST_F(ServerTest, TooManyViewersAreToldSo) {
  std::vector<WebSocket> viewers;
  for (std::uint32_t i = 0; i < kMaxViewers; ++i) viewers.push_back(WebSocket::open(port_, "/ws/front"));
  const WebSocket refused = WebSocket::open(port_, "/ws/front");
  EXPECT_EQ(refused.answer().status, 503);
  EXPECT_NE(refused.answer().body.find("gateway.max_viewers"), std::string::npos) << refused.answer().body;
  EXPECT_EQ(http_get(port_, "/healthz").status, 200) << "the rest is still served";
  viewers.pop_back();
  EXPECT_TRUE(eventually([&] { return WebSocket::open(port_, "/ws/front").answer().status == 101; }));
}

TEST_F(ServerTest, BeyondTheLimitTheLongestWaitingIsClosed) {
  std::vector<Connection> idle;
  for (int i = 0; i < 300; ++i) idle.push_back(Connection::open(port_));
  EXPECT_TRUE(idle.front().wait_closed());
  ASSERT_TRUE(idle.back().send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  EXPECT_EQ(idle.back().read_answer().status, 200);
  idle.clear();
  EXPECT_TRUE(eventually([&] { return http_get(port_, "/healthz").status == 200; }));
}

TEST_F(ServerTest, WhatAViewerSendsIsIgnoredUnlessItIsTooLong) {
  WebSocket viewer = WebSocket::open(port_, "/ws/front");
  ASSERT_TRUE(viewer.receive());
  for (int i = 0; i < 100; ++i) viewer.send_text(std::string(4096, 'x'));
  send_picture(1, 10);
  EXPECT_EQ(frame_id_of(receive(viewer).value()), 1u);
  viewer.send_text(std::string(4097, 'x'));
  EXPECT_FALSE(viewer.receive());
  EXPECT_EQ(viewer.close_code(), 1009);
  EXPECT_TRUE(eventually([&] { return hub_.viewers() == 0; }));
}

TEST_F(ServerTest, OtherSitesMayNotWatch) {
  EXPECT_EQ(WebSocket::open(port_, "/ws/front", "Origin: http://evil.example\r\n").answer().status, 403);
  EXPECT_EQ(WebSocket::open(port_, "/ws/front", "Host: evil.example\r\nOrigin: http://evil.example\r\n").answer().status, 403);
  const std::string own = "Origin: http://localhost:" + std::to_string(port_) + "\r\n";
  EXPECT_EQ(WebSocket::open(port_, "/ws/front", own).answer().status, 101);
}

TEST_F(ServerTest, StopSaysGoodbye) {
  WebSocket viewer = WebSocket::open(port_, "/ws/front");
  ASSERT_TRUE(viewer.receive());
  WebSocket stuck = WebSocket::open(port_, "/ws/front", "", 16 * 1024);
  ASSERT_TRUE(stuck.connected());
  for (std::uint64_t i = 0; i < 20; ++i) send_picture(i, 200'000);
  std::thread stopping([this] { stop(); });
  while (viewer.receive()) {
  }
  EXPECT_EQ(viewer.close_code(), 1001);
  stopping.join();
  EXPECT_FALSE(Connection::open(port_).connected());
}

TEST(ServerOpen, SaysWhichAddressAndPort) {
  auto first = Server::open({"127.0.0.1", 0, 1});
  ASSERT_TRUE(first);
  const std::string port = std::to_string(first->port());
  EXPECT_EQ(first->url(), "http://127.0.0.1:" + port + "/");
  const auto busy = Server::open({"127.0.0.1", first->port(), 1});
  ASSERT_FALSE(busy);
  EXPECT_EQ(busy.error().code, ErrorCode::kBusy);
  EXPECT_EQ(busy.error().text, "cannot listen on 127.0.0.1:" + port + ": another program uses port " + port + " (gateway.port)");
  const auto away = Server::open({"203.0.113.9", 8080, 1});  // TEST-NET-3: nobody's
  ASSERT_FALSE(away);
  EXPECT_EQ(away.error().text, "cannot listen on 203.0.113.9:8080: this machine has no address 203.0.113.9 (gateway.listen)");
  const auto nonsense = Server::open({"my-camera", 8080, 1});
  ASSERT_FALSE(nonsense);
  EXPECT_EQ(nonsense.error().code, ErrorCode::kInvalidArgument);
  EXPECT_NE(nonsense.error().text.find("\"my-camera\" is not an IP address"), std::string::npos);
}

}  // namespace
}  // namespace vedette::gateway
