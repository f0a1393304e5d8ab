// WaitThreads: waiting for several futexes where the kernel has no futex_waitv (before Linux 5.16, or behind a seccomp filter),
// or for more than one call takes: a helper thread per word sleeps on that word and wakes the caller through one local futex.
//
// Owner: the thread that waits (thread_local). Helpers are started when first needed, kept for the next wait, asleep without a
// time-out while nobody waits, joined at the end of their owner (within 400 ms). A forked child starts helpers of its own.
// No wake is lost: the caller reads the local word before it sets any helper going; a helper that finds its topic's word changed
// changes the local word after that. A helper still asleep from the wait before is kept if it sleeps on the same word of the same
// file; if that word has changed meanwhile, its wake is on the way (who changes a word wakes all), and then the helper looks
// at the word anew. Helpers touch a word by system calls only, never by a load: its mapping may be gone by then.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "bus/futex.h"

namespace vedette::bus {

class WaitThread {
 public:
  // Throws std::system_error if there can be no more threads. `rung` outlives it.
  WaitThread(std::atomic<std::uint32_t>& rung, Nanoseconds longest_sleep);
  ~WaitThread();

  // Goes on sleeping, for the same word of the same file. False: it sleeps on another one, or not at all.
  bool keep(const FutexWatch& watch, std::uint64_t until_ns);
  // Starts to. False: it is busy.
  bool start(const FutexWatch& watch, std::uint64_t until_ns);

 private:
  void run();
  std::atomic<std::uint32_t>& rung_;
  const Nanoseconds longest_sleep_;
  std::mutex mutex_;  // guards all below
  std::condition_variable changed_;
  FutexWatch watch_;
  std::uint64_t until_ns_ = 0;
  bool busy_ = false;
  bool stop_ = false;
  std::thread thread_;
};

class WaitThreads {
 public:
  static WaitThreads& of_this_thread();
  // `waitv`: what goes into one futex_waitv call needs no helper, as long as the kernel takes it. `longest_sleep`: of a helper,
  // before it looks up; its end takes so long.
  explicit WaitThreads(bool waitv = true, Nanoseconds longest_sleep = std::chrono::milliseconds(100))
      : waitv_(waitv), longest_sleep_(longest_sleep) {}
  void wait(std::span<const FutexWatch> watches, Nanoseconds timeout);

 private:
  bool attend(const FutexWatch& watch, std::size_t hint, std::uint64_t until_ns);
  std::atomic<std::uint32_t> rung_{0};  // + 1 when a helper finds its word changed
  bool waitv_;                          // until the kernel refused it
  const Nanoseconds longest_sleep_;
  std::vector<std::unique_ptr<WaitThread>> threads_;
};

}  // namespace vedette::bus
