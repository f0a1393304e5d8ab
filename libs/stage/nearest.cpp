#include "stage/nearest.h"

#include <algorithm>
#include <cstring>

#include "schema/frame.h"

namespace vedette::stage {
namespace {

// A record of the future isn't believed; clocks of readers and writers on one machine are one.
constexpr std::uint64_t kFutureNs = 1'000'000'000;
constexpr std::int64_t kNsPerMs = 1'000'000;
constexpr std::uint64_t kMostApartNs = 5'000'000'000;

std::uint64_t distance(std::uint64_t a, std::uint64_t b) { return a > b ? a - b : b - a; }

}  // namespace

NearestRecords::NearestRecords(const bus::BusDir& dir, bus::TopicName topic, std::uint64_t schema_id, NearestOptions options)
    : topic_(dir, std::move(topic), schema_id), options_(options) {}

void NearestRecords::poll(std::uint64_t now_ns) {
  for (bus::Taken taken = topic_.take_next(); taken; taken = topic_.take_next()) {
    const std::span<const std::byte> bytes = taken.lease.bytes();
    Entry entry;
    std::uint64_t begin[2] = {0, 0};
    if (bytes.size() >= sizeof begin) std::memcpy(begin, bytes.data(), sizeof begin);
    entry.frame_id = begin[0];
    entry.captured_at_ns = begin[1];
    const bool sane =
        entry.frame_id == taken.lease.frame_id() && entry.captured_at_ns != 0 && entry.captured_at_ns <= now_ns + kFutureNs;
    if (sane) note_clock(bytes, entry.captured_at_ns);
    taken.lease.release();
    if (sane)
      note(entry);
    else
      ++bad_records_;
  }
}

void NearestRecords::note_clock(std::span<const std::byte> record, std::uint64_t captured_at_ns) {
  std::uint32_t clock_ms = 0;
  if (topic_.schema_id() == kDetectionsSchema && record.size() >= sizeof(DetectionsInfo)) {
    DetectionsInfo info;
    std::memcpy(&info, record.data(), sizeof info);
    clock_ms = info.camera_clock_ms();
  } else if (topic_.schema_id() == kFrameSchema && record.size() >= sizeof(FrameInfo)) {
    FrameInfo info;
    std::memcpy(&info, record.data(), sizeof info);
    clock_ms = camera_clock_ms(info.camera_wall_at_ns());
  }
  clock_ms_ = clock_ms;
  clock_at_ns_ = captured_at_ns;
}

// When the input of the records took the picture that the other input took at these times.
std::uint64_t NearestRecords::in_time_of_records(std::uint64_t captured_at_ns, std::uint64_t camera_wall_at_ns) const {
  const std::uint32_t picture_ms = camera_clock_ms(camera_wall_at_ns);
  if (picture_ms == 0 || clock_ms_ == 0) return captured_at_ns;
  const auto later_ms = static_cast<std::int32_t>(picture_ms - clock_ms_);  // over the wrap of the 32 bits too
  const auto at_ns = static_cast<std::int64_t>(clock_at_ns_) + std::int64_t{later_ms} * kNsPerMs;
  const std::uint64_t mapped = at_ns < 0 ? 0 : static_cast<std::uint64_t>(at_ns);
  // Streams of one camera aren't that far apart: its clock was set meanwhile.
  return distance(mapped, captured_at_ns) > kMostApartNs ? captured_at_ns : mapped;
}

void NearestRecords::note(const Entry& entry) {
  if (count_ == entries_.size()) {
    if (entry.captured_at_ns < entries_.front().captured_at_ns) return;
    forget(0);
  }
  const auto end = entries_.begin() + static_cast<std::ptrdiff_t>(count_);
  const auto place = std::upper_bound(entries_.begin(), end, entry,
                                      [](const Entry& a, const Entry& b) { return a.captured_at_ns < b.captured_at_ns; });
  std::copy_backward(place, end, end + 1);
  *place = entry;
  ++count_;
}

void NearestRecords::forget(std::size_t index) {
  const auto place = entries_.begin() + static_cast<std::ptrdiff_t>(index);
  std::copy(place + 1, entries_.begin() + static_cast<std::ptrdiff_t>(count_), place);
  --count_;
}

std::size_t NearestRecords::nearest(std::uint64_t captured_at_ns) const {
  std::size_t best = count_;
  std::uint64_t least = to_ns(options_.bound);
  for (std::size_t i = 0; i < count_; ++i) {
    const std::uint64_t away = distance(entries_[i].captured_at_ns, captured_at_ns);
    if (away > least || (away == least && best != count_)) continue;
    best = i;
    least = away;
  }
  return best;
}

// Can no record come any more that is nearer than `distance_ns`? Records come in order of capture but for what a codec or a pool
// of workers exchanges, which is less than a gap.
bool NearestRecords::settled(std::uint64_t captured_at_ns, std::uint64_t distance_ns, std::uint64_t now_ns) const {
  if (distance_ns == 0 || (now_ns > captured_at_ns && now_ns - captured_at_ns > to_ns(options_.patience))) return true;
  if (count_ == 0) return false;
  const std::uint64_t newest = entries_[count_ - 1].captured_at_ns;
  return newest + to_ns(options_.record_gap) >= captured_at_ns + distance_ns || newest >= captured_at_ns;
}

NearestRecords::Answer NearestRecords::find(std::uint64_t picture_at_ns, std::uint64_t camera_wall_at_ns, std::uint64_t now_ns) {
  const std::uint64_t captured_at_ns = in_time_of_records(picture_at_ns, camera_wall_at_ns);
  Answer answer;
  for (;;) {
    const std::size_t best = nearest(captured_at_ns);
    if (best == count_) {
      // Something within the bound would be nearer than nothing.
      answer.status = settled(captured_at_ns, to_ns(options_.bound) + 1, now_ns) ? Status::kNone : Status::kNotYet;
      return answer;
    }
    bus::Found found = topic_.find(entries_[best].frame_id);
    if (found.status == bus::Find::kShareUsed) {
      answer.status = Status::kShareUsed;
      return answer;
    }
    if (!found) {  // its slot has another record by now, or the topic has new files
      forget(best);
      continue;
    }
    answer.captured_at_ns = entries_[best].captured_at_ns;
    answer.record = std::move(found.lease);
    const bool done = settled(captured_at_ns, distance(answer.captured_at_ns, captured_at_ns), now_ns);
    answer.status = done ? Status::kFound : Status::kNotYet;
    return answer;
  }
}

}  // namespace vedette::stage
