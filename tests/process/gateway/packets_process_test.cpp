// The camera's own bitstream on its way through the whole gateway: which viewer is sent what, and that nothing is encoded,
// decoded or asked for in vain.
#include <gtest/gtest.h>

#include <csignal>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <vector>

#include "base/clock.h"
#include "process/gateway/gateway_fixture.h"
#include "process/gateway/packets_fixture.h"
#include "vision/jpeg.h"

namespace vedette::test {
namespace {

constexpr const char* kAllCodecs = "/ws/front?video=packets&codecs=h264,h265,mjpeg";

class PacketsTest : public GatewayTest {
 protected:
  // The next picture or packet and the word about the way of pictures that stood in front of it, if there was one.
  struct Seen {
    Json video, header;
    std::string payload;
  };
  static std::optional<Seen> wait_seen(WebSocket& viewer) {
    Seen seen;
    while (const auto message = viewer.receive()) {
      if (auto shown = split(*message)) {
        seen.header = std::move(shown->header);
        seen.payload = std::move(shown->jpeg);
        return seen;
      }
      const Json json = Json::parse(message->payload);
      if (json["type"] == "video") seen.video = json;
    }
    ADD_FAILURE() << "the connection ended before a picture came";
    return std::nullopt;
  }
};

std::string jpeg_file(std::size_t padding = 0) {
  vision::Image image;
  image.reshape(PixelFormat::I420, 64, 48);
  image.set_color(ColorMatrix::BT601, ColorRange::Full);
  for (int plane = 0; plane < 3; ++plane)
    for (std::uint32_t y = 0; y < (plane == 0 ? 48u : 24u); ++y) std::fill_n(image.row(plane, y), plane == 0 ? 64 : 32, 100);
  vision::JpegEncoder encoder;
  const auto file = encoder.encode(image.view(), 80);
  return std::string(reinterpret_cast<const char*>(file->data()), file->size()) + std::string(padding, 'x');
}

TEST_F(PacketsTest, AnMjpegCamerasFilesAreShownAsTheyAre) {
  start();
  Stages stages(bus_dir());
  PacketsWriter packets(bus_dir(), Codec::MJPEG);
  packets.width = 64;
  packets.height = 48;
  std::vector<WebSocket> viewers;
  for (const char* path : {"/ws/front", "/ws/front?video=jpeg", kAllCodecs, "/ws/front?video=packets&codecs=mjpeg"})
    viewers.push_back(WebSocket::open(port_, path));
  ASSERT_TRUE(eventually([&] { return metric("viewers") == viewers.size() && packets.log.demand().packets; }));
  for (std::size_t i = 0; i < 5; ++i) {
    const std::string file = jpeg_file(i);
    const std::uint64_t id = packets.publish(true, file);
    for (WebSocket& viewer : viewers) {
      const auto seen = wait_seen(viewer);
      ASSERT_TRUE(seen);
      EXPECT_EQ(seen->header["frame_id"], id);
      EXPECT_EQ(seen->header["type"], "frame");
      EXPECT_EQ(seen->header["codec"], "jpeg");
      EXPECT_TRUE(seen->payload == file) << "not the camera's bytes";
      ASSERT_EQ(seen->video.is_null(), i > 0) << seen->video;
      if (i > 0) continue;
      EXPECT_EQ(seen->video["path"], "packets");
      EXPECT_EQ(seen->video["source"], "camera");
      EXPECT_EQ(seen->video["codec"], "mjpeg");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(40));  // the camera's rate is below gateway.fps
  }
  EXPECT_EQ(metric("pictures_encoded_total"), 0u);
  EXPECT_EQ(metric("pictures_passed_total"), 5u);
  EXPECT_FALSE(stages.frames.demand().any()) << "nobody needs pixels";
  viewers.clear();
  EXPECT_TRUE(eventually([&] { return packets.log.beat(), !packets.log.demand().any(); })) << "nobody watches";
}

TEST_F(PacketsTest, H264ComesAsItIsFromTheNewestKeyframeOn) {
  start();
  Stages stages(bus_dir());
  PacketsWriter packets(bus_dir(), Codec::H264);
  packets.publish(true, "old keyframe");
  packets.publish(false, "old");
  const std::uint64_t key = packets.publish(true, "keyframe");
  packets.publish(false, "second");
  WebSocket viewer = WebSocket::open(port_, kAllCodecs);
  auto seen = wait_seen(viewer);
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->video["path"], "packets");
  EXPECT_EQ(seen->video["source"], "camera");
  EXPECT_EQ(seen->video["codec"], "h264");
  EXPECT_EQ(seen->video["codec_string"], "avc1.640028");
  EXPECT_EQ(seen->video["width"], 1280);
  EXPECT_EQ(seen->header["type"], "packet");
  EXPECT_EQ(seen->header["frame_id"], key);
  EXPECT_EQ(seen->header["key"], true);
  EXPECT_EQ(seen->header["pts_us"], key * 40'000);
  EXPECT_EQ(seen->payload, PacketsWriter::kSets + "keyframe");
  seen = wait_seen(viewer);
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->header["key"], false);
  EXPECT_EQ(seen->payload, "second");
  const std::uint64_t third = packets.publish(false, "third");
  seen = wait_seen(viewer);
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->header["frame_id"], third);
  // Who comes later begins at the same keyframe, at once.
  WebSocket late = WebSocket::open(port_, kAllCodecs);
  for (const std::string& expected : {PacketsWriter::kSets + "keyframe", std::string("second"), std::string("third")}) {
    seen = wait_seen(late);
    ASSERT_TRUE(seen);
    EXPECT_EQ(seen->payload, expected);
  }
  EXPECT_EQ(metric("pictures_encoded_total"), 0u);
  EXPECT_FALSE(stages.frames.demand().any());
}

TEST_F(PacketsTest, WhoCannotPlayItGetsJpegs) {
  start();
  Stages stages(bus_dir());
  PacketsWriter packets(bus_dir(), Codec::H265);
  packets.publish(true, "keyframe");
  WebSocket jpeg = WebSocket::open(port_, "/ws/front");
  WebSocket h264 = WebSocket::open(port_, "/ws/front?video=packets&codecs=h264,mjpeg");
  WebSocket all = WebSocket::open(port_, kAllCodecs);
  ASSERT_TRUE(eventually([&] { return metric("viewers") == 3 && stages.frames.demand().pixels; }));
  ASSERT_TRUE(eventually([&] { return packets.log.demand().packets; }));
  const std::uint64_t id = stages.publish_frame();
  for (WebSocket* viewer : {&jpeg, &h264}) {
    const auto seen = wait_seen(*viewer);
    ASSERT_TRUE(seen);
    EXPECT_EQ(seen->header["frame_id"], id);
    EXPECT_EQ(seen->header["codec"], "jpeg");
    EXPECT_EQ(seen->video["path"], "jpeg");
    EXPECT_EQ(seen->video["source"], "pixels");
    const std::string why = seen->video["why"];
    EXPECT_EQ(why.find("H.265") != std::string::npos, viewer == &h264) << why;
  }
  const auto seen = wait_seen(all);
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->header["codec"], "h265");
  EXPECT_EQ(metric("pictures_encoded_total"), 1u) << "one for both";
}

TEST_F(PacketsTest, ARawCameraIsEncodedOnlyForWhoWantsPackets) {
  start();
  Stages stages(bus_dir());
  PacketsWriter encoded(bus_dir(), Codec::H264, "encoded");
  WebSocket jpeg = WebSocket::open(port_, "/ws/front");
  ASSERT_TRUE(eventually([&] { return stages.frames.demand().pixels; }));
  EXPECT_FALSE(encoded.log.demand().any());
  WebSocket viewer = WebSocket::open(port_, kAllCodecs);
  ASSERT_TRUE(eventually([&] { return encoded.log.demand().packets; }));
  encoded.log.beat();
  const std::uint64_t id = encoded.publish(true, "keyframe");
  // It may have been shown JPEGs for a moment, while nothing came.
  for (;;) {
    const auto seen = wait_seen(viewer);
    ASSERT_TRUE(seen);
    if (seen->header["type"] == "frame") continue;
    EXPECT_EQ(seen->header["frame_id"], id);
    EXPECT_EQ(seen->video["source"], "encoded");
    break;
  }
  // The encoder dies: the viewer is shown JPEGs of the pixels. It comes back: packets again.
  for (;;) {
    stages.beat();
    stages.publish_frame();
    const auto seen = wait_seen(viewer);
    ASSERT_TRUE(seen);
    if (seen->header["type"] != "frame") continue;
    EXPECT_EQ(seen->video["path"], "jpeg");
    break;
  }
  for (;;) {
    encoded.log.beat();
    encoded.publish(true, "again");
    stages.publish_frame();
    const auto seen = wait_seen(viewer);
    ASSERT_TRUE(seen);
    if (seen->header["type"] == "packet") break;
  }
  viewer = WebSocket::open(port_, "/ws/front");
  EXPECT_TRUE(eventually([&] { return encoded.log.beat(), !encoded.log.demand().any(); })) << "nobody wants packets any more";
}

TEST_F(PacketsTest, AnotherSizeIsToldBeforeItsFirstPacket) {
  start();
  PacketsWriter packets(bus_dir(), Codec::H264);
  WebSocket viewer = WebSocket::open(port_, kAllCodecs);
  ASSERT_TRUE(eventually([&] { return packets.log.demand().packets; }));
  packets.publish(true, "large");
  EXPECT_EQ(wait_seen(viewer).value().video["width"], 1280);
  packets.publish(false, "large");
  packets.width = 640, packets.height = 360, packets.stream = 2;
  packets.publish(true, "small");
  packets.publish(false, "small");
  for (const int width : {0, 640, 0}) {
    const auto seen = wait_seen(viewer);
    ASSERT_TRUE(seen);
    ASSERT_EQ(seen->video.is_null(), width == 0);
    if (width > 0) {
      EXPECT_EQ(seen->video["width"], width);
      EXPECT_EQ(seen->header["key"], true);
    }
    EXPECT_EQ(seen->header["stream"], seen->payload.ends_with("large") ? 1 : 2);
  }
}

// Two seconds of 25 packets a second between keyframes, as cameras send them, faster than they come.
TEST_F(PacketsTest, WhoStopsReadingIsBackOnTheNewestGroupAndNobodyElseLosesAFrame) {
  start();
  PacketsWriter packets(bus_dir(), Codec::H264);
  WebSocket stuck = WebSocket::open(port_, kAllCodecs, "", 16 * 1024);
  std::vector<WebSocket> others;
  for (int i = 0; i < 9; ++i) others.push_back(WebSocket::open(port_, kAllCodecs));
  ASSERT_TRUE(eventually([&] { return metric("viewers") == 10 && packets.log.demand().packets; }));
  constexpr std::uint64_t kGroup = 50, kPackets = 10 * kGroup;
  const std::string data(20'000, 'd');
  std::uint64_t at_ns = monotonic_ns();
  for (std::uint64_t id = 1; id <= kPackets; ++id, at_ns += 40'000'000) {
    ASSERT_EQ(packets.publish(id % kGroup == 1, data, at_ns), id);
    for (WebSocket& viewer : others) {
      const auto seen = wait_seen(viewer);
      ASSERT_TRUE(seen);
      ASSERT_EQ(seen->header["frame_id"], id) << "one was lost";
    }
  }
  std::uint64_t last = 0, jumps = 0, taken = 0;
  while (last != kPackets) {
    const auto seen = wait_seen(stuck);
    ASSERT_TRUE(seen);
    const std::uint64_t id = seen->header["frame_id"];
    if (last != 0 && id != last + 1) {
      ++jumps;
      EXPECT_EQ(seen->header["key"], true) << id << " after " << last;
      EXPECT_GT(id, kPackets - kGroup) << "not the newest group";
    }
    last = id;
    ++taken;
  }
  EXPECT_EQ(jumps, 1u);
  EXPECT_LT(taken, kPackets / 2);
  EXPECT_EQ(metric("pictures_skipped_total"), kPackets - taken);
}

TEST_F(PacketsTest, BadPacketsAreCountedAndSkipped) {
  start();
  PacketsWriter packets(bus_dir(), Codec::H264);
  WebSocket viewer = WebSocket::open(port_, kAllCodecs);
  ASSERT_TRUE(eventually([&] { return packets.log.demand().packets; }));
  packets.publish(true, "keyframe");
  ASSERT_TRUE(wait_seen(viewer));
  const std::string garbage(300, '\xff');
  ASSERT_TRUE(packets.log.append({1, monotonic_ns(), false}, std::vector{std::as_bytes(std::span(garbage))}));
  packets.publish(false, "refers to what was lost");
  const std::uint64_t id = packets.publish(true, "keyframe");
  const auto seen = wait_seen(viewer);
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->header["frame_id"], id);
  EXPECT_EQ(metric("bad_records_total"), 1u);
}

TEST_F(PacketsTest, WishesThatMakeNoSenseAreRefused) {
  start();
  for (const char* query : {"?video=vp8", "?video=packets", "?codecs=h264"})
    EXPECT_EQ(WebSocket::open(port_, std::string("/ws/front") + query).answer().status, 400) << query;
}

TEST_F(PacketsTest, PingsAreAnsweredWithTheTimeOfCapture) {
  start();
  WebSocket viewer = WebSocket::open(port_, "/ws/front");
  viewer.send_text("nonsense");
  const double before = static_cast<double>(monotonic_ns()) / 1e6;
  viewer.send_text(R"({"type":"ping","id":5,"client_ms":17.25})");
  const Json pong = wait_type(viewer, "pong");
  EXPECT_EQ(pong["id"], 5);
  EXPECT_EQ(pong["client_ms"], 17.25);
  EXPECT_GE(pong["now_ms"], before - 0.001);
  EXPECT_LE(pong["now_ms"], static_cast<double>(monotonic_ns()) / 1e6);
}

// The client that docs/viewer_protocol.md shows.
TEST_F(PacketsTest, TheExamplesClientWritesThePicturesAndPrintsTheBoxes) {
  start();
  Stages stages(bus_dir());
  PacketsWriter packets(bus_dir(), Codec::MJPEG);
  const std::string file = jpeg_file(), out = folder_ / "out";
  const std::string command = "cd " + folder_.string() + " && exec python3 " + VEDETTE_SOURCE_DIR +
                              "/examples/python/watch_gateway.py localhost:" + std::to_string(port_) + " front >" + out +
                              " 2>&1 & echo $!";
  const std::unique_ptr<FILE, int (*)(FILE*)> shell(::popen(command.c_str(), "r"), ::pclose);
  pid_t pid = 0;
  ASSERT_EQ(std::fscanf(shell.get(), "%d", &pid), 1);
  const auto text = [](const std::string& path) {
    std::ifstream stream(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(stream), {});
  };
  std::uint64_t id = 0;
  const auto seen = [&] {
    if (packets.log.demand().packets) {
      id = packets.publish(true, file);
      stages.publish_detections(id, 1);
    }
    const std::string printed = text(out);
    return printed.find("picture ") != std::string::npos && printed.find("['car 0.75']") != std::string::npos &&
           text(folder_ / "front.jpg") == file;
  };
  EXPECT_TRUE(eventually(seen)) << text(out);
  ::kill(pid, SIGKILL);
}

}  // namespace
}  // namespace vedette::test
