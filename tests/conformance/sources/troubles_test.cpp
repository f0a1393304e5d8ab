// Cameras that die, hang, send rubbish, change their size: whatever happens to one, it is back when the camera is.
#include <csignal>

#include "base/clock.h"
#include "conformance/sources/rig.h"

namespace vedette::test {
namespace {

using namespace std::chrono_literals;

class Trouble : public Rig {
 protected:
  // A whole picture that was drawn after this call.
  void expect_pictures_again(const char* when) {
    ASSERT_TRUE(frame_drawn_after(monotonic_ns())) << when;
    EXPECT_TRUE(capture().running()) << when;
  }
  // That it gives up and tries again is said. One who pushes is never given up: capture lives on for a while meanwhile.
  void expect_opened_again(std::size_t told) {
    if (!is_pushed(kind_)) {
      ASSERT_TRUE(wait_for_log("opening it again", told));
      return;
    }
    expect_beats();
    EXPECT_EQ(log().find("opening it again"), std::string::npos);
  }
  // The gateway refuses what is no picture and says so to who pushes.
  bool is_refused() const { return dynamic_cast<IngestServer&>(*server_).camera().err().find("not a JPEG") != std::string::npos; }
  void expect_beats() {
    std::uint64_t beat = 0;
    for (int beats = 0; beats < 5;) {
      (void)frames_.take_newest();
      const auto stats = frames_.stats();
      ASSERT_TRUE(stats);
      if (std::exchange(beat, stats->beat_at_ns) != stats->beat_at_ns) ++beats;
      std::this_thread::sleep_for(10ms);
    }
  }
};

class Killed : public Trouble {
 public:
  void run();
};
void Killed::run() {
  start_capture({"timeout: 1s", "watchdog: 1500ms"});
  expect_pictures_again("at first");
  for (int round = 0; round < 2; ++round) {
    const std::size_t told = log().size();
    server_->kill();
    ASSERT_NO_FATAL_FAILURE(expect_opened_again(told));
    server_->start();
    expect_pictures_again("after it was killed");
  }
}
TEST(LiveSources, KilledAndStartedAgainItIsBack) { for_all<Killed>(live_kinds()); }

class Stopped : public Trouble {
 public:
  void run();
};
void Stopped::run() {
  start_capture({"timeout: 1s", "watchdog: 1500ms"});
  expect_pictures_again("at first");
  const std::size_t told = log().size();
  server_->pause();  // its connections stay
  // Nothing comes for `timeout`: it is said, and tried again, while the camera still hangs.
  ASSERT_NO_FATAL_FAILURE(expect_opened_again(told));
  ASSERT_NO_FATAL_FAILURE(expect_beats());
  server_->resume();
  expect_pictures_again("after it went on");
}
TEST(LiveSources, StoppedItIsGivenUpAndBackWhenItGoesOn) { for_all<Stopped>(live_kinds()); }

class Silent : public Trouble {
 public:
  void run();
};
void Silent::run() {
  start_capture({"timeout: 1s", "watchdog: 1500ms"});
  expect_pictures_again("at first");
  const std::size_t told = log().size();
  scene_->pause();  // the server answers, but has no pictures
  ASSERT_NO_FATAL_FAILURE(expect_opened_again(told));
  scene_->resume();
  expect_pictures_again("after the scene went on");
}
TEST(LiveSources, ItsPicturesStopAndComeBack) { for_all<Silent>(live_kinds()); }

class Rubbish : public Trouble {
 public:
  void run();
};
void Rubbish::run() {
  start_capture({"timeout: 10s", "watchdog: 1500ms"});
  expect_pictures_again("at first");
  const std::size_t told = log().size();
  scene_->toggle_garbage();
  if (is_pushed(kind_)) {
    ASSERT_TRUE(wait_until([&] { return is_refused(); }));
  } else {
    ASSERT_TRUE(wait_for_log("opening it again", told));
  }
  const std::uint64_t off_at = monotonic_ns();
  scene_->toggle_garbage();
  for (int whole = 0; whole < 20;) {
    const auto frame = next_frame();
    ASSERT_TRUE(frame);
    // FFmpeg 5.1 gives pictures of H.264 whose slices it refused without a word; of JPEGs each one that is shown is whole.
    if (kind_.codec != "mjpeg" && frame->info.published_at_ns() < off_at) continue;
    ASSERT_TRUE(frame->stamp) << "a torn picture";
    ++whole;
  }
  expect_pictures_again("after the rubbish");
}
TEST(LiveSources, RubbishIsNoPictureAndTheWatchdogOpensItAgain) { for_all<Rubbish>(live_kinds()); }

class Resized : public Trouble {
 public:
  void run();
};
void Resized::run() {
  start_capture({"timeout: 1s", "watchdog: 1500ms"});
  expect_pictures_again("at first");
  std::optional<std::uint32_t> stream;
  while (!stream) {
    const auto packet = next_packet();
    ASSERT_TRUE(packet);
    if (is_video(packet->info.codec())) stream = packet->info.stream();
  }
  scene_->next_size();
  for (;;) {
    const auto frame = next_frame();
    ASSERT_TRUE(frame) << "no picture of the other size";
    ASSERT_TRUE(frame->stamp) << "a torn picture";
    const bool other = frame->info.source_width() == 480 && frame->info.source_height() == 272;
    ASSERT_TRUE(other || (frame->info.source_width() == 320 && frame->info.source_height() == 240));
    if (other) break;
  }
  PacketDecoder decoder;
  std::vector<Decoded> decoded;
  for (int looked_at = 0; decoded.size() < 5; ++looked_at) {
    const auto packet = next_packet();
    ASSERT_TRUE(packet);
    ASSERT_LT(looked_at, 500) << "no packets that say the other size";
    if (!is_video(packet->info.codec()) || packet->info.width() != 480) continue;
    EXPECT_EQ(packet->info.height(), 272u);
    EXPECT_GT(packet->info.stream(), *stream) << "clips are cut where the size changes";
    EXPECT_TRUE(decoder.decode(packet->view(), decoded));
  }
  for (const Decoded& picture : decoded) {
    EXPECT_EQ(picture.width, 480u);
    EXPECT_TRUE(picture.stamp);
  }
}
TEST(LiveSources, AnotherSizeInTheMiddle) { for_all<Resized>(live_kinds()); }

}  // namespace
}  // namespace vedette::test
