// Masks and orientation: what is masked is in no topic, not in a single byte of shared memory; what is turned is turned
// everywhere.
#include <algorithm>
#include <array>

#include "conformance/capture/clips.h"
#include "vision/jpeg.h"

namespace vedette::capture {
namespace {

// A dark picture with a white box in its middle, which nothing else in the picture is as bright as.
constexpr const char* kScene =
    "-f lavfi -i color=c=0x202020:size=320x240:rate=30,drawbox=x=120:y=80:w=80:h=80:color=white:t=fill";
constexpr std::uint8_t kBright = 150;
// A polygon around the box.
const std::vector<Polygon> kMask{{{0.34f, 0.30f}, {0.66f, 0.30f}, {0.66f, 0.70f}, {0.34f, 0.70f}}};

struct Way {
  const char* name;
  const char* encode;
  const char* file;
};
void PrintTo(const Way& way, std::ostream* out) { *out << way.name; }
constexpr Way kWays[] = {{"h264", "-c:v libx264 -bf 2 -g 15 -pix_fmt yuv420p", "c.mp4"},
                         {"mjpeg", "-c:v mjpeg -pix_fmt yuvj420p -q:v 3", "c.mkv"},
                         {"raw", "-c:v rawvideo -pix_fmt yuyv422", "c.avi"}};

class Retouched : public CaptureFixture, public ::testing::WithParamInterface<Way> {
 protected:
  CameraOptions scene() {
    run_ffmpeg(std::string(kScene) + " -frames:v 30 " + GetParam().encode + " " + file(GetParam().file));
    CameraOptions options = options_for(file(GetParam().file));
    options.masks = kMask;
    options.pass_bitstream = false;
    return options;
  }
  // As the program does it: a camera that hides something decodes in private memory.
  void start_hidden(const CameraOptions& options) {
    session_ = std::make_unique<stage::ControlReader>(dir_, "front");
    slots_ = std::make_unique<Slots>(dir_, SlotsOptions{topic("front/frames"), 16, 2, false});
    packets_ = std::make_unique<Packets>(dir_, PacketsOptions{topic("front/packets"), {16, 2}, {}});
    run_in_thread(options);
  }
  static std::size_t bright_luma(const Seen& seen) {
    const auto luma = std::size_t{seen.info.width()} * seen.info.height();
    const std::size_t step = seen.info.format() == PixelFormat::YUYV ? 2 : 1;
    std::size_t bright = 0;
    for (std::size_t i = 0; i < luma; ++i) bright += static_cast<std::uint8_t>(seen.pixels[i * step]) >= kBright ? 1 : 0;
    return bright;
  }
  std::size_t bright_in_packet(std::vector<std::byte>& record) {
    const auto view = packet_view(record);
    EXPECT_TRUE(view.ok());
    if (!view.ok()) return 0;
    EXPECT_EQ(view->info.codec(), Codec::MJPEG);
    vision::Image image;
    EXPECT_TRUE(decoder_.decode_i420(view->data, image).ok());
    std::size_t bright = 0;
    for (std::uint32_t y = 0; y < image.view().height; ++y)
      bright += static_cast<std::size_t>(std::count_if(image.row(0, y), image.row(0, y) + image.view().width,
                                                       [](std::uint8_t luma) { return luma >= kBright; }));
    return bright;
  }
  // Of the topic's file, whatever it is that lies there: the most bytes as bright as the box among any 80 that follow each other.
  // Of the box it is every one, or every second (YUYV); of the records' random ids a few.
  std::size_t most_bright_bytes(const std::string& topic_file) const {
    constexpr std::size_t kWindow = 80;
    const std::string bytes = read_file(path_ + "/" + topic_file);
    const auto bright = [&](std::size_t at) { return static_cast<std::uint8_t>(bytes[at]) >= kBright ? 1u : 0u; };
    std::size_t now = 0, most = 0;
    for (std::size_t at = 0; at < bytes.size(); ++at) {
      now += bright(at);
      if (at >= kWindow) now -= bright(at - kWindow);
      most = std::max(most, now);
    }
    return most;
  }
  static constexpr std::size_t kAsInTheBox = 38;

  vision::JpegDecoder decoder_;
};

TEST_P(Retouched, NoUnmaskedPixelIsInAnyTopic) {
  const bool coded = GetParam().name != std::string("raw");
  start_hidden(scene());
  bus::LogSubscriber packets(dir_, topic("front/packets"), kPacketsSchema, {.packets = true});
  std::vector<std::byte> record;
  std::size_t seen_frames = 0, seen_packets = 0;
  while (seen_frames < 20 || (coded && seen_packets < 10)) {
    const auto seen = next();
    ASSERT_TRUE(seen) << (end_ && !end_->ok() ? end_->error().text : "ended");
    ++seen_frames;
    EXPECT_EQ(bright_luma(*seen), 0u);
    while (packets.take_next(record)) {
      ++seen_packets;
      EXPECT_EQ(bright_in_packet(record), 0u);
    }
  }
  // Not even where nobody looks: free slots, beside the planes, records of the log that were overwritten.
  EXPECT_LT(most_bright_bytes("front/frames"), kAsInTheBox);
  if (!coded) {
    EXPECT_FALSE(packets.attached());
  }
}

// The negative control: without the mask the same looks find the box.
TEST_P(Retouched, UnmaskedTheBoxIsThere) {
  CameraOptions options = scene();
  options.masks.clear();
  options.pass_bitstream = true;
  start(options);
  const auto seen = next();
  ASSERT_TRUE(seen);
  EXPECT_NEAR(static_cast<double>(bright_luma(*seen)), 80.0 * 80.0, 400.0);
  EXPECT_GE(most_bright_bytes("front/frames"), kAsInTheBox);
}

TEST_P(Retouched, RecordUnmaskedIsTheOnlyException) {
  if (GetParam().name == std::string("raw")) GTEST_SKIP() << "a raw camera has no bitstream";
  CameraOptions options = scene();
  options.pass_bitstream = true;
  start_hidden(options);
  bus::LogSubscriber packets(dir_, topic("front/packets"), kPacketsSchema, {.packets = true}, bus::LogFrom::kOldestKeyframe);
  const auto seen = next();
  ASSERT_TRUE(seen);
  EXPECT_EQ(bright_luma(*seen), 0u);
  std::vector<std::byte> record;
  while (!packets.take_next(record)) packets.wait(std::chrono::milliseconds(50));
  const auto view = packet_view(record);
  ASSERT_TRUE(view.ok());
  EXPECT_EQ(view->info.codec(), GetParam().name == std::string("h264") ? Codec::H264 : Codec::MJPEG);
}

// Another input than the one that detects has no frames; its packets are made anew all the same.
TEST_P(Retouched, AnotherInputOfAMaskedCameraHasMaskedPacketsOnly) {
  if (GetParam().name == std::string("raw")) GTEST_SKIP() << "a raw camera has no bitstream";
  CameraOptions options = scene();
  options.pixels = false;
  start_hidden(options);
  bus::LogSubscriber packets(dir_, topic("front/packets"), kPacketsSchema, {.packets = true});
  std::vector<std::byte> record;
  for (int seen = 0; seen < 20;) {
    if (!packets.take_next(record)) {
      packets.wait(std::chrono::milliseconds(50));
      continue;
    }
    ++seen;
    EXPECT_EQ(bright_in_packet(record), 0u);
  }
  EXPECT_FALSE(std::filesystem::exists(path_ + "/front/frames"));
}

INSTANTIATE_TEST_SUITE_P(Capture, Retouched, ::testing::ValuesIn(kWays),
                         [](const auto& way) { return std::string(way.param.name); });

// Pictures of a folder that aren't JPEG come as RGB24, at the folder's own pace.
TEST_F(CaptureFixture, PngsOfAFolderAreMaskedAndTurnedToo) {
  std::filesystem::create_directories(file("folder"));
  run_ffmpeg(std::string(kScene) + " -frames:v 3 " + file("folder/%d.png"));
  for (const bool masked : {false, true}) {
    CameraOptions options = options_for(file("folder"));
    options.source.fps = options.fps = 20;
    options.orientation.rotate = 90;
    if (masked) options.masks = kMask;
    stop();
    const std::uint64_t begin = monotonic_ns();
    start(options);
    std::uint64_t before = 0;
    for (int seen = 0; seen < 6;) {
      const auto frame = next();
      ASSERT_TRUE(frame) << (end_ && !end_->ok() ? end_->error().text : "ended");
      if (frame->info.published_at_ns() < begin) continue;  // of the camera before
      ++seen;
      EXPECT_EQ(frame->info.format(), PixelFormat::RGB24);
      EXPECT_EQ(frame->info.width(), 240u);
      EXPECT_EQ(frame->info.height(), 320u);
      const auto bright = std::count_if(frame->pixels.begin(), frame->pixels.end(),
                                        [](char byte) { return static_cast<std::uint8_t>(byte) >= kBright; });
      EXPECT_EQ(bright, masked ? 0 : 3 * 80 * 80);
      if (before != 0 && frame->missed == 0) {
        EXPECT_NEAR(static_cast<double>(frame->info.captured_at_ns() - before), 50e6, 1e6);
      }
      before = seen > 1 ? frame->info.captured_at_ns() : 0;  // the first made the topic, before anybody could ask for more
    }
  }
}

// All four corners differ: where the top left one goes tells the orientation.
struct Turn {
  const char* name;
  vision::Orientation orientation;
  const char* filter;  // ffmpeg's for the same
};
void PrintTo(const Turn& turn, std::ostream* out) { *out << turn.name; }
constexpr Turn kTurns[] = {{"rotate_90", {false, false, 90}, "transpose=1"},
                           {"rotate_180", {false, false, 180}, "hflip,vflip"},
                           {"rotate_270", {false, false, 270}, "transpose=2"},
                           {"flip_horizontal", {true, false, 0}, "hflip"},
                           {"flip_vertical_and_rotate_90", {false, true, 90}, "vflip,transpose=1"}};

class Turned : public CaptureFixture, public ::testing::WithParamInterface<Turn> {};

TEST_P(Turned, LooksAsFfmpegTurnsItAndBoxesAreOfTheTurnedPicture) {
  run_ffmpeg("-f lavfi -i testsrc=size=320x240:rate=30 -frames:v 1 -c:v ffv1 -pix_fmt yuv420p " + file("c.mkv"));
  run_ffmpeg("-i " + file("c.mkv") + " -vf " + GetParam().filter + " -f rawvideo -pix_fmt yuv420p " + file("raw"));
  CameraOptions options = options_for(file("c.mkv"));
  options.orientation = GetParam().orientation;
  options.pass_bitstream = false;
  start(options);
  const auto seen = next();
  ASSERT_TRUE(seen);
  const bool turns = GetParam().orientation.turns();
  EXPECT_EQ(seen->info.width(), turns ? 240u : 320u);
  EXPECT_EQ(seen->info.source_width(), seen->info.width());
  EXPECT_EQ(seen->info.source_height(), seen->info.height());
  EXPECT_TRUE(seen->pixels == read_file(file("raw"))) << "the pixels differ";
}

INSTANTIATE_TEST_SUITE_P(Capture, Turned, ::testing::ValuesIn(kTurns),
                         [](const auto& turn) { return std::string(turn.param.name); });

// Rotated and masked: the mask is relative to the picture as the camera gives it, so the same box is hidden.
TEST_F(CaptureFixture, AMaskTurnsWithThePicture) {
  run_ffmpeg(
      "-f lavfi -i color=c=0x202020:size=320x240:rate=30,drawbox=x=10:y=20:w=60:h=40:color=white:t=fill -frames:v 5 -c:v ffv1 "
      "-pix_fmt yuv420p " +
      file("c.mkv"));
  CameraOptions options = options_for(file("c.mkv"));
  options.orientation = {true, false, 90};
  options.masks = {{{0, 0}, {0.25f, 0}, {0.25f, 0.3f}, {0, 0.3f}}};
  options.pass_bitstream = false;
  start(options);
  const auto seen = next();
  ASSERT_TRUE(seen);
  const auto luma = static_cast<std::ptrdiff_t>(std::size_t{seen->info.width()} * seen->info.height());
  EXPECT_EQ(std::count_if(seen->pixels.begin(), seen->pixels.begin() + luma,
                          [](char c) { return static_cast<std::uint8_t>(c) >= kBright; }),
            0);
  EXPECT_GT(std::count(seen->pixels.begin(), seen->pixels.begin() + luma, static_cast<char>(16)), luma / 20);
}

}  // namespace
}  // namespace vedette::capture
