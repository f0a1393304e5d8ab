#include "mot/follow.h"

#include <algorithm>
#include <map>

#include "track/box.h"

namespace vedette::mot {
namespace {

constexpr std::uint64_t kStartNs = 1'000'000'000;

Detection detection(const Row& row, const Picture& picture) {
  const track::Box box = track::clipped(
      {row.left / picture.width, row.top / picture.height, row.width / picture.width, row.height / picture.height});
  return Detection(static_cast<float>(box.x), static_cast<float>(box.y), static_cast<float>(box.width),
                   static_cast<float>(box.height), static_cast<float>(std::clamp(row.conf, 0.0, 1.0)),
                   static_cast<std::uint16_t>(row.class_id), 0);
}

}  // namespace

std::vector<Row> follow(const std::vector<Row>& detections, const Picture& picture, const track::TrackerOptions& options) {
  std::map<std::int64_t, std::vector<Detection>> frames;
  for (const Row& row : detections) {
    std::vector<Detection>& boxes = frames[row.frame];
    if (boxes.size() < kMaxDetections) boxes.push_back(detection(row, picture));
  }
  std::vector<Row> rows;
  if (frames.empty()) return rows;
  track::Tracker tracker(options);
  for (std::int64_t frame = 1; frame <= frames.rbegin()->first; ++frame) {
    const auto boxes = frames.find(frame);
    const auto at_ns = kStartNs + static_cast<std::uint64_t>(static_cast<double>(frame) / picture.fps * 1e9);
    tracker.update(boxes == frames.end() ? std::span<const Detection>{} : boxes->second, at_ns);
    for (const Track& track : tracker.tracks())
      if (track.phase() == TrackPhase::Confirmed)
        rows.push_back({frame, static_cast<std::int64_t>(track.id()), track.x() * picture.width, track.y() * picture.height,
                        track.width() * picture.width, track.height() * picture.height, track.score(), track.class_id(), 1});
  }
  return rows;
}

}  // namespace vedette::mot
