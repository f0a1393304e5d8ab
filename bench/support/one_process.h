// Figures of one process: the cost of an operation, without the cost of the stamps around it. Header-only, thread-bound.
#pragma once

#include <atomic>
#include <bit>
#include <cstdint>
#include <vector>

#include "bench/support/processes.h"

namespace vedette::bench {

// Keeps the compiler from dropping what computes `value`.
template <typename T>
inline void keep(const T& value) {
  asm volatile("" : : "r,m"(value) : "memory");
}

// Looks at every field of a box: as bits, so that no chain of additions of floats is what is measured.
inline std::uint64_t every_field(float x, float y, float width, float height, float score, std::uint16_t class_id) {
  return std::bit_cast<std::uint32_t>(x) ^ std::bit_cast<std::uint32_t>(y) ^ std::bit_cast<std::uint32_t>(width) ^
         std::bit_cast<std::uint32_t>(height) ^ std::bit_cast<std::uint32_t>(score) ^ class_id;
}

// Alternates prepare() (not timed) and work() (timed, stamps' own cost taken off) for a round; the median of work().
// For operations that need something new each time: take, publish.
template <typename Prepare, typename Work>
Value time_each(Prepare prepare, Work work, const char* unit = "ns", std::uint64_t duration_ns = 200'000'000) {
  pin_writer();
  std::vector<std::uint64_t> taken, empty;
  const std::uint64_t began = clock_ns();
  while (clock_ns() - began < duration_ns || taken.size() < 11) {
    prepare();
    std::atomic_thread_fence(std::memory_order_seq_cst);  // what it stored is no part of work()'s cost
    const std::uint64_t before = stamp();
    work();
    const std::uint64_t after = stamp();
    const std::uint64_t end = stamp();
    if (clock_ns() - began < duration_ns / 5 && taken.size() < 1000) continue;  // warm-up
    taken.push_back(after - before);
    empty.push_back(end - after);
  }
  const double ticks = median(taken) - median(empty);
  return from_ticks(ticks > 0 ? ticks : 0, unit);
}

inline std::uint64_t thread_cpu_ns() {
  timespec spent{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
  return static_cast<std::uint64_t>(spent.tv_sec) * 1'000'000'000u + static_cast<std::uint64_t>(spent.tv_nsec);
}

// The median of the processor time that work() takes: for work of a thread that takes milliseconds, which on a busy machine are
// seldom undisturbed. Microseconds.
template <typename Work>
Value time_work(Work work, std::uint64_t duration_ns = 500'000'000) {
  pin_writer();
  std::vector<std::uint64_t> taken;
  const std::uint64_t began = thread_cpu_ns();
  while (thread_cpu_ns() - began < duration_ns || taken.size() < 11) {
    const std::uint64_t before = thread_cpu_ns();
    work();
    const std::uint64_t after = thread_cpu_ns();
    if (after - began > duration_ns / 5) taken.push_back(after - before);  // else warm-up
  }
  return {median(taken) / 1e3, "us"};
}

// The same for work that a thread does three times a second and sleeps in between.
template <typename Work>
Value time_seldom(Work work, int times = 11) {
  std::vector<std::uint64_t> taken;
  for (int time = 0; time < times; ++time) {
    ::usleep(333'000);
    const std::uint64_t before = thread_cpu_ns();
    work();
    taken.push_back(thread_cpu_ns() - before);
  }
  return {median(taken) / 1e3, "us"};
}

// Runs work() in batches of about 20 us: long against the stamps, short enough that most aren't interrupted on a busy machine.
// The median batch's cost of one. For operations that can be repeated as they are: pin, a round trip.
template <typename Work>
Value time_batches(Work work, std::uint64_t duration_ns = 200'000'000) {
  pin_writer();
  constexpr std::uint64_t kBatchNs = 20'000;
  const auto run_batch = [&](std::uint64_t count) {
    const std::uint64_t before = stamp();
    for (std::uint64_t index = 0; index < count; ++index) work();
    return stamp() - before;
  };
  const std::uint64_t began = clock_ns();
  std::uint64_t batch = 1;
  while (kTickClock.ns(static_cast<double>(run_batch(batch))) < kBatchNs) batch *= 2;
  std::vector<std::uint64_t> taken;
  while (clock_ns() - began < duration_ns || taken.size() < 11) {
    const std::uint64_t ticks = run_batch(batch);
    if (clock_ns() - began > duration_ns / 5 || taken.size() > 1000) taken.push_back(ticks);
  }
  return from_ticks(median(taken) / static_cast<double>(batch));
}

}  // namespace vedette::bench
