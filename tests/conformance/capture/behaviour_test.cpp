// How a camera behaves around its pictures: demand, pause, sessions, growth, broken files, a network that comes and goes.
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <set>

#include "conformance/capture/clips.h"
#include "support/program.h"

namespace vedette::capture {
namespace {

using namespace std::chrono_literals;

class Behaviour : public CaptureFixture {
 protected:
  // 30 fps, `frames` pictures long.
  std::string make_clip(const std::string& name, const std::string& encode, int frames = 30,
                        const std::string& size = "320x240") {
    run_ffmpeg("-f lavfi -i testsrc2=size=" + size + ":rate=30 -frames:v " + std::to_string(frames) + " " + encode + " " +
               file(name));
    return file(name);
  }
  CameraOptions once(const std::string& url) const {
    CameraOptions options = options_for(url);
    options.loop = false;
    options.pace = Pace::kFast;
    options.decoder.latency_first = false;
    return options;
  }
  static std::size_t open_files() {
    const std::filesystem::directory_iterator files("/proc/self/fd");
    return static_cast<std::size_t>(std::distance(begin(files), end(files)));
  }
  Error error_of(const std::string& url) {
    start(once(url));
    const auto end = join();
    return end.ok() ? Error{ErrorCode::kIo, "no error"} : end.error();
  }
};

constexpr const char* kH264 = "-c:v libx264 -bf 2 -g 15 -pix_fmt yuv420p";
constexpr const char* kMjpeg = "-c:v mjpeg -pix_fmt yuvj420p -q:v 3";

class Demanded : public Behaviour, public ::testing::WithParamInterface<const char*> {};
INSTANTIATE_TEST_SUITE_P(Capture, Demanded, ::testing::Values(kH264, kMjpeg),
                         [](const auto& codec) { return codec.index == 0 ? "h264" : "mjpeg"; });

TEST_P(Demanded, TenOfThirtyFramesASecondIsEveryThird) {
  frames_.set_demand(bus::Demand::pixels_at(10));
  start(options_for(make_clip("c.mkv", GetParam(), 60)));
  std::optional<Seen> last;
  for (int steps = 0; steps < 8;) {
    const auto seen = next();
    ASSERT_TRUE(seen);
    // The first frame makes the topic, before anybody could ask.
    const bool settled = last && seen->missed == 0 && last->info.frame_id() > 0 && slots_->counters().direct > 3;
    if (settled) {
      const double step_ms = static_cast<double>(seen->info.captured_at_ns() - last->info.captured_at_ns()) / 1e6;
      const bool started_anew = step_ms > 1000;  // the machine was busy
      if (!started_anew) {
        EXPECT_NEAR(step_ms, 100, 2);
      }
      ++steps;
    }
    last = seen;
  }
}

TEST_P(Demanded, TheCamerasOwnCapHoldsToo) {
  CameraOptions options = options_for(make_clip("c.mkv", GetParam(), 60));
  options.fps = 15;
  start(options);
  std::optional<Seen> last;
  for (int steps = 0; steps < 8;) {
    const auto seen = next();
    ASSERT_TRUE(seen);
    if (last && seen->missed == 0 && slots_->counters().direct > 3) {
      EXPECT_GT(seen->info.captured_at_ns() - last->info.captured_at_ns(), 60'000'000u);
      ++steps;
    }
    last = seen;
  }
}

TEST_P(Demanded, NobodyAsksNothingIsPublishedButTheFirst) {
  frames_.set_demand({});
  start(once(make_clip("c.mkv", GetParam())));
  const auto end = join();
  ASSERT_TRUE(end.ok());
  EXPECT_EQ(*end, Camera::End::kFinished);
  EXPECT_EQ(slots_->counters().direct, 1u);
}

TEST_P(Demanded, FastGivesEveryFrameThatTheClipHas) {
  CameraOptions options = once(make_clip("c.mkv", GetParam(), 60));
  // A ring that exists with its reader's demand in it: not one frame may be left out.
  options.loop = true;
  start(options);
  while (slots_->counters().direct == 0 && !done_) std::this_thread::sleep_for(1ms);
  std::uint64_t last_id = 0, last_at = 0;
  for (int i = 0; i < 120; ++i) {
    const auto seen = next();
    ASSERT_TRUE(seen);
    // Ids follow the order of showing; without B-frames one by one, once the demand has reached the camera.
    if (i > 1 && GetParam() == std::string(kMjpeg)) {
      EXPECT_EQ(seen->info.frame_id(), last_id + 1 + seen->missed);
    }
    EXPECT_GT(seen->info.frame_id(), last_id);
    EXPECT_GE(seen->info.captured_at_ns(), last_at);
    last_id = seen->info.frame_id();
    last_at = seen->info.captured_at_ns();
  }
  stop();
  EXPECT_EQ(slots_->counters().copied, 0u);
  EXPECT_EQ(slots_->counters().dropped, 0u);
}

TEST_P(Demanded, ReopenedManyTimesNothingLeaks) {
  const std::string clip = make_clip("c.mkv", GetParam(), 8);
  session_ = std::make_unique<stage::ControlReader>(dir_, "front");
  slots_ = std::make_unique<Slots>(dir_, SlotsOptions{topic("front/frames"), 16, 2});
  packets_ = std::make_unique<Packets>(dir_, PacketsOptions{topic("front/packets"), {16, 2}, {}});
  std::size_t files = 0;
  for (int i = 0; i < 20; ++i) {
    const auto end = play(once(clip));
    ASSERT_TRUE(end.ok()) << end.error().text;
    (void)frames_.take_newest();  // attaches in the first round
    if (i == 1) files = open_files();
  }
  EXPECT_EQ(open_files(), files);
  EXPECT_GE(slots_->counters().direct, 19u * 8);
  EXPECT_EQ(slots_->counters().copied, 0u) << "a slot didn't come back";
  EXPECT_EQ(slots_->counters().dropped, 0u);
}

TEST_P(Demanded, ALargerPictureReplacesTheRing) {
  const bool mjpeg = GetParam() == std::string(kMjpeg);
  const std::string ending = mjpeg ? ".mjpeg" : ".h264";
  std::string bytes;
  for (const char* size : {"320x240", "640x480", "160x120"}) bytes += read_file(make_clip("part" + ending, GetParam(), 15, size));
  write_file(file("all" + ending), bytes);
  start(options_for(file("all" + ending)));
  std::set<std::uint32_t> widths;
  while (widths.size() < 3) {
    const auto seen = next();
    ASSERT_TRUE(seen) << (end_ && !end_->ok() ? end_->error().text : "ended");
    widths.insert(seen->info.width());
  }
  EXPECT_EQ(widths, (std::set<std::uint32_t>{160, 320, 640}));
  stop();
  EXPECT_GT(slots_->counters().direct, 0u);
  EXPECT_EQ(slots_->counters().converted, 0u);
}

TEST_F(Behaviour, PausedPublishesNothingResumedGoesOn) {
  const std::string clip = make_clip("c.mkv", kH264);  // before the wish, which is no longer one when it is old
  write_control(true, 7);
  start(options_for(clip));
  // Its own first frame, then nothing for as long as it is paused.
  while (slots_->counters().direct == 0 && !done_) std::this_thread::sleep_for(1ms);
  for (int i = 0; i < 10; ++i) {
    write_control(true, 7);
    std::this_thread::sleep_for(50ms);
  }
  const std::uint64_t paused_at = slots_->counters().direct;
  EXPECT_EQ(paused_at, 1u);
  ASSERT_TRUE(next());
  write_control(false, 7);
  ASSERT_TRUE(next());
}

TEST_F(Behaviour, ANewSessionEndsItToBeStartedAgain) {
  std::uint64_t session = 7;
  write_control(false, session);
  start(options_for(make_clip("c.mkv", kMjpeg)));
  ASSERT_TRUE(next());
  while (!done_) {
    write_control(false, ++session);  // on a slow machine the first is too old to be adopted when it is seen
    std::this_thread::sleep_for(20ms);
  }
  const auto end = join();
  ASSERT_TRUE(end.ok());
  EXPECT_EQ(*end, Camera::End::kRestart);
}

TEST_F(Behaviour, ATruncatedFileIsPlayedAsFarAsItGoesAndLoops) {
  const std::string whole = read_file(make_clip("c.ts", kH264, 60));
  write_file(file("half.ts"), whole.substr(0, whole.size() * 6 / 10));
  start(options_for(file("half.ts")));
  for (int i = 0; i < 60; ++i) ASSERT_TRUE(next()) << (end_ && !end_->ok() ? end_->error().text : "ended");
}

TEST_F(Behaviour, DamagedPacketsAreSkipped) {
  std::string bytes = read_file(make_clip("c.ts", kH264, 60));
  for (std::size_t i = bytes.size() / 3; i < bytes.size(); i += 997) bytes[i] = static_cast<char>(bytes[i] ^ 0x5a);
  write_file(file("damaged.ts"), bytes);
  start(options_for(file("damaged.ts")));
  for (int i = 0; i < 40; ++i) ASSERT_TRUE(next()) << (end_ && !end_->ok() ? end_->error().text : "ended");
}

TEST_F(Behaviour, FilesThatCanNeverWorkSayWhyInOneSentence) {
  write_file(file("empty.mp4"), "");
  std::string garbage(100'000, '\0');
  for (std::size_t i = 0; i < garbage.size(); ++i) garbage[i] = static_cast<char>((i * 2654435761u) >> 13);
  write_file(file("garbage.mp4"), garbage);
  run_ffmpeg("-f lavfi -i sine=duration=1 -c:a pcm_s16le " + file("sound.wav"));
  const std::string whole = read_file(make_clip("whole.mp4", kH264));
  write_file(file("no_index.mp4"), whole.substr(0, whole.size() / 2));

  EXPECT_NE(error_of(file("empty.mp4")).text.find("0 bytes"), std::string::npos);
  EXPECT_NE(error_of(file("missing.mp4")).text.find("No such file"), std::string::npos);
  std::filesystem::create_directories(file("nothing"));
  EXPECT_NE(error_of(file("nothing")).text.find("a folder without files"), std::string::npos);
  EXPECT_NE(error_of(file("sound.wav")).text.find("no video stream"), std::string::npos);
  for (const char* name : {"empty.mp4", "missing.mp4", "garbage.mp4", "sound.wav", "no_index.mp4"}) {
    const Error error = error_of(file(name));
    EXPECT_NE(error.text.find(name), std::string::npos) << error.text;
    EXPECT_EQ(error.text.find('\n'), std::string::npos);
    EXPECT_TRUE(error.code == ErrorCode::kCorrupt || error.code == ErrorCode::kNotFound ||
                error.code == ErrorCode::kInvalidArgument)
        << name << ": " << to_string(error.code);
  }
}

// ffmpeg as an HTTP camera for one client; ends with the object.
struct Server : test::Program {
  Server(const std::string& clip, int port, const std::string& prefix)
      : Program({"/usr/bin/env", "ffmpeg", "-nostdin", "-v", "quiet", "-re", "-stream_loop", "-1", "-i", clip, "-c", "copy",
                 "-listen", "1", "-f", "mpegts", "http://127.0.0.1:" + std::to_string(port) + "/camera.ts"},
                prefix) {}
};

int free_port() {
  const UniqueFd socket(::socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  if (::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), length) != 0) return 0;
  ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &length);
  return ntohs(address.sin_port);
}

TEST_F(Behaviour, AnHttpCameraThatComesAndGoesIsOpenedForEver) {
  const std::string clip = make_clip("c.ts", kH264, 60);
  const int port = free_port();
  CameraOptions options = options_for("http://127.0.0.1:" + std::to_string(port) + "/camera.ts");
  options.source.timeout = 3000ms;
  start(options);  // nobody there yet
  for (int round = 0; round < 2; ++round) {
    const Server server(clip, port, file("server"));
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(next()) << (end_ && !end_->ok() ? end_->error().text : "ended");
  }
  EXPECT_FALSE(done_);
}

TEST_F(Behaviour, SilenceBeatsAllTheSame) {
  // A camera that accepts and then says nothing.
  const UniqueFd listener(::socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  ASSERT_EQ(::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), length), 0);
  ASSERT_EQ(::listen(listener.get(), 8), 0);
  ASSERT_EQ(::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &length), 0);

  // A clip makes the topic; then the same process's slots go on with the silent camera.
  start(once(make_clip("c.mkv", kMjpeg)));
  ASSERT_TRUE(join().ok());
  CameraOptions silent = options_for("http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/");
  silent.source.timeout = 60'000ms;
  run_in_thread(silent);
  std::set<std::uint64_t> beats;
  while (beats.size() < 10) {
    (void)frames_.take_newest();
    if (const auto stats = frames_.stats()) beats.insert(stats->beat_at_ns);
    std::this_thread::sleep_for(10ms);
  }
}

TEST_F(Behaviour, TheSecondCaptureOfACameraIsRefusedInOneSentence) {
  const std::string clip = make_clip("c.mkv", kH264);
  write_file(file("v.yaml"), "cameras:\n  front:\n    url: " + clip + "\n");
  start(options_for(clip));
  ASSERT_TRUE(next());
  const std::string command = std::string(VEDETTE_BIN_DIR) + "/vedette-capture --config " + file("v.yaml") +
                              " --camera front --bus-dir " + path_ + " 2> " + file("stderr");
  const int status = std::system(command.c_str());
  const std::string output = read_file(file("stderr"));
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_NE(WEXITSTATUS(status), 0) << output;
  EXPECT_NE(output.find("front/packets"), std::string::npos) << output;
  EXPECT_NE(output.find("error"), std::string::npos) << output;
  ASSERT_TRUE(next());
}

// There is no such hardware where tests run.
TEST_F(Behaviour, HardwareThatIsNotThereIsSaidAndTheProcessorDecodes) {
  if (std::filesystem::exists("/dev/dri/renderD128")) GTEST_SKIP() << "there is a GPU here, which may well decode H.264";
  const std::string clip = make_clip("c.mkv", kH264);
  for (const char* decode : {"vaapi", "auto"}) {
    write_file(file("v.yaml"), "cameras:\n  front:\n    url: " + clip + "\n    decode: " + decode + "\n");
    test::Program program(
        {std::string(VEDETTE_BIN_DIR) + "/vedette-capture", "--config", file("v.yaml"), "--camera", "front", "--bus-dir", path_},
        file(decode));
    bus::Subscriber frames(dir_, topic("front/frames"), kFrameSchema, bus::Demand::every_pixel());
    for (int seen = 0; seen < 5; ++seen) ASSERT_TRUE(next_of(frames)) << program.err();
    program.signal(SIGTERM);
    EXPECT_EQ(program.wait_exit(), 0) << program.err();
    const bool told = program.err().find("warning") != std::string::npos;
    const bool why =
        program.err().find("vaapi can't decode h264 here (there is no /dev/dri/renderD128); decoding on the processor") !=
        std::string::npos;
    EXPECT_EQ(told, decode == std::string("vaapi")) << program.err();
    EXPECT_EQ(why, decode == std::string("vaapi")) << program.err();
  }
}

// MPEG-4 Part 2 can be looked at, but isn't a bitstream that <camera>/packets carries: that is said once.
TEST_F(Behaviour, ACodecThatPacketsDoNotCarryIsSaid) {
  write_file(file("v.yaml"),
             "cameras:\n  front:\n    url: " + make_clip("c.avi", "-c:v mpeg4 -q:v 5 -pix_fmt yuv420p", 30) + "\n");
  test::Program program(
      {std::string(VEDETTE_BIN_DIR) + "/vedette-capture", "--config", file("v.yaml"), "--camera", "front", "--bus-dir", path_},
      file("said"));
  for (int seen = 0; seen < 40; ++seen) ASSERT_TRUE(next()) << program.err();  // it has begun anew
  program.signal(SIGTERM);
  EXPECT_EQ(program.wait_exit(), 0) << program.err();
  const std::string said = "mpeg4 can't be passed on or recorded";
  const std::size_t at = program.err().find(said);
  ASSERT_NE(at, std::string::npos) << program.err();
  EXPECT_EQ(program.err().find(said, at + 1), std::string::npos) << program.err();
  EXPECT_FALSE(std::filesystem::exists(path_ + "/front/packets"));
}

// Of a picture that claims to be so large that there is no memory for it in the ring nothing is seen, and all goes on.
TEST_F(Behaviour, AHugePictureIsDroppedAndTheOthersGoOn) {
  run_ffmpeg("-f lavfi -i testsrc2=size=64x48:rate=30 -frames:v 6 -pix_fmt yuvj420p " + file("p%d.jpg"));
  std::filesystem::create_directories(file("folder"));
  for (int i = 1; i <= 6; ++i) {
    std::string jpeg = read_file(file("p" + std::to_string(i) + ".jpg"));
    if (i == 3) {
      const std::size_t frame = jpeg.find("\xff\xc0");
      ASSERT_NE(frame, std::string::npos);
      for (const std::size_t side : {frame + 5, frame + 7}) jpeg.replace(side, 2, "\x40\x00", 2);  // 16384
    }
    write_file(file("folder/" + std::to_string(i) + ".jpg"), jpeg);
  }
  session_ = std::make_unique<stage::ControlReader>(dir_, "front");
  slots_ = std::make_unique<Slots>(dir_, SlotsOptions{topic("front/frames"), 256, 4});  // a thousand slots of 400 MB each
  packets_ = std::make_unique<Packets>(dir_, PacketsOptions{topic("front/packets"), {16, 2}, {}});
  CameraOptions options = options_for(file("folder"));
  options.source.fps = 30;
  run_in_thread(options);
  for (int seen = 0; seen < 12; ++seen) {
    const auto frame = next();
    ASSERT_TRUE(frame) << (end_ && !end_->ok() ? end_->error().text : "ended");
    EXPECT_EQ(frame->info.source_width(), 64u);
  }
  EXPECT_GT(slots_->counters().dropped, 0u);
  EXPECT_TRUE(slots_->growth_error().has_value());
}

// What refers to a packet that was too long for the log is held back with it.
TEST_F(Behaviour, WithoutItsKeyframeNothingOfAGroupIsPublished) {
  run_ffmpeg(
      "-f lavfi -i color=gray:size=2560x1440:rate=30,noise=alls=100 -frames:v 20 -c:v libx264 -preset ultrafast -qp 0 "
      "-bf 0 -g 10 -pix_fmt yuv420p " +
      file("c.mkv"));
  session_ = std::make_unique<stage::ControlReader>(dir_, "front");
  slots_ = std::make_unique<Slots>(dir_, SlotsOptions{topic("front/frames"), 16, 2});
  const stage::PacketsKept least{Codec::Unknown, 0ms, 0ms, 1};  // records of up to 2 MiB
  packets_ = std::make_unique<Packets>(dir_, PacketsOptions{topic("front/packets"), {16, 2}, least});
  run_in_thread(once(file("c.mkv")));
  const auto end = join();
  ASSERT_TRUE(end.ok()) << end.error().text;
  EXPECT_EQ(packets_->counters().too_long, 2u) << "keyframes of less than 2 MiB";
  EXPECT_EQ(packets_->counters().published, 0u);
}

TEST_F(Behaviour, AnUnknownCameraIsRefusedAndNotRestarted) {
  write_file(file("v.yaml"), "cameras:\n  front:\n    url: " + make_clip("c.mkv", kH264) + "\n");
  const int status = std::system((std::string(VEDETTE_BIN_DIR) + "/vedette-capture --config " + file("v.yaml") +
                                  " --camera back --bus-dir " + path_ + " 2> " + file("stderr"))
                                     .c_str());
  EXPECT_EQ(WEXITSTATUS(status), kExitConfig);
  EXPECT_NE(read_file(file("stderr")).find("no camera \"back\""), std::string::npos);
}

}  // namespace
}  // namespace vedette::capture
