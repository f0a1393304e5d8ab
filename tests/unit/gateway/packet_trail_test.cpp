#include "gateway/packet_trail.h"

#include <gtest/gtest.h>

namespace vedette::gateway {
namespace {

class PacketTrailTest : public ::testing::Test {
 protected:
  // Numbered 1, 2, 3, …
  void push(bool key, std::size_t bytes = 10) {
    PacketInfo info;
    info.mutate_frame_id(++pushed_);
    info.mutate_captured_at_ns(captured_at_ns_ += 40'000'000);
    info.mutate_codec(Codec::H264);
    info.mutate_keyframe(key ? 1 : 0);
    info.mutate_width(64);
    info.mutate_height(48);
    std::vector<std::byte> data(bytes), record;
    for (const auto& piece : packet_pieces(info, {}, data)) record.insert(record.end(), piece.begin(), piece.end());
    const auto view = packet_view(record);
    ASSERT_TRUE(view.ok());
    trail_.push(Picture::of_packet(video_, std::move(record), *view));
  }
  // All there is for a viewer now.
  std::vector<std::uint64_t> take(PacketTrail::Place& place) {
    std::vector<std::uint64_t> ids;
    for (;;) {
      const PacketTrail::Step step = trail_.step(place);
      skipped_ += step.skipped;
      if (!step.packet) return ids;
      ids.push_back(step.packet->frame_id());
    }
  }
  using Ids = std::vector<std::uint64_t>;

  const VideoPtr video_ = std::make_shared<const Video>(Video{VideoSource::kCamera, Codec::H264, "", 64, 48, 1});
  PacketTrail trail_;
  std::uint64_t pushed_ = 0, skipped_ = 0, captured_at_ns_ = 1'000'000'000;
};

TEST_F(PacketTrailTest, WhoComesBeginsAtTheNewestKeyframe) {
  PacketTrail::Place early;
  EXPECT_EQ(take(early), Ids{});
  push(false);
  EXPECT_EQ(take(early), Ids{}) << "nothing can be decoded without a keyframe";
  for (const bool key : {true, false, true, false, false}) push(key);
  PacketTrail::Place late;
  EXPECT_EQ(take(late), (Ids{4, 5, 6}));
  EXPECT_EQ(take(early), (Ids{4, 5, 6}));
  EXPECT_EQ(skipped_, 0u);
  push(true);
  EXPECT_EQ(take(late), Ids{7});
  EXPECT_EQ(take(late), Ids{});
}

TEST_F(PacketTrailTest, WhoIsALittleLateMissesNothing) {
  push(true);
  PacketTrail::Place place;
  EXPECT_EQ(take(place), Ids{1});
  for (const bool key : {false, false, true, false}) push(key);
  EXPECT_EQ(take(place), (Ids{2, 3, 4, 5}));
  EXPECT_EQ(skipped_, 0u);
}

TEST_F(PacketTrailTest, WhoIsFarBehindGoesOnAtTheNewestKeyframe) {
  push(true);
  PacketTrail::Place place;
  EXPECT_EQ(take(place), Ids{1});
  push(false);
  push(false);
  captured_at_ns_ += PacketTrail::kMostBehindNs;
  push(true);
  push(false);
  EXPECT_EQ(take(place), (Ids{4, 5}));
  EXPECT_EQ(skipped_, 2u);
  // Groups that are gone altogether.
  for (int group = 0; group < 5; ++group)
    for (const bool key : {true, false, false}) push(key);
  EXPECT_EQ(take(place), (Ids{18, 19, 20}));
  EXPECT_EQ(skipped_, 2u + 12u);
}

TEST_F(PacketTrailTest, ACameraWithoutKeyframesTakesNoMemory) {
  push(true, 1000);
  PacketTrail::Place quick, slow;
  EXPECT_EQ(take(quick), Ids{1});
  EXPECT_EQ(take(slow), Ids{1});
  constexpr std::size_t kLarge = PacketTrail::kMostBytes / 10;
  for (int i = 0; i < 30; ++i) {
    push(false, kLarge);
    ASSERT_EQ(take(quick), Ids{pushed_}) << "who is up to date stays so";
  }
  PacketTrail::Place late;
  EXPECT_EQ(take(late), Ids{});
  EXPECT_EQ(take(slow), Ids{}) << "its place is gone, and nothing can be decoded from the middle";
  push(true);
  EXPECT_EQ(take(late), Ids{32});
  EXPECT_EQ(take(slow), Ids{32});
  EXPECT_EQ(skipped_, 30u);
}

TEST_F(PacketTrailTest, ClearedMeansFromTheNextKeyframeOn) {
  push(true);
  PacketTrail::Place behind, late;
  EXPECT_EQ(take(behind), Ids{1});
  push(false);
  trail_.clear();
  EXPECT_EQ(take(behind), Ids{});
  EXPECT_EQ(take(late), Ids{});
  push(true);
  EXPECT_EQ(take(behind), Ids{3});
  EXPECT_EQ(take(late), Ids{3});
}

}  // namespace
}  // namespace vedette::gateway
