// Report: what the detector's log says of the cameras while it runs: what went wrong since it was last said, at most every 10 s.
// Thread-bound.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "detect/camera.h"

namespace vedette::detect {

class Report {
 public:
  void tell(std::span<const Camera> cameras, std::uint64_t now_ns);

 private:
  void tell_skipped(std::span<const Camera> cameras, std::uint64_t now_ns);
  void tell_faults(std::span<const Camera> cameras, std::uint64_t now_ns);

  std::vector<Counters> told_;  // as they were when they were last told
  std::uint64_t next_skipped_ns_ = 0;
  std::uint64_t next_faults_ns_ = 0;
};

// At the end: what was seen of each.
void tell_totals(std::span<const Camera> cameras);

}  // namespace vedette::detect
