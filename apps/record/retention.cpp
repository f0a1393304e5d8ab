#include "record/retention.h"

namespace vedette::record {
namespace {

constexpr std::uint32_t kBatch = 100;

Result<std::uint64_t> enforce_events(store::Store& store, const RetentionLimits& limits, std::int64_t now_ms) {
  VD_ASSIGN(std::uint64_t bytes, store.event_bytes());
  std::uint64_t removed = 0;
  for (;;) {
    VD_ASSIGN(const std::vector<store::Event> oldest, store.oldest(kBatch));
    for (const store::Event& event : oldest) {
      if (bytes <= limits.most && event.started_at_ms >= now_ms - limits.keep_ms) return removed;
      // Somebody may have been quicker, or has made it a favourite and undone it: it is looked at again the next time.
      if (const auto done = store.remove(event.key); !done && done.error().code != ErrorCode::kNotFound) return done.error();
      bytes -= std::min(bytes, event.bytes);
      ++removed;
    }
    if (oldest.size() < kBatch) return removed;
  }
}

Result<std::uint64_t> enforce_segments(store::Store& store, const RetentionLimits& limits, std::int64_t now_ms) {
  VD_ASSIGN(std::uint64_t bytes, store.segment_bytes());
  std::uint64_t removed = 0;
  for (;;) {
    VD_ASSIGN(const std::vector<store::Segment> oldest, store.segments("", kBatch));
    for (const store::Segment& segment : oldest) {
      if (bytes <= limits.most_continuous && segment.ended_at_ms >= now_ms - limits.keep_continuous_ms) return removed;
      VD_TRY(store.remove(segment));
      bytes -= std::min(bytes, segment.bytes);
      ++removed;
    }
    if (oldest.size() < kBatch) return removed;
  }
}

}  // namespace

Result<Removed> enforce(store::Store& store, const RetentionLimits& limits, std::int64_t now_ms) {
  VD_ASSIGN(const std::uint64_t events, enforce_events(store, limits, now_ms));
  VD_ASSIGN(const std::uint64_t segments, enforce_segments(store, limits, now_ms));
  return Removed{events, segments};
}

}  // namespace vedette::record
