#include "bus/futex.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <ctime>

#include "bus/wait_threads.h"

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

FutexEnd futex_wait(const std::atomic<std::uint32_t>& word, std::uint32_t expected, Nanoseconds timeout) {
  if (timeout <= Nanoseconds::zero()) return FutexEnd::kTimeout;
  const timespec relative = to_timespec(to_ns(timeout));
  if (::syscall(SYS_futex, &word, FUTEX_WAIT, expected, &relative, nullptr, 0) == 0) return FutexEnd::kWoken;
  if (errno == ETIMEDOUT) return FutexEnd::kTimeout;
  return errno == EAGAIN || errno == EINTR ? FutexEnd::kWoken : FutexEnd::kFault;
}

void futex_wake_all(std::atomic<std::uint32_t>& word) { ::syscall(SYS_futex, &word, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0); }

bool futex_waitv(std::span<const FutexWatch> watches, Nanoseconds timeout) {
  static std::atomic<bool> missing{false};
  if (missing.load(std::memory_order_relaxed)) return false;  // relaxed: a flag alone, set once
  std::array<WaitvEntry, kMaxWatches> entries;
  for (std::size_t i = 0; i < watches.size(); ++i)
    entries[i] = {watches[i].expected, reinterpret_cast<std::uint64_t>(watches[i].word), kFutex32Shared, 0};
  const timespec deadline = to_timespec(monotonic_ns() + to_ns(timeout));
  if (::syscall(kSysFutexWaitv, entries.data(), watches.size(), 0, &deadline, CLOCK_MONOTONIC) >= 0) return true;
  if (errno == ENOSYS || errno == EPERM) missing.store(true, std::memory_order_relaxed);  // EPERM: old containers' filters
  return errno == EAGAIN || errno == ETIMEDOUT || errno == EINTR;
}

void futex_wait_any(std::span<const FutexWatch> watches, Nanoseconds timeout) {
  if (timeout <= Nanoseconds::zero()) return;
  if (watches.empty()) {
    const timespec nap = to_timespec(to_ns(timeout));
    ::nanosleep(&nap, nullptr);
  } else if (watches.size() == 1) {
    futex_wait(*watches[0].word, watches[0].expected, timeout);
  } else if (watches.size() > kMaxWatches || !futex_waitv(watches, timeout)) {
    WaitThreads::of_this_thread().wait(watches, timeout);
  }
}

}  // namespace vedette::bus
