// Bodies, workers and files over a real socket, with routes of the test's own.
#include <gtest/gtest.h>
#include <sys/eventfd.h>

#include <atomic>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

#include "gateway/api/files.h"
#include "gateway/server.h"
#include "support/net_client.h"
#include "support/program.h"

namespace vedette::gateway {
namespace {

using test::Connection;
using test::http_get;
using test::HttpAnswer;

class ApiServerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto opened = Server::open({"127.0.0.1", 0, 3});
    ASSERT_TRUE(opened) << opened.error().text;
    server_ = std::make_unique<Server>(std::move(opened).value());
    port_ = server_->port();
    stop_ = UniqueFd(::eventfd(0, EFD_CLOEXEC));
    router_ = std::make_unique<Router>(Access("", port_), StaticFiles(), "", std::vector<CameraHub*>{&hub_});
    Operation echo{"x", "y"};
    echo.body = {required(text_param("say", "", 0, kMaxJsonBytes))};
    router_->table().add({"POST", "/echo", Role::kViewer,
                          [](const Request& request) { return json_reply(200, dump(request.body["say"])); }, echo, true});
    router_->table().add({"GET",
                          "/slow",
                          Role::kViewer,
                          [this](const Request&) {
                            ++begun_;
                            while (!open_) std::this_thread::sleep_for(std::chrono::milliseconds(1));
                            return no_content();
                          },
                          {},
                          true});
    router_->table().add({"GET",
                          "/file",
                          Role::kViewer,
                          [this](const Request& request) { return file_reply(file_, "video/mp4", request.head); },
                          {},
                          true});
    thread_ = std::thread([this] { server_->run(*router_, stop_.get()); });
  }

  void TearDown() override {
    open_ = true;
    const std::uint64_t one = 1;
    ASSERT_EQ(::write(stop_.get(), &one, sizeof one), 8);
    thread_.join();
  }

  std::string post(const std::string& body, const std::string& more = "") const {
    return "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\n" + more + "\r\n" + body;
  }

  CameraHub hub_{"front", true};
  std::atomic<int> begun_{0};
  std::atomic<bool> open_{false};
  const test::TempFolder folder_{std::filesystem::temp_directory_path().string()};
  std::string file_ = folder_.file("clip.mp4");
  std::unique_ptr<Server> server_;
  std::unique_ptr<Router> router_;
  UniqueFd stop_;
  std::thread thread_;
  std::uint16_t port_ = 0;
};

TEST_F(ApiServerTest, BodiesOverOneConnection) {
  Connection connection = Connection::open(port_);
  for (const std::string& text : {std::string("a"), std::string(200'000, 'b'), std::string()}) {
    ASSERT_TRUE(connection.send(post(R"({"say":")" + text + "\"}")));
    const HttpAnswer answer = connection.read_answer();
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "\"" + text + "\"");
  }
  ASSERT_TRUE(
      connection.send("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: "
                      "chunked\r\n\r\n9\r\n{\"say\":\"c\r\n2\r\n\"}\r\n0\r\n\r\n"));
  EXPECT_EQ(connection.read_answer().body, "\"c\"");
  ASSERT_TRUE(connection.send(post(R"({"say":"d"})", "Expect: 100-continue\r\n")));
  EXPECT_EQ(connection.read_answer().status, 100);
  EXPECT_EQ(connection.read_answer().body, "\"d\"");
}

TEST_F(ApiServerTest, BadBodiesAreRefused) {
  const std::string head = "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
  const std::string mebibyte(1 << 20, ' ');
  for (const auto& [request, status] : std::vector<std::pair<std::string, int>>{
           {head + "Content-Length: 1048577\r\n\r\n", 413},
           {head + "Content-Length: 99999999999999\r\n\r\n", 413},
           {head + "Transfer-Encoding: chunked\r\n\r\n100001\r\n" + mebibyte + " \r\n0\r\n\r\n", 413},
           {head + "Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400},
           {head + "Content-Length: 1\r\n\r\n{", 400},
           {head + "\r\n", 400},
           {"POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}", 415},
           {"GET /echo HTTP/1.1\r\nHost: localhost\r\n\r\n", 405}}) {
    Connection connection = Connection::open(port_);
    ASSERT_TRUE(connection.send(request));
    const HttpAnswer answer = connection.read_answer();
    EXPECT_EQ(answer.status, status) << request.substr(0, 200);
    EXPECT_EQ(answer.headers.at("content-type"), "application/problem+json");
  }
  EXPECT_EQ(http_get(port_, "/healthz").status, 200);
}

TEST_F(ApiServerTest, TooManyThatWaitAreToldSoAndTheNetworkGoesOn) {
  std::vector<Connection> waiting;
  for (int i = 0; i < 36; ++i) {  // four that run, 32 that wait
    if (i == 4) {
      ASSERT_TRUE(test::wait_until([&] { return begun_ == 4; }));
    }
    waiting.push_back(Connection::open(port_));
    ASSERT_TRUE(waiting.back().send("GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  }
  // What came before has been taken by the time that something later is answered.
  for (int i = 0; i < 3; ++i) ASSERT_EQ(http_get(port_, "/healthz").status, 200);
  const HttpAnswer busy = http_get(port_, "/file");
  EXPECT_EQ(busy.status, 503);
  EXPECT_EQ(busy.headers.at("retry-after"), "1");
  EXPECT_EQ(begun_, 4);
  open_ = true;
  for (Connection& connection : waiting) EXPECT_EQ(connection.read_answer().status, 204);
}

TEST_F(ApiServerTest, WhoIsGoneCostsNothing) {
  std::vector<Connection> running, gone;
  for (int i = 0; i < 4; ++i) {
    running.push_back(Connection::open(port_));
    ASSERT_TRUE(running.back().send("GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  }
  ASSERT_TRUE(test::wait_until([&] { return begun_ == 4; }));
  for (int i = 0; i < 20; ++i) {
    gone.push_back(Connection::open(port_));
    ASSERT_TRUE(gone.back().send("GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  }
  gone.clear();
  // That they are gone is known by the time that something later is answered.
  for (int i = 0; i < 50; ++i) ASSERT_EQ(http_get(port_, "/healthz").status, 200);
  open_ = true;
  for (Connection& connection : running) EXPECT_EQ(connection.read_answer().status, 204);
  EXPECT_EQ(http_get(port_, "/slow").status, 204);
  EXPECT_EQ(begun_, 5);
}

TEST_F(ApiServerTest, FilesWholeAndInParts) {
  std::string content(1'000'000, ' ');
  for (std::size_t i = 0; i < content.size(); ++i) content[i] = static_cast<char>(i * 7 % 251);
  folder_.write("clip.mp4", content);
  const HttpAnswer whole = http_get(port_, "/file");
  ASSERT_EQ(whole.status, 200);
  EXPECT_TRUE(whole.body == content);
  EXPECT_EQ(whole.headers.at("accept-ranges"), "bytes");
  const std::string etag = whole.headers.at("etag");
  const HttpAnswer part = http_get(port_, "/file", "Range: bytes=300000-899999\r\nIf-Range: " + etag + "\r\n");
  ASSERT_EQ(part.status, 206);
  EXPECT_TRUE(part.body == content.substr(300'000, 600'000));
  EXPECT_EQ(part.headers.at("content-range"), "bytes 300000-899999/1000000");
  const HttpAnswer behind = http_get(port_, "/file", "Range: bytes=1000000-\r\n");
  EXPECT_EQ(behind.status, 416);
  EXPECT_EQ(behind.headers.at("content-range"), "bytes */1000000");
  EXPECT_EQ(http_get(port_, "/file", "Range: bytes=0-9\r\nIf-Range: \"other\"\r\n").status, 200);
  EXPECT_EQ(http_get(port_, "/file", "If-None-Match: \"x\", " + etag + "\r\n").status, 304);
  const HttpAnswer head = http_get(port_, "/file", "Range: bytes=0-9\r\n", "HEAD");
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.headers.at("content-length"), "1000000");
  folder_.write("clip.mp4", "");
  EXPECT_EQ(http_get(port_, "/file").status, 200);
  EXPECT_EQ(http_get(port_, "/file", "Range: bytes=0-\r\n").status, 416);
  std::filesystem::remove(file_);
  EXPECT_EQ(http_get(port_, "/file").status, 404);
  std::filesystem::create_symlink("/etc/passwd", file_);
  EXPECT_EQ(http_get(port_, "/file").status, 404);
}

TEST_F(ApiServerTest, RequestsAreCounted) {
  http_get(port_, "/healthz");
  http_get(port_, "/no/such/path");
  http_get(port_, "/healthz", "", "BREW");
  const HttpStats::Snapshot counted = router_->stats().snapshot();
  EXPECT_EQ(counted.requests.at({"GET", "/healthz", 200}), 1u);
  EXPECT_EQ(counted.requests.at({"GET", "other", 404}), 1u);
  EXPECT_EQ(counted.requests.at({"other", "other", 405}), 1u);
  EXPECT_EQ(counted.latencies.at("/healthz").count(), 1u);
}

}  // namespace
}  // namespace vedette::gateway
