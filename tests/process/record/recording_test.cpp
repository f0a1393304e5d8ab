// Recordings and what they are made of, without a process around them: at moments that a test would have to wait for.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <map>

#include "base/clock.h"
#include "record/audio.h"
#include "record/recording.h"
#include "record/retention.h"
#include "record/transcoder.h"
#include "store/database.h"
#include "support/program.h"

namespace vedette::record {
namespace {

constexpr std::uint64_t kSecondNs = 1'000'000'000;

class Unhurried : public ::testing::Test {
 protected:
  Unhurried()
      : shm_("/dev/shm"),
        bus_(std::move(bus::BusDir::open(shm_.file("bus"))).value()),
        store_(std::move(store::Store::open(shm_.file("storage"))).value()),
        disk_(shm_.file("storage"), 0),
        feed_(bus_, {"front", "", false, 90}),
        snapshots_(feed_, {}) {}

  News news(schema::EventPhase phase) const {
    News news;
    news.id = 1;
    news.kind = schema::EventKind::Object;
    news.phase = phase;
    news.at_ns = news.started_at_ns = now_;
    news.wall_at_ns = news.started_wall_at_ns = wall_ns();
    return news;
  }
  Recording recording() {
    return Recording({store_, disk_, feed_, snapshots_, [](const Media&) {}, [](const store::EventKey&) {}}, {}, "front",
                     news(schema::EventPhase::Start), std::nullopt);
  }
  store::EventState state() const { return store_.find({"front", 1}).value()->state; }

  const std::uint64_t now_ = monotonic_ns();
  test::TempFolder shm_;
  bus::BusDir bus_;
  store::Store store_;
  Disk disk_;
  Feed feed_;
  SnapshotWriter snapshots_;
};

TEST_F(Unhurried, AnEventWhoseEndWasMissedIsInterruptedAMinuteLater) {
  Recording event = recording();
  EXPECT_FALSE(event.step(now_));
  event.doubt(now_);
  event.update(news(schema::EventPhase::Update));  // it goes on
  EXPECT_FALSE(event.step(now_ + 61 * kSecondNs));
  EXPECT_EQ(state(), store::EventState::kOpen);
  event.doubt(now_);
  EXPECT_FALSE(event.step(now_ + 59 * kSecondNs));
  EXPECT_TRUE(event.step(now_ + 61 * kSecondNs));
  EXPECT_EQ(state(), store::EventState::kInterrupted);
}

TEST_F(Unhurried, AnEventThatCouldNotBeSavedIsSavedLater) {
  Recording event = recording();
  EXPECT_FALSE(event.step(now_));
  event.update(news(schema::EventPhase::End));
  EXPECT_FALSE(event.step(now_ + 2 * kSecondNs)) << "its post-roll is still to come";
  const std::uint64_t later = now_ + 60 * kSecondNs;
  {
    const auto other = store::Database::open(store_.tree().database(), store::Database::Access::kWrite);
    const auto held = store::Transaction::begin(*other);
    EXPECT_FALSE(event.step(later));
  }
  EXPECT_EQ(state(), store::EventState::kOpen);
  EXPECT_TRUE(event.step(later + kSecondNs));
  EXPECT_EQ(state(), store::EventState::kDone);
}

TEST_F(Unhurried, WhatCannotBeRemovedDoesNotKeepTheRest) {
  std::int64_t at_ms = 0;
  for (std::uint64_t id = 1; id <= 3; ++id) {
    store::Event done;
    done.key = {"front", id};
    done.started_at_ms = at_ms += 1000;
    done.state = store::EventState::kDone;
    done.clips = 1;
    ASSERT_TRUE(store_.put(done));
  }
  const std::string stuck = store_.tree().clip({"front", 1}, 1000, 1);
  std::filesystem::create_directories(stuck + "/in the way");
  ASSERT_TRUE(store_.put(store::Segment{"front", 1000, 2000, 1}));
  const Removed removed = enforce(store_, {0, 0, 0, 0}, 1'000'000);
  EXPECT_EQ(removed.events, 2u);
  EXPECT_EQ(removed.segments, 1u);
  EXPECT_NE(removed.failed.find(stuck), std::string::npos) << removed.failed;
}

TEST_F(Unhurried, WhatIsTooOldGoesWithItsFilesAndAFavouriteStays) {
  constexpr std::int64_t kDayMs = 86'400'000, kNowMs = 1'800'000'000'000;
  constexpr std::uint64_t kAnySize = std::numeric_limits<std::uint64_t>::max();
  std::map<std::uint64_t, std::vector<std::string>> files;
  for (const std::uint64_t days : {2, 9, 11, 12, 30}) {  // its id too
    store::Event done;
    done.key = {"front", days};
    done.started_at_ms = kNowMs - static_cast<std::int64_t>(days) * kDayMs;
    done.state = store::EventState::kDone;
    done.snapshot = true, done.clips = 2;
    ASSERT_TRUE(store_.put(done));
    const store::Tree& tree = store_.tree();
    for (const std::string& file : {tree.snapshot(done.key, done.started_at_ms), tree.crop(done.key, done.started_at_ms),
                                    tree.boxed(done.key, done.started_at_ms), tree.clip(done.key, done.started_at_ms, 1),
                                    tree.clip(done.key, done.started_at_ms, 2)})
      ASSERT_TRUE(store::write_durably(file, "of " + std::to_string(days)));
    files[days] = tree.files_of(done);
    ASSERT_EQ(files[days].size(), 6u);
  }
  ASSERT_TRUE(store_.set_favourite({"front", 12}, true));
  std::vector<store::Segment> segments;
  for (const int hours : {1, 47, 49, 24 * 9}) {
    const std::int64_t ended_at_ms = kNowMs - hours * kDayMs / 24;
    segments.push_back({"front", ended_at_ms - 60'000, ended_at_ms, 7});
    ASSERT_TRUE(store::write_durably(store_.tree().segment("front", ended_at_ms - 60'000), "segment"));
    ASSERT_TRUE(store_.put(segments.back()));
  }

  const Removed removed = enforce(store_, {10 * kDayMs, kAnySize, 2 * kDayMs, kAnySize}, kNowMs);
  EXPECT_EQ(removed.events, 2u);
  EXPECT_EQ(removed.segments, 2u);
  EXPECT_EQ(removed.failed, "");
  for (const auto& [days, of_event] : files) {
    const bool stays = days < 10 || days == 12;
    EXPECT_EQ(store_.find({"front", days}).value().has_value(), stays) << days;
    for (const std::string& file : of_event) EXPECT_EQ(std::filesystem::exists(file), stays) << file;
  }
  ASSERT_EQ(store_.segments("front", 10)->size(), 2u);
  for (const store::Segment& segment : segments)
    EXPECT_EQ(std::filesystem::exists(store_.tree().segment("front", segment.started_at_ms)),
              segment.ended_at_ms >= kNowMs - 2 * kDayMs);
  EXPECT_EQ(enforce(store_, {10 * kDayMs, kAnySize, 2 * kDayMs, kAnySize}, kNowMs).events, 0u);
}

TEST(Transcoder, ReplacesAClipByAllOfItOrNotAtAll) {
  const test::TempFolder folder("/dev/shm");
  const std::string clip = folder.file("clip.mp4");
  const std::string make =
      "ffmpeg -v error -f lavfi -i testsrc2=size=320x180:rate=15 -t 4 -c:v mjpeg -movflags +faststart " + clip;
  if (std::system(make.c_str()) != 0) GTEST_SKIP() << "this ffmpeg can't make a clip of JPEGs";
  const std::string whole = test::read_file(clip), torn = whole.substr(0, whole.size() * 2 / 3);
  const auto go_on = [] { return true; };
  set_libav_log([](std::string_view) {});
  std::ofstream(clip, std::ios::binary) << torn;
  const auto done = turn_into_h264(clip, go_on);
  ASSERT_FALSE(done.ok());
  if (done.error().code == ErrorCode::kNotFound) GTEST_SKIP() << done.error().text;
  EXPECT_EQ(test::read_file(clip), torn);
  std::ofstream(clip, std::ios::binary) << whole;
  const auto again = turn_into_h264(clip, go_on);
  ASSERT_TRUE(again) << again.error().text;
  EXPECT_NE(test::read_file(clip), whole);
}

// A camera may say that its G.722 is stereo; libav's decoder knows mono alone.
TEST(AudioToAac, TakesAsManyChannelsAsTheDecoderGives) {
  PacketInfo info;
  info.mutate_codec(Codec::G722);
  info.mutate_sample_rate(16'000);
  info.mutate_channels(2);
  const auto opened = AudioToAac::open(info);
  if (!opened && opened.error().code == ErrorCode::kNotFound) GTEST_SKIP() << opened.error().text;
  ASSERT_TRUE(opened) << opened.error().text;
  std::int64_t samples = 0;
  const auto count = [&](AVPacket& packet) { samples += packet.duration; };
  const std::vector<std::byte> packet(160, std::byte{0x5a});  // 20 ms
  for (int i = 0; i < 100; ++i) (*opened)->add(packet, count);
  (*opened)->finish(count);
  EXPECT_NEAR(static_cast<double>(samples), 100 * 320, 2 * 1024);
}

TEST(AudioToAac, TakesAPacketOfAnySize) {
  PacketInfo info;
  info.mutate_codec(Codec::PCMU);
  info.mutate_sample_rate(8'000);
  info.mutate_channels(1);
  const auto opened = AudioToAac::open(info);
  ASSERT_TRUE(opened) << opened.error().text;
  int packets = 0;
  (*opened)->add(std::vector<std::byte>(std::size_t{1} << 20), [&](AVPacket&) { ++packets; });
  EXPECT_GT(packets, 1000);
}

}  // namespace
}  // namespace vedette::record
