// Records of <cam>/tracks: the objects that control follows, as of one frame. A TracksInfo, then its Tracks.
//
// Bytes out of shared memory are hostile: copy them out first, then check the copy here. Pure functions, thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "schema/frame.h"

namespace vedette {

using schema::Track;
using schema::TrackPhase;
using schema::TracksInfo;

inline constexpr std::uint64_t kTracksSchema = 0x5644'5452'0001;  // "VDTR" 1
static_assert(sizeof(Track) == 72 && alignof(Track) == 8);
static_assert(sizeof(TracksInfo) == 72 && alignof(TracksInfo) == 8);

inline constexpr std::size_t kMaxTracks = 256;  // of a camera at once
inline constexpr std::size_t kTracksSlotBytes = sizeof(TracksInfo) + kMaxTracks * sizeof(Track);

struct Tracks {
  TracksInfo info;
  std::vector<Track> tracks;
};

// Writes info (its count set to the number of tracks) and tracks; returns the bytes used. More than kMaxTracks are our own bug.
std::size_t write_tracks(std::span<std::byte> slot, TracksInfo info, std::span<const Track> tracks);
// Copies a record out and checks it: count fits, phases are known, boxes within [0, 1], scores 0..1, velocities finite.
Result<> read_tracks(std::span<const std::byte> record, Tracks& out);

std::string_view to_string(TrackPhase phase);  // "tentative", "confirmed", "lost"

}  // namespace vedette
