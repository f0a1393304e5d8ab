// What of a record changes when it is published again: its stamps and its ids, nothing else.
#include "recording/stamps.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "schema/motion.h"
#include "schema/records.h"
#include "schema/tracks.h"

namespace vedette::recording {
namespace {

TEST(Stamps, of_motion_are_moved_with_its_frame) {
  MotionInfo info;
  info.mutate_frame_id(1000);
  info.mutate_captured_at_ns(50);
  info.mutate_published_at_ns(60);
  info.mutate_columns(2);
  info.mutate_rows(1);
  info.mutate_area(0.5f);
  const std::vector<std::uint8_t> cells{7, 8}, luma{100, 200};
  std::vector<std::byte> record(kMotionSlotBytes);
  record.resize(write_motion(record, info, cells, luma));
  EXPECT_EQ(published_at_ns(kMotionSchema, record), 60u);
  restamp(kMotionSchema, record, {.shift_ns = 1'000, .captured_shift_ns = 900, .id_shift = 5});
  Motion moved;
  ASSERT_TRUE(read_motion(record, moved).ok());
  EXPECT_EQ(moved.info.frame_id(), 1005u);
  EXPECT_EQ(moved.info.captured_at_ns(), 950u);
  EXPECT_EQ(moved.info.published_at_ns(), 1060u);
  EXPECT_EQ(moved.info.area(), 0.5f);
  EXPECT_EQ(moved.cells, cells);
  EXPECT_EQ(moved.luma, luma);
  const std::span<std::byte> cut = std::span(record).first(100);
  EXPECT_EQ(published_at_ns(kMotionSchema, cut), std::nullopt);
  restamp(kMotionSchema, cut, {.shift_ns = 1});  // too short to say anything
}

TEST(Stamps, of_tracks_are_moved_with_their_frame) {
  TracksInfo info;
  info.mutate_frame_id(1000);
  info.mutate_captured_at_ns(50);
  info.mutate_published_at_ns(60);
  Track track;
  track.mutate_id(7);
  track.mutate_first_at_ns(20);
  track.mutate_seen_at_ns(50);
  std::vector<std::byte> record(kTracksSlotBytes);
  record.resize(write_tracks(record, info, std::span(&track, 1)));
  EXPECT_EQ(published_at_ns(kTracksSchema, record), 60u);
  restamp(kTracksSchema, record, {.shift_ns = 1'000, .captured_shift_ns = 900, .id_shift = 5});
  Tracks moved;
  ASSERT_TRUE(read_tracks(record, moved).ok());
  EXPECT_EQ(moved.info.frame_id(), 1005u);
  EXPECT_EQ(moved.info.captured_at_ns(), 950u);
  ASSERT_EQ(moved.tracks.size(), 1u);
  EXPECT_EQ(moved.tracks[0].id(), 7u);
  EXPECT_EQ(moved.tracks[0].first_at_ns(), 920u);
  EXPECT_EQ(moved.tracks[0].seen_at_ns(), 950u);
  EXPECT_EQ(moved.tracks[0].still_since_ns(), 0u) << "it moves";
  restamp(kTracksSchema, std::span(record).first(80), {.shift_ns = 1});  // a record that was cut
}

TEST(Stamps, of_events_and_their_media_move_with_the_frames_they_name) {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(schema::CreateEventDirect(builder, 100, schema::EventKind::Object, 10, 11, 12, "person", 0.5f, "",
                                           schema::EventPhase::Start, "rule", "zone", 13, 14, 15, 16, 17));
  const auto bytes_of = [](const flatbuffers::FlatBufferBuilder& built) {
    const auto* data = reinterpret_cast<const std::byte*>(built.GetBufferPointer());
    return std::vector<std::byte>(data, data + built.GetSize());
  };
  std::vector<std::byte> record = bytes_of(builder);
  restamp(kEventSchema, record, {.shift_ns = 1'000, .id_shift = 5});
  const schema::Event& event = *verified<schema::Event>(record).value();
  EXPECT_EQ(event.id(), 105u);
  EXPECT_EQ(event.at_ns(), 1010u);
  EXPECT_EQ(event.wall_at_ns(), 11u);
  EXPECT_EQ(event.frame_id(), 17u);
  EXPECT_EQ(event.track_id(), 13u) << "of the camera, as in its tracks";
  EXPECT_EQ(event.started_at_ns(), 1014u);
  EXPECT_EQ(event.best_frame_id(), 21u);
  EXPECT_EQ(event.best_captured_at_ns(), 1017u);

  builder.Clear();
  builder.Finish(schema::CreateMediaDirect(builder, 100, schema::MediaKind::Clip, 10, "/a.mp4", 12));
  record = bytes_of(builder);
  restamp(kMediaSchema, record, {.shift_ns = 1'000, .id_shift = 5});
  const schema::Media& media = *verified<schema::Media>(record).value();
  EXPECT_EQ(media.event_id(), 105u);
  EXPECT_EQ(media.at_ns(), 1010u);
  EXPECT_EQ(media.frame_id(), 17u);
}

}  // namespace
}  // namespace vedette::recording
