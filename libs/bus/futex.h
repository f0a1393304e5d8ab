// The doorbell's system calls: futexes shared between processes (std::atomic::wait wakes only one's own). A wait needs read
// access only, so it works on readers' read-only mappings. Thread-safe.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/clock.h"

namespace vedette::bus {

enum class FutexEnd {
  kWoken,  // or the word differs, or for no reason
  kTimeout,
  kFault,  // no such word (any more)
};
// Sleeps while `word` is `expected`, at most `timeout`; may return early.
FutexEnd futex_wait(const std::atomic<std::uint32_t>& word, std::uint32_t expected, Nanoseconds timeout);
void futex_wake_all(std::atomic<std::uint32_t>& word);

struct FutexWatch {
  const std::atomic<std::uint32_t>* word = nullptr;
  std::uint32_t expected = 0;
  std::uint64_t file = 0;  // whose word it is: another file may be mapped at the same address later

  bool operator==(const FutexWatch&) const = default;
};
// One futex_waitv call can watch so many.
inline constexpr std::size_t kMaxWatches = 128;

// Sleeps while every word has its expected value, at most `timeout`; may return early. One futex_waitv call (Linux 5.16); where
// there is none, and for words beyond kMaxWatches, a thread per word (bus/wait_threads.h). Who changes a word wakes all its
// waiters after that.
void futex_wait_any(std::span<const FutexWatch> watches, Nanoseconds timeout);

// futex_waitv alone; at most kMaxWatches. False: the kernel (or a seccomp filter, or a lack of memory) doesn't let us.
bool futex_waitv(std::span<const FutexWatch> watches, Nanoseconds timeout);

}  // namespace vedette::bus
