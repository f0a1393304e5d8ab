// Time stamps that cost every contestant the same: the time-stamp counter where it is invariant (x86), else CLOCK_MONOTONIC.
// Both are one clock for all CPUs and processes of a machine. Header-only; stamps are thread-safe, TickClock is thread-bound.
#pragma once

#include <time.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>

#if defined(__x86_64__)
#include <cpuid.h>
#include <x86intrin.h>
#endif

namespace vedette::bench {

inline std::uint64_t clock_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000u + static_cast<std::uint64_t>(now.tv_nsec);
}

inline bool counter_is_invariant() {
#if defined(__x86_64__)
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid(0x80000007, &a, &b, &c, &d) != 0 && (d & (1u << 8)) != 0;
#else
  return false;
#endif
}
inline const bool kCounter = counter_is_invariant();

// Ticks. Fenced on both sides: what stands before it in the program is done, what stands behind hasn't begun.
inline std::uint64_t stamp() {
#if defined(__x86_64__)
  if (kCounter) {
    _mm_lfence();
    const std::uint64_t ticks = __rdtsc();
    _mm_lfence();
    return ticks;
  }
#endif
  return clock_ns();
}

// Converts ticks to nanoseconds by what both clocks say since the program began.
class TickClock {
 public:
  double ns_per_tick() const {
    if (!kCounter) return 1.0;
    constexpr std::uint64_t kEnough = 20'000'000;  // over 20 ms the 30 ns of reading both clocks are 2 in a million
    while (clock_ns() - began_ns_ < kEnough) {
    }
    return static_cast<double>(clock_ns() - began_ns_) / static_cast<double>(stamp() - began_ticks_);
  }
  double ns(double ticks) const { return ticks * ns_per_tick(); }

 private:
  std::uint64_t began_ns_ = clock_ns();
  std::uint64_t began_ticks_ = stamp();
};
inline const TickClock kTickClock;

inline void spin_for_ns(std::uint64_t duration_ns) {
  const std::uint64_t end = clock_ns() + duration_ns;
  while (clock_ns() < end) {
  }
}

}  // namespace vedette::bench
