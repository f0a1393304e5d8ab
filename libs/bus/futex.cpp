#include "bus/futex.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <ctime>

namespace vedette::bus {
namespace {

// From the kernel's ABI; older linux-libc-dev packages lack them.
constexpr long kSysFutexWaitv = 449;
constexpr std::uint32_t kFutex32Shared = 0x02;

struct WaitvEntry {
  std::uint64_t value;
  std::uint64_t address;
  std::uint32_t flags;
  std::uint32_t reserved;
};

timespec to_timespec(std::uint64_t ns) {
  return timespec{static_cast<time_t>(ns / 1'000'000'000u), static_cast<long>(ns % 1'000'000'000u)};
}

}  // namespace

void futex_wait(const std::atomic<std::uint32_t>& word, std::uint32_t expected, Nanoseconds timeout) {
  if (timeout <= Nanoseconds::zero()) return;
  const timespec relative = to_timespec(to_ns(timeout));
  ::syscall(SYS_futex, &word, FUTEX_WAIT, expected, &relative, nullptr, 0);
}

void futex_wake_all(std::atomic<std::uint32_t>& word) { ::syscall(SYS_futex, &word, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0); }

void futex_wait_any(std::span<const FutexWatch> watches, Nanoseconds timeout) {
  if (timeout <= Nanoseconds::zero()) return;
  if (watches.size() <= kMaxWatches && !watches.empty()) {
    std::array<WaitvEntry, kMaxWatches> entries;
    for (std::size_t i = 0; i < watches.size(); ++i)
      entries[i] = {watches[i].expected, reinterpret_cast<std::uint64_t>(watches[i].word), kFutex32Shared, 0};
    const timespec deadline = to_timespec(monotonic_ns() + to_ns(timeout));
    const long woken = ::syscall(kSysFutexWaitv, entries.data(), watches.size(), 0, &deadline, CLOCK_MONOTONIC);
    if (woken >= 0 || (errno != ENOSYS && errno != EPERM)) return;
  }
  const timespec nap = to_timespec(std::min<std::uint64_t>(to_ns(timeout), 5'000'000));
  ::nanosleep(&nap, nullptr);
}

}  // namespace vedette::bus
