#include "detect/report.h"

#include "telemetry/log.h"

namespace vedette::detect {
namespace {

constexpr std::uint64_t kEveryNs = 10'000'000'000;

}  // namespace

void Report::tell(std::span<const Camera> cameras, std::uint64_t now_ns) {
  if (now_ns >= next_skipped_ns_) tell_skipped(cameras, now_ns);
  if (now_ns >= next_faults_ns_) tell_faults(cameras, now_ns);
}

void Report::tell_skipped(std::span<const Camera> cameras, std::uint64_t now_ns) {
  told_.resize(cameras.size());
  for (std::size_t i = 0; i < cameras.size(); ++i) {
    const Camera& camera = cameras[i];
    const Counters& now = camera.counters();
    const Counters before = std::exchange(told_[i], now);
    if (now.late > before.late)
      log::warning("{}: {} frames skipped, older than the deadline", camera.name(), now.late - before.late);
    if (now.bad > before.bad)
      log::warning("{}: {} bad records skipped, the last: {}", camera.name(), now.bad - before.bad, camera.last_mistake());
    if (now.unpublished > before.unpublished)
      log::warning("{}: {} results dropped, all slots are held: raise bus.readers", camera.name(),
                   now.unpublished - before.unpublished);
    if (now.late > before.late || now.bad > before.bad || now.unpublished > before.unpublished)
      next_skipped_ns_ = now_ns + kEveryNs;
  }
}

// A camera that can't be read is said at once, and again for as long as that lasts.
void Report::tell_faults(std::span<const Camera> cameras, std::uint64_t now_ns) {
  for (const Camera& camera : cameras) {
    if (!camera.fault()) continue;
    next_faults_ns_ = now_ns + kEveryNs;
    log::warning("{}: {}; trying again", camera.name(), camera.fault()->text);
  }
}

void tell_totals(std::span<const Camera> cameras) {
  for (const Camera& camera : cameras) {
    const Counters& n = camera.counters();
    log::info("{}: {} frames detected, {} still, {} late, {} bad, {} unpublished", camera.name(), n.detected, n.still, n.late,
              n.bad, n.unpublished);
  }
}

}  // namespace vedette::detect
