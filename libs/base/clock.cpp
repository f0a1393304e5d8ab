#include "base/clock.h"

#include <ctime>

namespace vedette {

static std::uint64_t read_clock(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000u + static_cast<std::uint64_t>(time.tv_nsec);
}

std::uint64_t monotonic_ns() { return read_clock(CLOCK_MONOTONIC); }
std::uint64_t coarse_monotonic_ns() { return read_clock(CLOCK_MONOTONIC_COARSE); }
std::uint64_t boottime_ns() { return read_clock(CLOCK_BOOTTIME); }
std::uint64_t wall_ns() { return read_clock(CLOCK_REALTIME); }

std::uint32_t minute_of_week(std::uint64_t wall_ns) {
  const auto seconds = static_cast<std::time_t>(wall_ns / 1'000'000'000);
  std::tm local{};
  ::localtime_r(&seconds, &local);
  return static_cast<std::uint32_t>(((local.tm_wday + 6) % 7 * 24 + local.tm_hour) * 60 + local.tm_min);
}

}  // namespace vedette
