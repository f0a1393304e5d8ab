// Pictures that are pushed: what is taken, what reaches the log <camera>/ingest, and when they were captured.
#include "gateway/ingest.h"

#include <cstring>
#include <thread>

#include "base/clock.h"
#include "bus/log.h"
#include "schema/packet.h"
#include "support/bus_fixture.h"
#include "vision/jpeg.h"

namespace vedette::gateway {
namespace {

constexpr stage::Share kShare{8, 2};

std::vector<std::uint8_t> jpeg(std::uint32_t width, std::uint32_t height) {
  vision::Image image;
  image.reshape(PixelFormat::I420, width, height);
  vision::JpegEncoder encoder;
  const auto file = encoder.encode(image.view(), 80);
  EXPECT_TRUE(file.ok());
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(file->data());
  return {bytes, bytes + file->size()};
}

class IngestTest : public test::BusFixture {
 protected:
  bus::LogSubscriber reader() const {
    return {dir_, {"front", "ingest"}, kPacketsSchema, bus::Demand{.packets = true}, bus::LogFrom::kOldestKeyframe};
  }
  // The next record of the topic.
  PacketView next(bus::LogSubscriber& topic) {
    for (;;) {
      if (topic.take_next(record_)) break;
      topic.wait(std::chrono::milliseconds(100));
    }
    auto view = packet_view(record_);
    EXPECT_TRUE(view.ok()) << view.error().text;
    return view.ok() ? *view : PacketView{};
  }
  std::vector<std::byte> record_;
};

TEST_F(IngestTest, AJpegReachesTheLogAsItIs) {
  Ingest ingest(dir_, "front", kShare);
  bus::LogSubscriber topic = reader();
  const auto file = jpeg(64, 48);
  const std::uint64_t before = monotonic_ns(), wall_before = wall_ns();
  const auto pushed = ingest.offer({.bytes = file});
  ASSERT_TRUE(pushed.ok()) << pushed.error().text;
  EXPECT_FALSE(pushed->client_time);
  const PacketView seen = next(topic);
  EXPECT_EQ(seen.info.frame_id(), pushed->frame_id);
  EXPECT_EQ(seen.info.codec(), Codec::MJPEG);
  EXPECT_EQ(seen.info.width(), 64u);
  EXPECT_EQ(seen.info.height(), 48u);
  EXPECT_EQ(seen.info.keyframe(), 1);
  EXPECT_GE(seen.info.captured_at_ns(), before);
  EXPECT_LE(seen.info.captured_at_ns(), seen.info.published_at_ns());
  EXPECT_GE(seen.info.wall_at_ns(), wall_before);
  EXPECT_EQ(seen.info.camera_wall_at_ns(), 0u);
  ASSERT_EQ(seen.data.size(), file.size());
  EXPECT_EQ(std::memcmp(seen.data.data(), file.data(), file.size()), 0);
}

TEST_F(IngestTest, ARawPictureSaysItsFormat) {
  Ingest ingest(dir_, "front", kShare);
  bus::LogSubscriber topic = reader();
  std::vector<std::uint8_t> pixels(5 * 3 + 2 * 6);
  for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<std::uint8_t>(i);
  PushedPicture picture{.codec = Codec::RAW, .format = PixelFormat::I420, .width = 5, .height = 3, .bytes = pixels};
  ASSERT_TRUE(ingest.offer(picture).ok());
  const PacketView seen = next(topic);
  EXPECT_EQ(seen.info.codec(), Codec::RAW);
  EXPECT_EQ(raw_format(seen.config), PixelFormat::I420);
  ASSERT_EQ(seen.data.size(), pixels.size());
  EXPECT_EQ(std::memcmp(seen.data.data(), pixels.data(), pixels.size()), 0);
  picture.bytes.pop_back();
  const auto refused = ingest.offer(std::move(picture));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().text, "26 bytes; expected 27, a picture of this size and format with no gaps between rows");
}

TEST_F(IngestTest, WhatIsNoPictureIsRefusedAndCounted) {
  Ingest ingest(dir_, "front", kShare);
  auto cut = jpeg(64, 48);
  cut.resize(10);
  for (const std::vector<std::uint8_t>& bytes :
       {std::vector<std::uint8_t>{}, std::vector<std::uint8_t>{0xff, 0xd8}, std::vector<std::uint8_t>(5000, 'x'), cut}) {
    const auto refused = ingest.offer({.bytes = bytes});
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, ErrorCode::kCorrupt);
    EXPECT_TRUE(refused.error().text.starts_with("this is not a JPEG")) << refused.error().text;
  }
  EXPECT_EQ(ingest.counters().refused, 4u);
  EXPECT_EQ(ingest.counters().taken, 0u);
}

TEST_F(IngestTest, TheClientsTimeIsBelievedWithinBounds) {
  Ingest ingest(dir_, "front", kShare);
  bus::LogSubscriber topic = reader();
  const auto file = jpeg(16, 16);
  const auto push = [&](std::optional<std::uint64_t> unix_ms) {
    const auto pushed = ingest.offer({.captured_unix_ms = unix_ms, .bytes = file});
    EXPECT_TRUE(pushed.ok());
    return std::pair(pushed->client_time, next(topic).info);
  };
  const std::uint64_t two_seconds_ago = wall_ns() / 1'000'000 - 2000;
  const auto [believed, info] = push(two_seconds_ago);
  EXPECT_TRUE(believed);
  EXPECT_EQ(info.camera_wall_at_ns(), two_seconds_ago * 1'000'000);
  EXPECT_GE(age_ns(info.captured_at_ns(), info.published_at_ns()), 2'000'000'000u);
  EXPECT_NEAR(static_cast<double>(info.wall_at_ns()), static_cast<double>(two_seconds_ago) * 1e6, 1e6);
  for (const std::uint64_t wrong :
       {wall_ns() / 1'000'000 + 5000, wall_ns() / 1'000'000 - 61'000, std::uint64_t{0}, ~std::uint64_t{0}}) {
    const std::uint64_t before = monotonic_ns();
    const auto [taken, at_arrival] = push(wrong);
    EXPECT_FALSE(taken) << wrong;
    EXPECT_GE(at_arrival.captured_at_ns(), before);
    EXPECT_EQ(at_arrival.camera_wall_at_ns(), 0u);
  }
  // Never back: this one was taken before the one before it.
  const std::uint64_t newest = push(std::nullopt).second.captured_at_ns();
  EXPECT_GT(push(two_seconds_ago).second.captured_at_ns(), newest);
}

TEST_F(IngestTest, TheLogGrowsWithThePictures) {
  Ingest ingest(dir_, "front", kShare);
  bus::LogSubscriber topic = reader();
  const std::uint32_t side = 2048;  // 4 MiB, twice what the log is made for
  ASSERT_TRUE(ingest.offer({.bytes = jpeg(16, 16)}).ok());
  const std::uint64_t first = next(topic).info.frame_id();
  const auto large = ingest.offer({.codec = Codec::RAW,
                                   .format = PixelFormat::GRAY8,
                                   .width = side,
                                   .height = side,
                                   .bytes = std::vector<std::uint8_t>(std::size_t{side} * side, 7)});
  ASSERT_TRUE(large.ok());
  const PacketView seen = next(topic);
  EXPECT_EQ(seen.info.frame_id(), large->frame_id);
  EXPECT_EQ(seen.data.size(), std::size_t{side} * side);
  EXPECT_GT(large->frame_id, first);
  EXPECT_EQ(ingest.counters().failed, 0u);
}

TEST_F(IngestTest, TheNewestWins) {
  Ingest ingest(dir_, "front", kShare);
  bus::LogSubscriber topic = reader();
  const auto file = jpeg(640, 480);
  std::uint64_t last = 0;
  constexpr std::uint64_t kMany = 2000;
  for (std::uint64_t i = 0; i < kMany; ++i) last = ingest.offer({.bytes = file})->frame_id;
  std::uint64_t seen = 0, before = 0;
  while (seen != last) {
    seen = next(topic).info.frame_id();
    EXPECT_GT(seen, before);
    before = seen;
  }
  const IngestCounters counters = ingest.counters();
  EXPECT_EQ(counters.taken, kMany);
  EXPECT_LT(counters.replaced, kMany);
  EXPECT_EQ(counters.failed, 0u);
}

TEST_F(IngestTest, IdsGoOnAfterARestart) {
  std::uint64_t last = 0;
  {
    Ingest ingest(dir_, "front", kShare);
    bus::LogSubscriber topic = reader();
    last = ingest.offer({.bytes = jpeg(16, 16)})->frame_id;
    EXPECT_EQ(next(topic).info.frame_id(), last);
  }
  Ingest again(dir_, "front", kShare);
  EXPECT_GT(again.offer({.bytes = jpeg(16, 16)})->frame_id, last);
}

TEST_F(IngestTest, AnotherWritersTopicIsSaidAndTakenOnceItIsFree) {
  std::optional<Ingest> first(std::in_place, dir_, "front", kShare);
  Ingest second(dir_, "front", kShare);
  const auto refused = second.offer({.bytes = jpeg(16, 16)});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kUnavailable);
  EXPECT_NE(refused.error().text.find("front/ingest"), std::string::npos) << refused.error().text;
  first.reset();
  while (!second.offer({.bytes = jpeg(16, 16)}).ok()) std::this_thread::sleep_for(std::chrono::milliseconds(20));
}

}  // namespace
}  // namespace vedette::gateway
