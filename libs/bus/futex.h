// The doorbell's system calls: futexes shared between processes (std::atomic::wait wakes only one's own). A wait needs read
// access only, so it works on readers' read-only mappings. Thread-safe.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/clock.h"

namespace vedette::bus {

// Sleeps while `word` is `expected`, at most `timeout`; may return early.
void futex_wait(const std::atomic<std::uint32_t>& word, std::uint32_t expected, Nanoseconds timeout);
void futex_wake_all(std::atomic<std::uint32_t>& word);

struct FutexWatch {
  const std::atomic<std::uint32_t>* word = nullptr;
  std::uint32_t expected = 0;
};
// One futex_waitv call can watch so many.
inline constexpr std::size_t kMaxWatches = 128;

// Sleeps while every word has its expected value, at most `timeout`; may return early. One futex_waitv call (Linux 5.16);
// on older kernels, or with more than kMaxWatches words, it sleeps 5 ms.
void futex_wait_any(std::span<const FutexWatch> watches, Nanoseconds timeout);

}  // namespace vedette::bus
