// What becomes of each kind of camera's bitstream and sound: the clip is looked at by ffprobe.
#include <algorithm>
#include <thread>

#include "process/record/record_fixture.h"

namespace vedette::test {
namespace {

using schema::EventPhase;

struct Format {
  ClipKind source;
  std::string in_the_clip;  // codecs, a line each
};

class Formats : public RecordTest, public ::testing::WithParamInterface<Format> {};

TEST_P(Formats, BecomeAClipThatBrowsersPlay) {
  const auto packets = packets_of(GetParam().source);
  if (packets.empty()) GTEST_SKIP() << "this ffmpeg can't make " << GetParam().source.name;
  Source source(bus_);
  source.begin(12);
  source.publish(packets, 12);
  // Beginning and end are both known when record comes: the packets of after are there already.
  source.tell({.id = 1, .at = 6, .started = 6, .best = 6.5});
  source.tell({.id = 1, .phase = EventPhase::End, .at = 8, .started = 6, .best = 6.5});
  start();
  auto event = wait_done(1);
  ASSERT_TRUE(event && event->clips == 1) << log();
  const std::string clip = store::Tree(storage()).clip(event->key, event->started_at_ms, 1);
  // Of a camera that sends JPEGs the clip becomes what browsers play a little later.
  ASSERT_TRUE(wait_until([&] { return (event = wait_done(1)) && event->codec != "mjpeg"; })) << log();
  EXPECT_EQ(probe(clip, "stream=codec_name"), GetParam().in_the_clip);
  EXPECT_EQ(event->codec + "\n", GetParam().in_the_clip.substr(0, event->codec.size() + 1));
  EXPECT_NEAR(std::atof(probe(clip, "format=duration").c_str()), 7.0, 0.3);
  // Sound and picture begin and end together.
  EXPECT_NEAR(std::atof(probe(clip, "stream=duration", "-select_streams v").c_str()), 7.0, 0.3);
  if (!GetParam().source.audio.empty()) {
    EXPECT_NEAR(std::atof(probe(clip, "stream=duration", "-select_streams a").c_str()), 7.0, 0.3);
    EXPECT_NEAR(std::atof(probe(clip, "stream=start_time", "-select_streams a").c_str()), 0.0, 0.1);
  }
  EXPECT_EQ(probe(clip, "stream=codec_name", "-count_frames"), GetParam().in_the_clip) << "something in it can't be decoded";
  EXPECT_TRUE(event->snapshot);
  EXPECT_TRUE(files(".part").empty());
  stop();
}

constexpr const char* kX264 = "libx264 -preset ultrafast -g 30 -keyint_min 30 -sc_threshold 0";
INSTANTIATE_TEST_SUITE_P(
    Cameras, Formats,
    ::testing::Values(Format{{"formats-h264-silent", kX264, ""}, "h264\n"},
                      Format{{"formats-h265-aac",
                              "libx265 -preset ultrafast -x265-params log-level=error:keyint=30:min-keyint=30", "aac"},
                             "hevc\naac\n"},
                      Format{{"formats-h264-opus", kX264, "libopus"}, "h264\nopus\n"},
                      Format{{"formats-h264-alaw", kX264, "pcm_alaw -ar 8000"}, "h264\naac\n"},
                      Format{{"formats-mjpeg-ulaw", "mjpeg -pix_fmt yuvj420p -q:v 5", "pcm_mulaw -ar 8000"}, "h264\naac\n"}),
    [](const auto& one) {
      std::string name = one.param.source.name;
      std::replace(name.begin(), name.end(), '-', '_');
      return name;
    });

TEST_F(RecordTest, ACameraWithoutABitstreamHasAClipFromTheEventOn) {
  Source source(bus_, "front", false);
  source.begin(0);
  start();
  std::uint8_t luma = 40;
  const auto show = [&](int pictures) {
    for (int i = 0; i < pictures; ++i) {
      source.publish_picture(luma++);
      source.beat();
      std::this_thread::sleep_for(std::chrono::milliseconds(66));
    }
  };
  show(3);
  source.tell({.id = 1, .at = 0.2, .started = 0.2, .best = 0.2});
  show(30);
  source.tell({.id = 1, .phase = EventPhase::End, .at = 2.2, .started = 0.2, .best = 0.2});
  show(45);
  auto event = wait_done(1);
  ASSERT_TRUE(event && event->clips == 1) << log();
  ASSERT_TRUE(wait_until([&] { return (event = wait_done(1)) && event->codec == "h264"; })) << log();
  const std::string clip = store::Tree(storage()).clip(event->key, event->started_at_ms, 1);
  EXPECT_EQ(probe(clip, "stream=codec_name"), "h264\n");
  EXPECT_GT(std::atof(probe(clip, "stream=nb_read_frames", "-count_frames").c_str()), 20);
  EXPECT_TRUE(event->snapshot);
  stop();
}

}  // namespace
}  // namespace vedette::test
