#include "gateway/http_stats.h"

#include <algorithm>
#include <numeric>

namespace vedette::gateway {

void LatencyHistogram::add(double took) {
  const auto bound = std::lower_bound(kLatencyBounds.begin(), kLatencyBounds.end(), took);
  ++counts[static_cast<std::size_t>(bound - kLatencyBounds.begin())];
  seconds += took;
}

std::uint64_t LatencyHistogram::count() const { return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0}); }

void HttpStats::count(const std::string& method, const std::string& route, int status, double seconds) {
  // Whatever else somebody may send as a method is one of a kind.
  constexpr std::array<const char*, 7> kMethods = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};
  const bool known = std::find(kMethods.begin(), kMethods.end(), method) != kMethods.end();
  const std::string path = route.empty() ? "other" : route;
  const std::lock_guard lock(mutex_);
  ++counted_.requests[{known ? method : "other", path, status}];
  counted_.latencies[path].add(seconds);
}

void HttpStats::count_unknown() {
  const std::lock_guard lock(mutex_);
  ++counted_.unknown;
}

HttpStats::Snapshot HttpStats::snapshot() const {
  const std::lock_guard lock(mutex_);
  return counted_;
}

}  // namespace vedette::gateway
