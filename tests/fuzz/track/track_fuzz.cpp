// Any boxes at any times, and any tracks to resume from: what comes out is a record that readers take, ids grow and never come
// back.
#include <algorithm>
#include <cstring>
#include <set>
#include <vector>

#include "base/check.h"
#include "track/tracker.h"

using namespace vedette;

namespace {

// What is left of the input, number by number; zeros behind its end.
class Bytes {
 public:
  Bytes(const std::uint8_t* data, std::size_t size) : data_(data, data + size) {}
  bool empty() const { return at_ >= data_.size(); }
  std::uint8_t byte() { return empty() ? std::uint8_t{0} : data_[at_++]; }
  float part() {
    const int low = byte(), high = byte();
    return static_cast<float>(low | high << 8) / 65535.0f;
  }
  float any() {
    std::uint32_t bits = 0;
    for (int i = 0; i < 4; ++i) bits = bits << 8 | byte();
    float number = 0;
    std::memcpy(&number, &bits, sizeof number);
    return number;
  }

 private:
  std::vector<std::uint8_t> data_;
  std::size_t at_ = 0;
};

// Mostly few, so that many inputs are tried.
std::vector<Detection> boxes_from(Bytes& bytes) {
  const std::uint8_t count = bytes.byte();
  std::vector<Detection> boxes(count < 250 ? count % 16 : count);
  for (Detection& box : boxes) {
    const float x = bytes.part(), y = bytes.part();
    const float width = bytes.part() * (1 - x), height = bytes.part() * (1 - y), score = bytes.part();
    box = Detection(x, y, width, height, score, bytes.byte() % 3, 0);
  }
  return boxes;
}

std::vector<Track> tracks_from(Bytes& bytes) {
  std::vector<Track> tracks(bytes.byte() % 16);
  for (Track& track : tracks) {
    const float x = bytes.part(), y = bytes.part();
    track.mutate_id(bytes.byte() == 255 ? ~0ull : bytes.byte());
    track.mutate_seen_at_ns(bytes.byte());
    track.mutate_still_since_ns(bytes.byte());
    track.mutate_x(x), track.mutate_y(y);
    track.mutate_width(bytes.part() * (1 - x)), track.mutate_height(bytes.part() * (1 - y));
    track.mutate_velocity_x(bytes.any()), track.mutate_velocity_y(bytes.any());
    track.mutate_score(bytes.part());
    track.mutate_phase(static_cast<TrackPhase>(bytes.byte() % 3));
  }
  // As they would come: out of a record that was checked.
  std::vector<std::byte> slot(kTracksSlotBytes);
  slot.resize(write_tracks(slot, TracksInfo{}, tracks));
  Tracks read;
  return read_tracks(slot, read).ok() ? read.tracks : std::vector<Track>{};
}

void check(const track::Tracker& tracker, std::set<std::uint64_t>& gone, std::set<std::uint64_t>& there) {
  std::vector<std::byte> slot(kTracksSlotBytes);
  slot.resize(write_tracks(slot, TracksInfo{}, tracker.tracks()));
  Tracks read;
  VD_ASSERT(read_tracks(slot, read).ok(), "a record that no reader takes");
  std::set<std::uint64_t> now;
  for (const Track& track : tracker.tracks()) {
    VD_ASSERT(track.id() > 0 && track.id() < tracker.next_id() && gone.count(track.id()) == 0, "an id that mustn't be");
    VD_ASSERT(now.empty() || *now.rbegin() < track.id(), "ids out of order");
    now.insert(track.id());
  }
  for (const std::uint64_t id : there)
    if (now.count(id) == 0) gone.insert(id);
  there = now;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Bytes bytes(data, size);
  track::TrackerOptions options;
  const std::uint8_t flags = bytes.byte();
  options.fit = static_cast<track::Fit>(flags % 3);
  options.best = (flags & 4) == 0, options.motion = (flags & 8) == 0, options.shake = (flags & 16) == 0;
  options.confirm_hits = flags >> 6;
  track::Tracker tracker(options);
  std::set<std::uint64_t> gone, there;
  std::uint64_t at_ns = 1'000'000'000;
  bool begun = (flags & 32) != 0;
  if (begun) {
    tracker.resume(tracks_from(bytes), at_ns, bytes.byte());
    check(tracker, gone, there);
  }
  while (!bytes.empty()) {
    const std::uint8_t step = bytes.byte();
    if (step == 255) tracker.forget();
    const std::uint64_t next_ns = step == 254 ? at_ns + 600'000'000'000 : at_ns - 20'000'000 + std::uint64_t{step} * 10'000'000;
    const bool counted = tracker.update(boxes_from(bytes), next_ns);
    VD_ASSERT(counted == (!begun || next_ns > at_ns), "an older frame counted, or a newer one not");
    if (counted) at_ns = next_ns, begun = true;
    check(tracker, gone, there);
  }
  return 0;
}
