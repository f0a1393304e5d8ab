#include "bus/wait_threads.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <system_error>
#include <utility>

#include "base/thread.h"

namespace vedette::bus {
namespace {

constexpr Nanoseconds kWithoutThread = std::chrono::milliseconds(5);  // no thread to be had for a word: looks at it so often

}  // namespace

WaitThread::WaitThread(std::atomic<std::uint32_t>& rung, Nanoseconds longest_sleep) : rung_(rung), longest_sleep_(longest_sleep) {
  thread_ = start_thread("bus-wait", [this] { run(); });
}

WaitThread::~WaitThread() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

bool WaitThread::keep(const FutexWatch& watch, std::uint64_t until_ns) {
  const std::lock_guard lock(mutex_);
  if (!busy_ || watch_.word != watch.word || watch_.file != watch.file) return false;
  watch_ = watch;
  until_ns_ = std::max(until_ns_, until_ns);
  return true;
}

bool WaitThread::start(const FutexWatch& watch, std::uint64_t until_ns) {
  {
    const std::lock_guard lock(mutex_);
    if (busy_) return false;
    watch_ = watch;
    until_ns_ = until_ns;
    busy_ = true;
  }
  changed_.notify_one();
  return true;
}

void WaitThread::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return busy_ || stop_; });
    if (stop_) return;
    const std::uint64_t now = monotonic_ns();
    if (now >= until_ns_) {
      busy_ = false;
      continue;
    }
    const FutexWatch watch = watch_;
    const Nanoseconds nap = std::min(longest_sleep_, Nanoseconds(until_ns_ - now));
    lock.unlock();
    const FutexEnd end = futex_wait(*watch.word, watch.expected, nap);
    lock.lock();
    if (end == FutexEnd::kFault) changed_.wait_for(lock, nap, [this] { return stop_; });  // its file is gone
    if (end != FutexEnd::kWoken || stop_ || watch_ != watch) continue;
    busy_ = false;  // before the ring: the next wait starts it anew
    lock.unlock();
    // release: the owner that sees the ring (acquire) finds this helper free.
    rung_.fetch_add(1, std::memory_order_release);
    futex_wake_all(rung_);
    lock.lock();
  }
}

WaitThreads& WaitThreads::of_this_thread() {
  struct Owner {
    WaitThreads* threads = nullptr;
    pid_t pid = 0;
    // In a forked child the threads aren't there, and their locks may be held for ever: theirs is left alone.
    ~Owner() {
      if (pid == ::getpid()) delete threads;
    }
  };
  thread_local Owner owner;
  if (owner.pid != ::getpid()) {
    owner.threads = new WaitThreads;
    owner.pid = ::getpid();
  }
  return *owner.threads;
}

// Sees to it that a helper sleeps on the word. False: there is none to be had.
bool WaitThreads::attend(const FutexWatch& watch, std::size_t hint, std::uint64_t until_ns) {
  if (hint < threads_.size() && threads_[hint]->keep(watch, until_ns)) return true;
  for (const auto& thread : threads_)
    if (thread->keep(watch, until_ns)) return true;
  if (hint < threads_.size() && threads_[hint]->start(watch, until_ns)) return true;
  for (const auto& thread : threads_)
    if (thread->start(watch, until_ns)) return true;
  try {
    threads_.push_back(std::make_unique<WaitThread>(rung_, longest_sleep_));
  } catch (const std::system_error&) {
    return false;
  }
  return threads_.back()->start(watch, until_ns);
}

void WaitThreads::wait(std::span<const FutexWatch> watches, Nanoseconds timeout) {
  // Before any helper is set going: whatever one of them finds from now on changes it. acquire: see WaitThread::run().
  const std::uint32_t before = rung_.load(std::memory_order_acquire);
  const std::uint64_t until_ns = monotonic_ns() + to_ns(timeout);
  // As many as go into one call go without a thread; its last place is for the helpers' word.
  std::array<FutexWatch, kMaxWatches> direct;
  const std::size_t most = waitv_ ? kMaxWatches - 1 : 0;
  const std::size_t count = std::min(most, watches.size());
  std::copy_n(watches.begin(), count, direct.begin());
  direct[count] = {&rung_, before, 0};
  for (std::size_t i = count; i < watches.size(); ++i)
    if (!attend(watches[i], i - count, until_ns)) timeout = std::min(timeout, kWithoutThread);
  if (count > 0 && futex_waitv(std::span(direct).first(count + 1), timeout)) return;
  if (count > 0) {
    waitv_ = false;
    return;  // at once again, all by threads
  }
  futex_wait(rung_, before, timeout);
}

}  // namespace vedette::bus
