// A Flow that is handed packets one by one: what counts as whole, and what is published of sound.
#include "capture/flow.h"

#include "capture/sources/libav_source.h"
#include "conformance/capture/clips.h"

namespace vedette::capture {
namespace {

// A camera's connection, from its first packet on.
class Connection final : public Source {
 public:
  Connection() : Source(Clock::kLive) {
    video_.codec = Codec::H264;
    video_.width = 64;
    video_.height = 48;
    audio_.codec = Codec::PCMA;
  }
  Read read() override { return Read::kPacket; }
  Packet& give(Packet::Kind kind, std::int64_t pts_ns) {
    packet_ = Packet{};
    packet_.kind = kind;
    packet_.data = std::as_bytes(std::span("packet"));
    packet_.pts_ns = packet_.dts_ns = pts_ns;
    packet_.arrived_ns = monotonic_ns();
    return packet_;
  }
};

class OneByOne : public CaptureFixture {
 protected:
  std::unique_ptr<Flow> open(Source& source) {
    FlowOptions options;
    options.name = "front";
    auto flow = Flow::open(options, {slots, packets, control, retouch, ids, clock}, source, 1, [] { return true; });
    EXPECT_TRUE(flow.ok()) << flow.error().text;
    return flow.ok() ? std::move(flow).value() : nullptr;
  }

  Slots slots{dir_, SlotsOptions{topic("front/frames"), 16, 2}};
  Packets packets{dir_, PacketsOptions{topic("front/packets"), {16, 2}, {}}};
  stage::ControlReader control{dir_, "front"};
  Retouch retouch{{}, {}};
  FrameIds ids{0, wall_ns()};
  SourceClock clock{SourceClock::Kind::kLive};
};

// Else the watchdog would open such a camera again and again.
TEST_F(OneByOne, WhileNobodyLooksAGroupCountsAsWholeToItsEnd) {
  run_ffmpeg("-f lavfi -i testsrc2=size=160x120:rate=30 -frames:v 60 -c:v libx264 -bf 0 -g 60 -pix_fmt yuv420p " + file("c.mkv"));
  SourceOptions options;
  options.url = file("c.mkv");
  auto source = LibavSource::open(options, [] { return true; });
  ASSERT_TRUE(source.ok()) << source.error().text;
  const auto flow = open(**source);
  ASSERT_TRUE(flow);
  const auto take = [&] {
    ASSERT_EQ((*source)->read(), Source::Read::kPacket);
    ASSERT_TRUE(flow->take((*source)->packet()).ok());
  };
  while (!slots.has_published()) take();
  (void)frames_.take_newest();
  frames_.set_demand({});
  ASSERT_FALSE(slots.demand().pixels);
  for (int i = 0; i < 30; ++i) {
    const std::uint64_t before = flow->pictures();
    take();
    ASSERT_FALSE((*source)->packet().keyframe);
    EXPECT_EQ(flow->pictures(), before + 1);
  }
  EXPECT_EQ(slots.counters().direct, 1u);
}

// The stamps of a camera that started anew have nothing to do with those of before; which time they mean its first picture tells.
TEST_F(OneByOne, SoundIsPublishedOnceAPictureOfThisConnectionCame) {
  constexpr std::int64_t kHour = 3'600'000'000'000;
  std::uint64_t published = 0;
  for (const std::int64_t begin : {kHour, std::int64_t{0}}) {
    Connection connection;
    const auto flow = open(connection);
    ASSERT_TRUE(flow);
    ASSERT_TRUE(flow->take(connection.give(Packet::Kind::kAudio, begin)).ok());
    EXPECT_EQ(packets.counters().published, published);
    const Packet& picture = connection.give(Packet::Kind::kVideo, begin);
    clock.observe(picture.pts_ns, picture.arrived_ns);
    ASSERT_TRUE(flow->take(picture).ok());
    ASSERT_TRUE(flow->take(connection.give(Packet::Kind::kAudio, begin)).ok());
    EXPECT_EQ(packets.counters().published, published + 2);
    published = packets.counters().published;
  }
  // Only pictures are keyframes of the log: who begins at the newest begins with a picture.
  bus::LogSubscriber reader(dir_, topic("front/packets"), kPacketsSchema, {.packets = true}, bus::LogFrom::kNewestKeyframe);
  std::vector<std::byte> record;
  ASSERT_TRUE(reader.take_next(record));
  const auto first = packet_view(record);
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(first->info.codec(), Codec::H264);
}

}  // namespace
}  // namespace vedette::capture
