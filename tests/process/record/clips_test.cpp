// Events and what is kept of them: vedette-record with the packets of real encoders, looked at by ffprobe.
#include <algorithm>
#include <cmath>
#include <filesystem>

#include "process/record/record_fixture.h"
#include "vision/jpeg.h"

namespace vedette::test {
namespace {

using schema::EventPhase;
using schema::MediaKind;

const ClipKind kH264{"record-h264", "libx264 -preset ultrafast -bf 2 -g 30 -keyint_min 30 -sc_threshold 0", "aac -b:a 64k"};

vision::Image decoded(const std::string& path) {
  vision::Image picture;
  const std::string file = read_file(path);
  vision::JpegDecoder decoder;
  const auto good = decoder.decode_i420(std::as_bytes(std::span(file.data(), file.size())), picture);
  EXPECT_TRUE(good.ok()) << path;
  return picture;
}

double seconds(const std::string& text) { return text.empty() ? -1 : std::atof(text.c_str()); }

TEST_F(RecordTest, AnEventOfAnH264CameraGetsItsClipFromTheKeyframeBeforeThePreRoll) {
  const auto packets = packets_of(kH264);
  ASSERT_FALSE(packets.empty());
  Source source(bus_);
  source.begin(15);
  source.publish(packets, 9);
  start();
  source.tell({.id = 5, .at = 8.5, .started = 8.5, .best = 8.7});
  // The clip goes on with what comes.
  ASSERT_TRUE(wait_until([&] { return !events().empty(); }));
  EXPECT_EQ(events()[0].state, store::EventState::kOpen);
  source.publish(packets, 12);
  source.tell({.id = 5, .phase = EventPhase::Update, .at = 10.5, .started = 8.5, .best = 9.5, .zone = "yard"});
  source.tell({.id = 5, .phase = EventPhase::End, .at = 11.2, .started = 8.5, .best = 9.5, .zone = "yard"});
  source.publish(packets, 15);
  const auto event = wait_done(5);
  ASSERT_TRUE(event) << log();

  EXPECT_EQ(event->kind, "object");
  EXPECT_EQ(event->rule, "intruder");
  EXPECT_EQ(store::zones_text(event->visits), "door,yard");
  EXPECT_EQ(event->label, "person");
  EXPECT_EQ(event->ended_at_ms - event->started_at_ms, 2700);
  ASSERT_EQ(event->clips, 1u);
  const store::Tree tree(storage());
  const std::string clip = tree.clip(event->key, event->started_at_ms, 1);
  EXPECT_EQ(probe(clip, "stream=codec_name"), "h264\naac\n");
  // Begins at 5.0 (the keyframe at or before 8.5 - 3), ends at 11.2 + 2.
  EXPECT_NEAR(seconds(probe(clip, "format=duration")), 8.2, 0.15);
  EXPECT_NEAR(static_cast<double>(event->clip_ms), 8200, 150);
  // Every picture of it decodes.
  // Those of 8.2 seconds but for one or two that are shown before the last but come after it.
  EXPECT_NEAR(seconds(probe(clip, "stream=nb_read_frames", "-count_frames -select_streams v")), 245, 2);
  EXPECT_GT(event->bytes, store::file_bytes(clip));

  const auto seen = media();
  ASSERT_GE(seen.size(), 3u);
  EXPECT_EQ(seen[0].kind, MediaKind::Snapshot);
  EXPECT_NEAR(source.time_of(seen[0].frame_id), 8.7, 0.03);
  const auto told_clip = std::find_if(seen.begin(), seen.end(), [](const SeenMedia& one) { return one.kind == MediaKind::Clip; });
  ASSERT_NE(told_clip, seen.end());
  EXPECT_EQ(told_clip->path, clip);
  EXPECT_NEAR(source.time_of(told_clip->frame_id), 5.0, 0.001);
  EXPECT_EQ(static_cast<std::int64_t>(told_clip->duration_ms), event->clip_ms);
  EXPECT_EQ(seen.back().kind, MediaKind::Snapshot) << "the better picture of the end";
  EXPECT_NEAR(source.time_of(seen.back().frame_id), 9.5, 0.03);

  const vision::Image whole = decoded(tree.snapshot(event->key, event->started_at_ms));
  EXPECT_EQ(whole.view().width, 320u);
  const vision::Image crop = decoded(tree.crop(event->key, event->started_at_ms));
  EXPECT_LT(crop.view().width, 320u);
  EXPECT_GE(crop.view().width, 80u);
  const vision::Image boxed = decoded(tree.boxed(event->key, event->started_at_ms));
  // A line of green at the left border of the box, in the middle of its height.
  EXPECT_NEAR(boxed.view().row(1, 45)[40], 44, 25);
  EXPECT_NEAR(boxed.view().row(2, 45)[40], 21, 40);
  EXPECT_TRUE(files(".part").empty());
  stop();
}

TEST_F(RecordTest, AnEventThatIsDoneIsNotRecordedAgainAfterARestart) {
  const auto packets = packets_of(kH264);
  ASSERT_FALSE(packets.empty());
  Source source(bus_);
  source.begin(15);
  source.publish(packets, 15);
  start();
  source.tell({.id = 1, .at = 8, .started = 8, .best = 8});
  source.tell({.id = 1, .phase = EventPhase::End, .at = 9, .started = 8, .best = 8});
  source.tell({.id = 2, .phase = EventPhase::Once, .at = 9, .zone = "", .kind = schema::EventKind::Alarm});
  ASSERT_TRUE(wait_done(1) && wait_done(2)) << log();
  const auto before = events();
  stop();
  const auto wrote = std::filesystem::last_write_time(files(".mp4").at(0));
  start();
  source.tell({.id = 3, .phase = EventPhase::Once, .at = 10, .zone = "", .kind = schema::EventKind::Standby});
  ASSERT_TRUE(wait_done(3)) << log();
  auto after = events();
  ASSERT_EQ(after.size(), 3u);
  std::erase_if(after, [](const store::Event& event) { return event.key.id == 3; });
  EXPECT_EQ(after, before);
  EXPECT_EQ(std::filesystem::last_write_time(files(".mp4").at(0)), wrote);
  stop();
}

TEST_F(RecordTest, AnEventThatWasRemovedDoesNotComeBackWithARestart) {
  const auto packets = packets_of(kH264);
  ASSERT_FALSE(packets.empty());
  Source source(bus_);
  source.begin(15);
  source.publish(packets, 15);
  start();
  source.tell({.id = 1, .at = 8, .started = 8, .best = 8});
  source.tell({.id = 1, .phase = EventPhase::End, .at = 9, .started = 8, .best = 8});
  ASSERT_TRUE(wait_done(1)) << log();
  {
    auto store = store::Store::open_to_change(storage());
    ASSERT_TRUE(store && store->remove(store::EventKey{"front", 1}).ok());
  }
  stop();
  start();
  source.tell({.id = 2, .phase = EventPhase::Once, .at = 10, .zone = "", .kind = schema::EventKind::Standby});
  ASSERT_TRUE(wait_done(2)) << log();
  EXPECT_EQ(events().size(), 1u);
  EXPECT_TRUE(files(".mp4").empty());
  stop();
}

TEST_F(RecordTest, ASecondRecorderOfTheSameStorageIsRefused) {
  start();
  Program second({VEDETTE_BIN_DIR "/vedette-record", "--config", folder_.file("vedette.yaml")}, folder_.file("second"));
  EXPECT_NE(second.wait_exit(), 0);
  EXPECT_NE(second.err().find(storage() + "/record.lock: process "), std::string::npos) << second.err();
  stop();
}

TEST_F(RecordTest, AnEventThatARestartInterruptsGoesOnInAFurtherPart) {
  const auto packets = packets_of(kH264);
  ASSERT_FALSE(packets.empty());
  Source source(bus_);
  source.begin(15);
  source.publish(packets, 9);
  start();
  source.tell({.id = 1, .at = 8, .started = 8, .best = 8});
  ASSERT_TRUE(wait_until([&] { return !events().empty(); })) << log();
  stop();
  ASSERT_EQ(events().at(0).state, store::EventState::kInterrupted);
  EXPECT_EQ(events().at(0).clips, 1u);
  source.publish(packets, 14);
  start();
  source.tell({.id = 1, .phase = EventPhase::End, .at = 11, .started = 8, .best = 8});
  const auto event = wait_done(1);
  ASSERT_TRUE(event) << log();
  EXPECT_EQ(event->clips, 2u);
  EXPECT_EQ(files(".mp4").size(), 2u);
  stop();
}

TEST_F(RecordTest, AnEventWhosePostRollARestartInterruptsGoesOnInAFurtherPart) {
  const auto packets = packets_of(kH264);
  ASSERT_FALSE(packets.empty());
  Source source(bus_);
  source.begin(11);
  source.publish(packets, 11);
  start({"record.post_roll=4s"});
  source.tell({.id = 1, .at = 9, .started = 9, .best = 9});
  source.tell({.id = 1, .phase = EventPhase::End, .at = 10, .started = 9, .best = 9});
  ASSERT_TRUE(wait_until([&] { return !files(".mp4.part").empty(); })) << log();
  stop();
  ASSERT_EQ(events().at(0).state, store::EventState::kInterrupted);
  source.publish(packets, 16);
  start({"record.post_roll=4s"});
  const auto event = wait_done(1);
  ASSERT_TRUE(event) << log();
  EXPECT_EQ(event->clips, 2u);
  EXPECT_EQ(store::zones_text(event->visits), "door");
  EXPECT_EQ(event->visits.size(), 1u);
  stop();
}

TEST_F(RecordTest, AnAlarmShowsTheFrameThatTippedIt) {
  const auto packets = packets_of(kH264);
  ASSERT_FALSE(packets.empty());
  Source source(bus_);
  source.begin(15);
  source.publish(packets, 15);
  start();
  source.tell({.id = 1, .phase = EventPhase::Once, .at = 9, .kind = schema::EventKind::Alarm, .frame_id = 7});
  const auto event = wait_done(1);
  ASSERT_TRUE(event) << log();
  EXPECT_TRUE(event->snapshot);
  const auto seen = media();
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].kind, MediaKind::Snapshot);
  EXPECT_NEAR(source.time_of(seen[0].frame_id), 9, 0.03);
  stop();
}

TEST_F(RecordTest, NoBoxIsDrawnOnAPictureOfAnotherTime) {
  const auto packets = packets_of(kH264);
  ASSERT_FALSE(packets.empty());
  Source source(bus_);
  source.begin(15);
  source.publish(packets, 8);
  start();
  source.tell({.id = 1, .at = 7, .started = 7, .best = 14});
  source.tell({.id = 1, .phase = EventPhase::End, .at = 7.5, .started = 7, .best = 14});
  const auto event = wait_done(1);
  ASSERT_TRUE(event) << log();
  EXPECT_EQ(files(".jpg"), std::vector<std::string>{store::Tree(storage()).snapshot(event->key, event->started_at_ms)});
  stop();
}

TEST_F(RecordTest, WhereTheStreamChangesAFurtherPartBegins) {
  const auto packets = packets_of(kH264);
  ASSERT_FALSE(packets.empty());
  Source source(bus_);
  source.begin(15);
  source.publish(packets, 8);
  source.next_stream();
  source.publish(packets, 15);
  source.tell({.id = 1, .at = 7, .started = 7, .best = 7});
  source.tell({.id = 1, .phase = EventPhase::End, .at = 9, .started = 7, .best = 7});
  start();
  const auto event = wait_done(1);
  ASSERT_TRUE(event) << log();
  ASSERT_EQ(event->clips, 2u);
  const store::Tree tree(storage());
  EXPECT_NEAR(seconds(probe(tree.clip(event->key, event->started_at_ms, 1), "format=duration")), 4.0, 0.1);
  EXPECT_NEAR(seconds(probe(tree.clip(event->key, event->started_at_ms, 2), "format=duration")), 3.0, 0.1);
  EXPECT_NEAR(static_cast<double>(event->clip_ms), 7000, 200);
  stop();
}

}  // namespace
}  // namespace vedette::test
