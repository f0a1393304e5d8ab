// Decoding on demand: nothing while nobody asks, at the size that is asked for, and from the last keyframe on as soon as somebody
// does.
#include "conformance/capture/clips.h"

namespace vedette::capture {
namespace {

using namespace std::chrono_literals;

class OnDemand : public CaptureFixture {
 protected:
  std::string clip(const std::string& name, const std::string& encode, const std::string& size = "640x480", int frames = 120) {
    run_ffmpeg("-f lavfi -i testsrc2=size=" + size + ":rate=30 -frames:v " + std::to_string(frames) + " " + encode + " " +
               file(name));
    return file(name);
  }
  void demand(const bus::Demand& demand) { frames_.set_demand(demand); }
  Seen next_of_width(std::uint32_t width) {
    for (;;) {
      const auto seen = next();
      if (!seen) {
        ADD_FAILURE() << (end_ && !end_->ok() ? end_->error().text : "ended");
        return {};
      }
      if (seen->info.width() == width) return *seen;
    }
  }
};

TEST_F(OnDemand, AJpegIsDecodedAtTheScaleThatCoversTheLargestAsked) {
  start(options_for(clip("c.mkv", "-c:v mjpeg -pix_fmt yuvj420p -q:v 3")));
  const Seen full = next_of_width(640);
  const auto file_id = [&] {
    struct stat status {};
    ::stat((path_ + "/front/frames").c_str(), &status);
    return status.st_ino;
  };
  const auto before = file_id();
  bus::Subscriber other(dir_, topic("front/frames"), kFrameSchema, {});
  const struct {
    std::uint16_t width, height;
    std::uint32_t expected;
  } kAsked[] = {{320, 240, 320}, {321, 240, 640}, {320, 200, 320}, {100, 100, 160}, {160, 120, 160}, {10, 10, 80}, {0, 0, 640}};
  for (const auto& asked : kAsked) {
    demand({.pixels = true, .width = asked.width, .height = asked.height});
    const Seen seen = next_of_width(asked.expected);
    EXPECT_EQ(seen.info.height(), asked.expected * 3 / 4);
    EXPECT_EQ(seen.info.source_width(), 640u);
    EXPECT_EQ(seen.info.source_height(), 480u);
  }
  // The largest that anybody asks for counts.
  demand({.pixels = true, .width = 80, .height = 60});
  next_of_width(80);
  (void)other.take_newest();
  other.set_demand({.pixels = true, .width = 300, .height = 200});
  next_of_width(320);
  EXPECT_EQ(file_id(), before) << "a smaller picture needs no new segment";
}

TEST_F(OnDemand, VideoResumesFromTheLastKeyframeWithTheRightPictures) {
  const std::string path = clip("c.mp4", "-c:v libx264 -bf 0 -g 120 -pix_fmt yuv420p", "320x240");
  run_ffmpeg("-i " + path + " -f rawvideo -pix_fmt yuv420p " + file("raw"));
  const std::string raw = read_file(file("raw"));
  const std::size_t bytes = raw.size() / 120;
  start(options_for(path));
  ASSERT_TRUE(next());
  for (int round = 0; round < 3; ++round) {
    demand({});
    // Long enough to be far from the keyframe.
    for (int i = 0; i < 10; ++i) {
      std::this_thread::sleep_for(50ms);
      (void)frames_.take_newest();
    }
    const std::uint64_t published = slots_->counters().direct;
    std::this_thread::sleep_for(200ms);
    EXPECT_EQ(slots_->counters().direct, published) << "nobody asks";
    demand(bus::Demand::every_pixel());
    const auto seen = next();
    ASSERT_TRUE(seen);
    bool is_one = false;
    for (std::size_t i = 0; i < 120 && !is_one; ++i) is_one = raw.compare(i * bytes, bytes, seen->pixels) == 0;
    EXPECT_TRUE(is_one) << "a picture that isn't one of the clip's: decoding began in the middle";
  }
}

struct Stream {
  const char* name;
  const char* encode;
  const char* file;
  Codec codec;
};
void PrintTo(const Stream& stream, std::ostream* out) { *out << stream.name; }
constexpr Stream kStreams[] = {{"b_frames", "-c:v libx264 -bf 3 -g 15 -pix_fmt yuv420p", "c.mp4", Codec::H264},
                               {"mjpeg", "-c:v mjpeg -pix_fmt yuvj420p -q:v 3", "c.mkv", Codec::MJPEG}};
class Twins : public OnDemand, public ::testing::WithParamInterface<Stream> {};

TEST_P(Twins, PacketsAndFramesHaveTheSameIdsAndTimes) {
  bus::LogSubscriber packets(dir_, topic("front/packets"), kPacketsSchema, {.packets = true}, bus::LogFrom::kOldestKeyframe);
  start(options_for(clip(GetParam().file, GetParam().encode, "320x240", 60)));
  std::map<std::uint64_t, PacketInfo> known;
  std::vector<std::byte> record;
  std::uint64_t last_id = 0;
  for (std::size_t matched = 0; matched < 40;) {
    const auto seen = next();
    ASSERT_TRUE(seen) << (end_ && !end_->ok() ? end_->error().text : "ended");
    while (packets.take_next(record)) {
      const auto view = packet_view(record);
      ASSERT_TRUE(view.ok()) << view.error().text;
      known[view->info.frame_id()] = view->info;
    }
    EXPECT_GT(seen->info.frame_id(), last_id);
    last_id = seen->info.frame_id();
    const auto found = known.find(seen->info.frame_id());
    if (found == known.end()) continue;  // from before this reader came
    ++matched;
    EXPECT_EQ(found->second.captured_at_ns(), seen->info.captured_at_ns());
    EXPECT_EQ(found->second.trace().trace_id_low(), seen->info.trace().trace_id_low());
    EXPECT_EQ(found->second.width(), seen->info.source_width());
    EXPECT_EQ(found->second.codec(), GetParam().codec);
  }
}

INSTANTIATE_TEST_SUITE_P(Capture, Twins, ::testing::ValuesIn(kStreams),
                         [](const auto& stream) { return std::string(stream.param.name); });

TEST_F(OnDemand, AnInputThatDoesNotDetectIsNeverDecoded) {
  CameraOptions options = options_for(clip("c.mp4", "-c:v libx264 -g 15 -pix_fmt yuv420p", "320x240"));
  options.pixels = false;
  bus::LogSubscriber packets(dir_, topic("front/packets"), kPacketsSchema, {.packets = true}, bus::LogFrom::kOldestKeyframe);
  start(options);
  std::vector<std::byte> record;
  for (int taken = 0; taken < 30;) {
    taken += packets.take_next(record) ? 1 : 0;
    packets.wait(50ms);
  }
  EXPECT_EQ(slots_->counters().direct + slots_->counters().copied, 0u);
  EXPECT_FALSE(std::filesystem::exists(path_ + "/front/frames"));
}

TEST_F(OnDemand, PausedPublishesNoPackets) {
  write_control(true, 7);
  bus::LogSubscriber packets(dir_, topic("front/packets"), kPacketsSchema, {.packets = true}, bus::LogFrom::kOldestKeyframe);
  start(options_for(clip("c.mkv", "-c:v libx264 -g 15 -pix_fmt yuv420p", "320x240")));
  for (int i = 0; i < 20; ++i) {
    write_control(true, 7);
    std::this_thread::sleep_for(50ms);
  }
  const std::uint64_t paused_at = packets_->counters().published;
  for (int i = 0; i < 10; ++i) {
    write_control(true, 7);
    std::this_thread::sleep_for(50ms);
  }
  EXPECT_EQ(packets_->counters().published, paused_at);
  std::vector<std::byte> record;
  while (packets.take_next(record)) {
  }
  write_control(false, 7);
  while (!packets.take_next(record)) packets.wait(50ms);
  const auto view = packet_view(record);
  ASSERT_TRUE(view.ok());
  EXPECT_EQ(view->info.keyframe(), 1) << "resumed in the middle of a group of pictures";
  EXPECT_FALSE(view->config.empty());
}

}  // namespace
}  // namespace vedette::capture
