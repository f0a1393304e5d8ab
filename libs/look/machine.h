// What the kernel says of the whole machine: processor time, memory. Thread-safe.
#pragma once

#include <cstdint>

namespace vedette::look {

struct MachineSample {
  std::uint64_t busy_ticks = 0;  // of all cores together, since boot; 0 with all_ticks: not to be known
  std::uint64_t all_ticks = 0;
  std::uint32_t cores = 0;  // that are online
  std::uint64_t memory_bytes = 0;
  std::uint64_t available_bytes = 0;  // that programs may still have without swapping
  double load = 0.0;                  // mean of processes that run or wait to, over the last minute
  std::uint64_t up_seconds = 0;
};

MachineSample look_at_machine();

// Of all cores together between the two, 0 to 100; negative: not to be known.
double cpu_percent(const MachineSample& before, const MachineSample& now);

}  // namespace vedette::look
