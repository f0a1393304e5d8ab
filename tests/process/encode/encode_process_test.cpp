// Who asks, who doesn't, who dies, who hangs.
#include <csignal>
#include <map>

#include "base/clock.h"
#include "process/encode/encode_fixture.h"
#include "stage/topics.h"

namespace vedette::test {
namespace {

constexpr char kCamera[] = "synthetic:?size=320x240&fps=30";

TEST_F(EncodeTest, NothingIsEncodedWhileNobodyAsks) {
  start_capture(kCamera);
  start_encode();
  ASSERT_TRUE(wait_for_log());
  EXPECT_FALSE(pixels_are_asked_for());
  {
    Viewer idle(bus_, {});  // reads, but asks for nothing
    EXPECT_FALSE(idle.next(std::chrono::seconds(2)));
  }
  EXPECT_EQ(encoded(), 0u);
  EXPECT_FALSE(pixels_are_asked_for());

  {
    Viewer viewer(bus_);
    ASSERT_TRUE(viewer.next());
    EXPECT_TRUE(pixels_are_asked_for());
  }
  ASSERT_TRUE(wait_until([&] { return !pixels_are_asked_for(); }));
  const std::uint64_t before = encoded();
  Viewer idle(bus_, {}, bus::LogFrom::kNext);
  EXPECT_FALSE(idle.next(std::chrono::seconds(2)));
  EXPECT_EQ(encoded(), before);
}

TEST_F(EncodeTest, WhoComesGetsAKeyframe) {
  start_capture(kCamera);
  start_encode({"encode.keyframe_interval=1m"});
  ASSERT_TRUE(wait_for_log());
  Viewer first(bus_);
  for (int i = 0; i < 40; ++i) {
    const auto seen = first.next();
    ASSERT_TRUE(seen);
    EXPECT_EQ(seen->info.keyframe(), i == 0 ? 1 : 0) << i;
  }
  bus::LogSubscriber second(bus_, {"front", "encoded"}, kPacketsSchema, {.packets = true}, bus::LogFrom::kNext);
  std::vector<std::byte> record;
  EXPECT_TRUE(wait_until(
      [&] {
        const bus::LogTaken taken = second.take_next(record);
        return taken && taken.stamp.keyframe;
      },
      std::chrono::seconds(30)));  // half of what the next one by the clock would take
}

TEST_F(EncodeTest, KilledItsSuccessorGoesOnWithAKeyframe) {
  start_capture(kCamera);
  start_encode();
  ASSERT_TRUE(wait_for_log());
  Viewer viewer(bus_);
  std::uint64_t last_id = 0;
  std::uint32_t stream = 0;
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 10; ++i) {
      const auto seen = viewer.next();
      ASSERT_TRUE(seen) << round;
      EXPECT_GT(seen->info.frame_id(), last_id);
      if (i == 0 && round > 0) {
        EXPECT_GT(seen->info.stream(), stream);
      }
      ASSERT_TRUE(seen->stamp);
      EXPECT_EQ(seen->stamp->at_ns, seen->info.captured_at_ns());
      last_id = seen->info.frame_id();
      stream = seen->info.stream();
    }
    encode_->signal(SIGKILL);
    ASSERT_EQ(encode_->wait_exit(), 128 + SIGKILL);
    while (const auto rest = viewer.next(std::chrono::seconds(1))) last_id = rest->info.frame_id(), stream = rest->info.stream();
    start_encode();
  }
  EXPECT_TRUE(wait_until([&] { return look("encoded")->stats.epoch == 4; })) << "in the same files";
}

TEST_F(EncodeTest, AHungReaderHoldsUpNobody) {
  start_capture(kCamera);
  start_encode();
  ASSERT_TRUE(wait_for_log());
  Viewer viewer(bus_);
  ASSERT_TRUE(viewer.next());
  Program hung({VEDETTE_BIN_DIR "/vedette-tools", "echo", "front/encoded", "--bus-dir", shm_.file("bus")}, folder_.file("echo"));
  ASSERT_TRUE(wait_until([&] { return !hung.out().empty(); })) << hung.err();
  hung.signal(SIGSTOP);
  for (int i = 0; i < 60; ++i) {
    const auto seen = viewer.next();
    ASSERT_TRUE(seen);
    EXPECT_EQ(seen->missed, 0u);
  }
}

TEST_F(EncodeTest, ItStopsWhenItIsTold) {
  start_capture(kCamera);
  start_encode();
  ASSERT_TRUE(wait_for_log());
  Viewer viewer(bus_);
  ASSERT_TRUE(viewer.next());
  encode_->signal(SIGTERM);
  EXPECT_EQ(encode_->wait_exit(), 0);
}

TEST_F(EncodeTest, ACameraWithABitstreamIsLeftAlone) {
  start_capture(kCamera);
  start_encode();
  ASSERT_TRUE(wait_for_log());
  const auto packets = bus::LogWriter::open(bus_, {"front", "packets"}, stage::packets_log({}, {}));
  ASSERT_TRUE(packets.ok());
  EXPECT_TRUE(wait_until([&] { return !look("encoded"); }));
}

TEST_F(EncodeTest, AnEncoderThatIsntThereIsSaidAndReplaced) {
  start_capture(kCamera);
  start_encode({"encode.encoder=v4l2m2m"});
  ASSERT_TRUE(wait_for_log());
  Viewer viewer(bus_);
  ASSERT_TRUE(viewer.next());
  if (encode_->err().find("encodes by h264_v4l2m2m") != std::string::npos) GTEST_SKIP() << "this machine has such an encoder";
  EXPECT_NE(encode_->err().find("h264_v4l2m2m can't encode here: "), std::string::npos) << encode_->err();
  EXPECT_NE(encode_->err().find("; encoding on the processor by lib"), std::string::npos) << encode_->err();
}

}  // namespace
}  // namespace vedette::test
