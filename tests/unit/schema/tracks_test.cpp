#include "schema/tracks.h"

#include <gtest/gtest.h>

#include <cstring>
#include <limits>

namespace vedette {
namespace {

Track track(std::uint64_t id) {
  Track made;
  made.mutate_id(id);
  made.mutate_x(0.25f), made.mutate_y(0.5f), made.mutate_width(0.125f), made.mutate_height(0.25f);
  made.mutate_velocity_x(-2.5f);
  made.mutate_score(0.75f);
  made.mutate_zones(0b101);
  made.mutate_phase(TrackPhase::Lost);
  return made;
}

std::vector<std::byte> record(const std::vector<Track>& tracks) {
  TracksInfo info;
  info.mutate_frame_id(77);
  std::vector<std::byte> slot(kTracksSlotBytes);
  slot.resize(write_tracks(slot, info, tracks));
  return slot;
}

std::string refusal(const std::vector<std::byte>& bytes) {
  Tracks out;
  const auto read = read_tracks(bytes, out);
  if (read.ok()) return "";
  EXPECT_EQ(read.error().code, ErrorCode::kCorrupt);
  return read.error().text;
}

template <typename Change>
std::string refusal_of(Change change) {
  Track changed = track(2);
  change(changed);
  return refusal(record({track(1), changed}));
}

TEST(Tracks, come_back_as_written) {
  for (const std::size_t count : {std::size_t{0}, std::size_t{1}, kMaxTracks}) {
    std::vector<Track> tracks;
    for (std::size_t i = 0; i < count; ++i) tracks.push_back(track(i + 1));
    Tracks out;
    ASSERT_TRUE(read_tracks(record(tracks), out).ok());
    EXPECT_EQ(out.info.frame_id(), 77u);
    ASSERT_EQ(out.tracks.size(), count);
    for (std::size_t i = 0; i < count; ++i) EXPECT_EQ(std::memcmp(&out.tracks[i], &tracks[i], sizeof(Track)), 0);
  }
}

TEST(Tracks, cut_records_are_refused) {
  auto bytes = record({track(1), track(2)});
  while (!bytes.empty()) {
    bytes.pop_back();
    EXPECT_NE(refusal(bytes), "") << bytes.size() << " bytes";
  }
}

TEST(Tracks, values_out_of_range_are_refused) {
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(refusal_of([](Track&) {}), "");
  EXPECT_EQ(refusal_of([](Track& t) { t.mutate_x(kNan); }), "tracks record: track 1 has values out of range");
  EXPECT_NE(refusal_of([](Track& t) { t.mutate_y(-0.1f); }), "");
  EXPECT_NE(refusal_of([](Track& t) { t.mutate_width(0.8f); }), "") << "x + width is more than 1";
  EXPECT_NE(refusal_of([](Track& t) { t.mutate_height(kInfinity); }), "");
  EXPECT_NE(refusal_of([](Track& t) { t.mutate_score(1.5f); }), "");
  EXPECT_NE(refusal_of([](Track& t) { t.mutate_velocity_x(kInfinity); }), "");
  EXPECT_NE(refusal_of([](Track& t) { t.mutate_velocity_y(kNan); }), "");
  EXPECT_NE(refusal_of([](Track& t) { t.mutate_phase(static_cast<TrackPhase>(3)); }), "");
}

TEST(Tracks, an_impossible_count_is_refused) {
  auto bytes = record({track(1)});
  TracksInfo info;
  std::memcpy(&info, bytes.data(), sizeof info);
  info.mutate_count(kMaxTracks + 1);
  std::memcpy(bytes.data(), &info, sizeof info);
  EXPECT_EQ(refusal(bytes), "tracks record: more tracks than there may be");
}

}  // namespace
}  // namespace vedette
