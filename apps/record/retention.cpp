#include "record/retention.h"

#include <algorithm>

namespace vedette::record {
namespace {

constexpr std::uint32_t kBatch = 100;

// Removes of what `oldest` lists until `enough`; counts in `removed`.
template <typename Oldest, typename Enough, typename Remove>
Result<> remove_oldest(Oldest oldest, std::uint64_t bytes, Enough enough, Remove remove, std::uint64_t& removed,
                       std::string& failed) {
  std::size_t stuck = 0;  // at the head of the list
  while (stuck < kBatch) {
    const auto limit = static_cast<std::uint32_t>(kBatch + stuck);
    VD_ASSIGN(const auto batch, oldest(limit));
    for (std::size_t i = stuck; i < batch.size(); ++i) {
      if (enough(batch[i], bytes)) return {};
      // Somebody may have been quicker, or has made it a favourite and undone it: it is looked at again the next time.
      if (const auto done = remove(batch[i]); !done && done.error().code != ErrorCode::kNotFound) {
        if (done.error().code == ErrorCode::kBusy) return done.error();  // the index: all others would wait for it as well
        failed = done.error().text;
        ++stuck;
        continue;
      }
      bytes -= std::min(bytes, batch[i].bytes);
      ++removed;
    }
    if (batch.size() < limit) return {};
  }
  return {};
}

Result<> enforce_events(store::Store& store, const RetentionLimits& limits, std::int64_t now_ms, Removed& removed) {
  VD_ASSIGN(const std::uint64_t bytes, store.event_bytes());
  return remove_oldest([&](std::uint32_t limit) { return store.oldest(limit); }, bytes,
                       [&](const store::Event& event, std::uint64_t left) {
                         return left <= limits.most && event.started_at_ms >= now_ms - limits.keep_ms;
                       },
                       [&](const store::Event& event) { return store.remove(event.key); }, removed.events, removed.failed);
}

Result<> enforce_segments(store::Store& store, const RetentionLimits& limits, std::int64_t now_ms, Removed& removed) {
  VD_ASSIGN(const std::uint64_t bytes, store.segment_bytes());
  return remove_oldest([&](std::uint32_t limit) { return store.segments("", limit); }, bytes,
                       [&](const store::Segment& segment, std::uint64_t left) {
                         return left <= limits.most_continuous && segment.ended_at_ms >= now_ms - limits.keep_continuous_ms;
                       },
                       [&](const store::Segment& segment) { return store.remove(segment); }, removed.segments, removed.failed);
}

}  // namespace

Removed enforce(store::Store& store, const RetentionLimits& limits, std::int64_t now_ms) {
  Removed removed;
  if (const auto done = enforce_events(store, limits, now_ms, removed); !done) removed.failed = done.error().text;
  if (const auto done = enforce_segments(store, limits, now_ms, removed); !done) removed.failed = done.error().text;
  return removed;
}

}  // namespace vedette::record
