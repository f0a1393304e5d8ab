// Many viewers, viewers that don't read, and connections that come and go: nobody is held up by anybody else, and nothing is left
// of who has gone.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <vector>

#include "base/clock.h"
#include "process/gateway/gateway_fixture.h"
#include "process/gateway/packets_fixture.h"

namespace vedette::test {
namespace {

class LoadTest : public GatewayTest {
 protected:
  void SetUp() override {
    GatewayTest::SetUp();
    configure("  fps: 1000\n");  // every picture
    start();
  }
  std::size_t descriptors() const {
    const std::filesystem::directory_iterator all("/proc/" + std::to_string(gateway_->pid()) + "/fd");
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
  }
  std::size_t resident_kib() const {
    std::ifstream status("/proc/" + std::to_string(gateway_->pid()) + "/status");
    for (std::string line; std::getline(status, line);)
      if (line.starts_with("VmRSS:")) return std::stoul(line.substr(6));
    return 0;
  }
  // Pictures that were taken at a steady rate, as quickly as they are published.
  std::uint64_t publish(PacketsWriter& packets, const std::string& file) {
    return packets.publish(true, file, at_ns_ += 10'000'000);
  }
  void connect_and_drop(int kind) const {
    constexpr std::string_view kUpgrade =
        "Connection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
        "AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";
    Connection connection = Connection::open(port_);
    const auto head = [](std::string_view path) { return "GET " + std::string(path) + " HTTP/1.1\r\nHost: localhost\r\n"; };
    switch (kind % 5) {
      case 0:
        break;
      case 1:
        connection.send("GET / HT");
        break;
      case 2:
        connection.send(head("/healthz") + "\r\n");
        EXPECT_EQ(connection.read_answer().status, 200);
        break;
      case 3:
        connection.send(head("/ws/front") + std::string(kUpgrade));
        break;
      default:
        connection.send(head("/ws/front?video=packets&codecs=mjpeg") + std::string(kUpgrade));
        EXPECT_EQ(connection.read_answer().status, 101);
    }
  }

  std::uint64_t at_ns_ = monotonic_ns();
};

TEST_F(LoadTest, AHundredViewersGetEveryPicture) {
  PacketsWriter packets(bus_dir(), Codec::MJPEG);
  std::vector<WebSocket> viewers;
  for (int i = 0; i < 100; ++i) viewers.push_back(WebSocket::open(port_, "/ws/front"));
  ASSERT_TRUE(eventually([&] { return metric("viewers") == 100 && packets.log.demand().packets; }));
  const std::string file(20'000, 'x');
  for (int i = 0; i < 20; ++i) {
    const std::uint64_t id = publish(packets, file);
    for (WebSocket& viewer : viewers) {
      const auto shown = wait_picture(viewer);
      ASSERT_TRUE(shown);
      ASSERT_EQ(shown->header["frame_id"], id);
    }
  }
  EXPECT_EQ(metric("pictures_passed_total"), 20u);
  EXPECT_EQ(metric("pictures_skipped_total"), 0u);
  EXPECT_TRUE(eventually([&] { return metric("pictures_sent_total") == 2000; }));
}

TEST_F(LoadTest, WhoStopsReadingIsBackOnTheNewestPictureAndNobodyElseLosesOne) {
  PacketsWriter packets(bus_dir(), Codec::MJPEG);
  WebSocket stuck = WebSocket::open(port_, "/ws/front", "", 16 * 1024);
  std::vector<WebSocket> others;
  for (int i = 0; i < 9; ++i) others.push_back(WebSocket::open(port_, "/ws/front"));
  ASSERT_TRUE(eventually([&] { return metric("viewers") == 10 && packets.log.demand().packets; }));
  constexpr std::uint64_t kPictures = 200;
  const std::string file(100'000, 'x');
  for (std::uint64_t id = 1; id <= kPictures; ++id) {
    ASSERT_EQ(publish(packets, file), id);
    for (WebSocket& viewer : others) {
      const auto shown = wait_picture(viewer);
      ASSERT_TRUE(shown);
      ASSERT_EQ(shown->header["frame_id"], id) << "one was lost";
    }
    if (id % 50 == 0) stuck.send_ping(std::to_string(id));  // the answers must not land in the middle of a picture
  }
  std::vector<std::uint64_t> seen;
  while (seen.empty() || seen.back() != kPictures) {
    const auto shown = wait_picture(stuck);
    ASSERT_TRUE(shown) << "it stayed connected";
    seen.push_back(shown->header["frame_id"]);
  }
  // What the kernel held for it, what was under way, the newest.
  EXPECT_LT(seen.size(), kPictures / 4);
  EXPECT_EQ(metric("pictures_skipped_total"), kPictures - seen.size());
  const std::uint64_t next = publish(packets, file);
  EXPECT_EQ(wait_picture(stuck).value().header["frame_id"], next);
  EXPECT_EQ(stuck.pongs(), (std::vector<std::string>{"50", "100", "150", "200"}));
}

TEST_F(LoadTest, TenThousandConnectionsLeaveNothing) {
  PacketsWriter packets(bus_dir(), Codec::MJPEG);
  const std::string file(50'000, 'x');
  const auto drop_many = [&](int count) {
    for (int i = 0; i < count; ++i) {
      connect_and_drop(i);
      if (i % 50 == 0) publish(packets, file);
    }
    return eventually([&] { return metric("viewers") == 0; });
  };
  ASSERT_TRUE(drop_many(2000));  // what is kept for its memory is there now
  const std::size_t descriptors_before = descriptors(), kib_before = resident_kib();
  ASSERT_TRUE(drop_many(10'000));
  EXPECT_TRUE(eventually([&] { return descriptors() <= descriptors_before; })) << descriptors() << " of " << descriptors_before;
  // A leak of 200 bytes a connection would be 2 MiB.
  EXPECT_LT(resident_kib(), kib_before + 2048);
  WebSocket viewer = WebSocket::open(port_, "/ws/front");
  ASSERT_TRUE(eventually([&] { return packets.log.demand().packets; }));
  const std::uint64_t id = publish(packets, file);
  while (wait_picture(viewer).value().header["frame_id"] != id) {
    // the one before may still be new enough to be shown
  }
}

// Connections that never say what they want don't keep anybody out.
TEST_F(LoadTest, DawdlersMakeRoom) {
  std::vector<Connection> dawdlers;
  for (int i = 0; i < 600; ++i) {
    dawdlers.push_back(Connection::open(port_));
    dawdlers.back().send("GET / HTTP/1.1\r\nX: ");
    if (i % 100 == 99) {
      EXPECT_EQ(http_get(port_, "/healthz").status, 200) << "after " << i;
    }
  }
  for (Connection& dawdler : dawdlers) dawdler.send("x");
  PacketsWriter packets(bus_dir(), Codec::MJPEG);
  WebSocket viewer = WebSocket::open(port_, "/ws/front");
  ASSERT_EQ(viewer.answer().status, 101);
  ASSERT_TRUE(eventually([&] { return packets.log.demand().packets; }));
  const std::uint64_t id = publish(packets, "a picture");
  EXPECT_EQ(wait_picture(viewer).value().header["frame_id"], id);
}

}  // namespace
}  // namespace vedette::test
