#include "schema/tracks.h"

#include <cmath>
#include <cstring>

namespace vedette {
namespace {

// Rounding may carry a border a hair beyond the picture.
constexpr float kBorder = 1.0f + 1e-4f;

bool in_order(float value, float most) { return value >= 0.0f && value <= most; }  // NaN is in no order

bool is_good(const Track& track) {
  return in_order(track.x(), kBorder) && in_order(track.y(), kBorder) && in_order(track.width(), kBorder) &&
         in_order(track.height(), kBorder) && track.x() + track.width() <= kBorder && track.y() + track.height() <= kBorder &&
         in_order(track.score(), 1.0f) && std::isfinite(track.velocity_x()) && std::isfinite(track.velocity_y()) &&
         track.phase() <= TrackPhase::MAX;
}

}  // namespace

std::size_t write_tracks(std::span<std::byte> slot, TracksInfo info, std::span<const Track> tracks) {
  VD_ASSERT(tracks.size() <= kMaxTracks, "more tracks than a record holds");
  const std::size_t bytes = sizeof info + tracks.size_bytes();
  VD_ASSERT(slot.size() >= bytes, "a slot too small for tracks");
  info.mutate_count(static_cast<std::uint32_t>(tracks.size()));
  std::memcpy(slot.data(), &info, sizeof info);
  if (!tracks.empty()) std::memcpy(slot.data() + sizeof info, tracks.data(), tracks.size_bytes());
  return bytes;
}

Result<> read_tracks(std::span<const std::byte> record, Tracks& out) {
  const auto corrupt = [](const std::string& what) { return Error{ErrorCode::kCorrupt, "tracks record: " + what}; };
  if (record.size() < sizeof out.info) return corrupt("shorter than its header");
  std::memcpy(&out.info, record.data(), sizeof out.info);
  const std::size_t count = out.info.count();
  if (count > kMaxTracks) return corrupt("more tracks than there may be");
  if (record.size() < sizeof out.info + count * sizeof(Track)) return corrupt("shorter than its tracks");
  out.tracks.resize(count);
  if (count > 0) std::memcpy(out.tracks.data(), record.data() + sizeof out.info, count * sizeof(Track));
  for (std::size_t i = 0; i < count; ++i)
    if (!is_good(out.tracks[i])) return corrupt("track " + std::to_string(i) + " has values out of range");
  return {};
}

std::string_view to_string(TrackPhase phase) {
  switch (phase) {
    case TrackPhase::Tentative:
      return "tentative";
    case TrackPhase::Confirmed:
      return "confirmed";
    case TrackPhase::Lost:
      return "lost";
  }
  return "unknown";
}

}  // namespace vedette
