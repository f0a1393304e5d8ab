// What needs no code of one's own to look at: /snapshot/<camera>.jpg and /stream/<camera>.mjpeg, through the whole gateway.
#include <gtest/gtest.h>

#include <future>

#include "base/clock.h"
#include "process/gateway/gateway_fixture.h"
#include "process/gateway/packets_fixture.h"
#include "vision/jpeg.h"

namespace vedette::test {
namespace {

class StreamTest : public GatewayTest {
 protected:
  // Asks while `meanwhile` is called again and again.
  HttpAnswer get_while(const std::string& target, const std::function<void()>& meanwhile) const {
    auto answer = std::async(std::launch::async, [&] { return http_get(port_, target); });
    while (answer.wait_for(std::chrono::milliseconds(10)) != std::future_status::ready) meanwhile();
    return answer.get();
  }
  static vision::Image decoded(const std::string& jpeg) {
    vision::Image image;
    vision::JpegDecoder decoder;
    const auto read = decoder.decode_i420(std::as_bytes(std::span(jpeg)), image);
    EXPECT_TRUE(read.ok()) << read.error().text;
    return image;
  }
};

std::string picture_file(std::uint8_t luma) {
  vision::Image image;
  image.reshape(PixelFormat::I420, kWidth, kHeight);
  image.set_color(ColorMatrix::BT601, ColorRange::Full);
  for (int plane = 0; plane < 3; ++plane)
    for (std::uint32_t y = 0; y < (plane == 0 ? kHeight : kHeight / 2); ++y)
      std::fill_n(image.row(plane, y), plane == 0 ? kWidth : kWidth / 2, plane == 0 ? luma : 128);
  vision::JpegEncoder encoder;
  const auto file = encoder.encode(image.view(), 80);
  return {reinterpret_cast<const char*>(file->data()), file->size()};
}

TEST_F(StreamTest, ASnapshotIsOfAPictureTakenAfterItWasAskedFor) {
  start();
  Stages stages(bus_dir());
  std::vector<std::uint64_t> ids{stages.publish_frame()};
  const std::uint64_t before = ids.back();
  const HttpAnswer answer = get_while("/snapshot/front.jpg", [&] { ids.push_back(stages.publish_frame()); });
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.headers.at("content-type"), "image/jpeg");
  EXPECT_EQ(answer.headers.at("cache-control"), "no-store");
  const std::uint64_t id = std::stoull(answer.headers.at("x-frame-id"));
  EXPECT_GT(id, before);
  const vision::Image image = decoded(answer.body);
  EXPECT_EQ(image.view().width, kWidth);
  EXPECT_NEAR(image.view().row(0, kHeight / 2)[kWidth / 2], luma_of(id), 2);
  const std::uint64_t captured_ms = std::stoull(answer.headers.at("x-captured-at"));
  EXPECT_LE(captured_ms, wall_ns() / 1'000'000);
  EXPECT_TRUE(eventually([&] { return stages.frames.beat(), !stages.frames.demand().any(); })) << "nobody waits any more";
}

TEST_F(StreamTest, ASnapshotOfAnMjpegCameraIsItsOwnFile) {
  start();
  PacketsWriter packets(bus_dir(), Codec::MJPEG);
  packets.width = kWidth, packets.height = kHeight;
  const std::string old_file = picture_file(50), file = picture_file(100);
  packets.publish(true, old_file);
  const HttpAnswer answer = get_while("/snapshot/front.jpg", [&] {
    if (packets.log.demand().packets) packets.publish(true, file);
  });
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_TRUE(answer.body == file);
  EXPECT_EQ(metric("pictures_encoded_total"), 0u);
}

TEST_F(StreamTest, ASnapshotMayBeSmallerAndHaveBoxes) {
  start();
  Stages stages(bus_dir());
  const HttpAnswer small = get_while("/snapshot/front.jpg?width=80", [&] { stages.publish_frame(); });
  ASSERT_EQ(small.status, 200) << small.body;
  EXPECT_EQ(decoded(small.body).view().width, 80u);
  EXPECT_EQ(decoded(small.body).view().height, 60u);
  const HttpAnswer large = get_while("/snapshot/front.jpg?width=4000", [&] { stages.publish_frame(); });
  EXPECT_EQ(decoded(large.body).view().width, kWidth) << "nothing is enlarged";
  // Boxes of every third frame: the picture is one that has some.
  std::uint64_t published = 0;
  const HttpAnswer boxed = get_while("/snapshot/front.jpg?boxes=1", [&] {
    const std::uint64_t id = stages.publish_frame();
    if (++published % 3 == 0) stages.publish_detections(id, 1);
  });
  ASSERT_EQ(boxed.status, 200) << boxed.body;
  const vision::Image image = decoded(boxed.body);
  const std::uint64_t id = std::stoull(boxed.headers.at("x-frame-id"));
  const auto luma_at = [&](std::uint32_t x, std::uint32_t y) { return image.view().row(0, y)[x]; };
  const auto blue_at = [&](std::uint32_t x, std::uint32_t y) { return image.view().row(1, y / 2)[x / 2]; };
  EXPECT_NEAR(luma_at(10, 10), luma_of(id), 3) << "another frame's picture";
  EXPECT_LT(blue_at(kWidth / 4, kHeight * 5 / 8), 90) << "the box's left side is green";
  EXPECT_NEAR(blue_at(10, 10), 128, 4);
}

TEST_F(StreamTest, WithoutAPictureASnapshotSaysWhy) {
  start();
  const HttpAnswer answer = http_get(port_, "/snapshot/front.jpg");
  EXPECT_EQ(answer.status, 503);
  EXPECT_NE(answer.body.find("no picture was taken within 5 s; the camera is missing"), std::string::npos) << answer.body;
  EXPECT_EQ(http_get(port_, "/snapshot/nobody.jpg").status, 404);
  for (const char* query : {"?width=0", "?width=1e3", "?width=99999", "?boxes=yes"})
    EXPECT_EQ(http_get(port_, std::string("/snapshot/front.jpg") + query).status, 400) << query;
}

TEST_F(StreamTest, AStreamIsTheCamerasFilesOneBehindTheOther) {
  start();
  PacketsWriter packets(bus_dir(), Codec::MJPEG);
  Connection stream = Connection::open(port_);
  ASSERT_TRUE(stream.send("GET /stream/front.mjpeg HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  const HttpAnswer head = stream.read_answer();
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.headers.at("content-type"), "multipart/x-mixed-replace; boundary=vedette");
  EXPECT_EQ(head.headers.count("content-security-policy"), 1u);
  ASSERT_TRUE(eventually([&] { return packets.log.demand().packets; }));
  EXPECT_EQ(metric("viewers"), 1u);
  EXPECT_EQ(stream.read_bytes(11), "--vedette\r\n");
  for (int i = 0; i < 5; ++i) {
    const std::string file = picture_file(static_cast<std::uint8_t>(50 + i));
    packets.publish(true, file);
    EXPECT_TRUE(stream.read_answer().body == file);
    EXPECT_EQ(stream.read_bytes(13), "\r\n--vedette\r\n") << "right behind it: browsers show it then";
    std::this_thread::sleep_for(std::chrono::milliseconds(40));
  }
  stream = Connection::open(port_);
  EXPECT_TRUE(eventually([&] { return metric("viewers") == 0; })) << "the end is noticed without a picture to send";
  EXPECT_EQ(http_get(port_, "/stream/nobody.mjpeg").status, 404);
}

}  // namespace
}  // namespace vedette::test
