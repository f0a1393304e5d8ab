// Clocks. Durations and deadlines use CLOCK_MONOTONIC; wall time is for people and for names of files only.
// CLOCK_MONOTONIC is one clock for all processes of a machine, so its nanoseconds cross process borders.
#pragma once

#include <chrono>
#include <cstdint>

namespace vedette {

using Nanoseconds = std::chrono::nanoseconds;

std::uint64_t monotonic_ns();         // CLOCK_MONOTONIC; stops while the machine sleeps
std::uint64_t coarse_monotonic_ns();  // the same at the kernel's last tick: up to 10 ms behind, at a fifth of the cost
std::uint64_t boottime_ns();          // CLOCK_BOOTTIME; goes on while the machine sleeps
std::uint64_t wall_ns();              // CLOCK_REALTIME, since the Unix epoch

// Of that wall time in the machine's local time, from Monday 00:00: 0 to 10079.
std::uint32_t minute_of_week(std::uint64_t wall_ns);

constexpr std::uint64_t to_ns(Nanoseconds duration) { return static_cast<std::uint64_t>(duration.count()); }

// Age of a monotonic time stamp; 0 for stamps from the future (another CPU's clock may be ahead by a few ns).
inline std::uint64_t age_ns(std::uint64_t stamp_ns, std::uint64_t now_ns = monotonic_ns()) {
  return now_ns > stamp_ns ? now_ns - stamp_ns : 0;
}

}  // namespace vedette
