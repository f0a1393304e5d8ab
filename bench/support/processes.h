// The readers of a figure: forked before the contestant opens anything, pinned to the reader's CPU, while the writer (the
// calling process) is pinned to its own. A shared page tells who is ready, what has arrived and when to stop.
// Owner: the writer's process, thread-bound. A reader that dies early ends the program with a sentence; readers die with it.
#pragma once

#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <new>
#include <string>
#include <vector>

#include "bench/support/result.h"

namespace vedette::bench {

inline constexpr int kMaxReaders = 16;

// What a reader says about itself; written by the reader alone.
struct alignas(64) Seat {
  std::atomic<std::uint32_t> ready;     // 1: attached
  std::atomic<std::uint64_t> received;  // sequence of the last message it held
  std::atomic<std::uint64_t> missed;    // messages that it knows it didn't get
  int index;
};
struct Board {
  alignas(64) std::atomic<std::uint32_t> writer_ready;
  alignas(64) std::atomic<std::uint32_t> stop;
  Seat seats[kMaxReaders];
};

// Zeroed, prefaulted memory that forked children share.
inline void* shared_memory(std::size_t bytes) {
  void* memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  if (memory == MAP_FAILED) fail("no memory for " + std::to_string(bytes) + " shared bytes");
  return memory;
}

// The writer's CPU and the reader's: the first two this process may use, so that `taskset -c 2,3` chooses others.
inline int cpu_of(bool reader) {
  static const std::vector<int> allowed = [] {
    cpu_set_t set;
    CPU_ZERO(&set);
    ::sched_getaffinity(0, sizeof set, &set);
    std::vector<int> cpus;
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
      if (CPU_ISSET(cpu, &set)) cpus.push_back(cpu);
    }
    return cpus;
  }();
  if (allowed.size() < 2) fail("the writer and the reader need a CPU each; this process may use only one");
  return allowed[reader ? 1 : 0];
}
inline void pin_to(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  if (::sched_setaffinity(0, sizeof set, &set) != 0) fail("can't pin to CPU " + std::to_string(cpu));
}
// Figures of one process run where writers run.
inline void pin_writer() {
  (void)cpu_of(true);  // looks at what is allowed before that shrinks
  pin_to(cpu_of(false));
}

class Readers {
 public:
  // body(board, seat) attaches (the writer exists by then), sets seat.ready, reads until board.stop, returns.
  using Body = std::function<void(Board&, Seat&)>;

  Readers(int count, const Body& body) : board_(new (shared_memory(sizeof(Board))) Board) {
    if (count > kMaxReaders) fail("too many readers");
    const pid_t parent = ::getpid();
    pin_to(cpu_of(true));  // inherited: a reader never runs where the writer spins
    for (int index = 0; index < count; ++index) {
      board_->seats[index].index = index;
      const pid_t pid = ::fork();
      if (pid < 0) fail("can't fork a reader");
      if (pid == 0) be_reader(parent, index, body);
      pids_.push_back(pid);
    }
    pin_to(cpu_of(false));
  }
  Readers(const Readers&) = delete;
  Readers& operator=(const Readers&) = delete;
  ~Readers() { stop(); }

  // To be called once the writer has opened the transport: readers attach now; returns when all have.
  void let_attach() {
    board_->writer_ready = 1;
    const bool all = wait_for(10'000'000'000, [this](const Seat& seat) { return seat.ready != 0; });
    if (!all) fail("a reader did not attach within 10 s");
  }
  // True: every reader (but `except`) has received `sequence`. False: not within the time. Spins.
  bool await(std::uint64_t sequence, std::uint64_t timeout_ns, int except = -1) {
    return wait_for(timeout_ns, [&](const Seat& seat) {
      return seat.index == except || seat.received.load(std::memory_order_acquire) >= sequence;
    });
  }
  std::size_t count() const { return pids_.size(); }
  const Seat& seat(int index) const { return board_->seats[index]; }
  void signal(int index, int number) const { ::kill(pids_[static_cast<std::size_t>(index)], number); }

  // Asks all to end, waits; who hasn't after 2 s (or is stopped) is killed.
  void stop() {
    board_->stop = 1;
    const std::uint64_t deadline = clock_ns() + 2'000'000'000;
    for (const pid_t pid : pids_) {
      while (::waitpid(pid, nullptr, WNOHANG) == 0) {
        if (clock_ns() > deadline) ::kill(pid, SIGKILL);
        ::usleep(500);
      }
    }
    pids_.clear();
  }

 private:
  [[noreturn]] void be_reader(pid_t parent, int index, const Body& body) const {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(1);
    while (board_->writer_ready == 0) ::usleep(200);
    body(*board_, board_->seats[index]);
    ::_exit(0);
  }

  template <typename Condition>
  bool wait_for(std::uint64_t timeout_ns, Condition holds) {
    constexpr std::uint64_t kLookForDeadNs = 100'000'000;
    const std::uint64_t began = clock_ns();
    std::uint64_t looked = began;
    for (std::size_t index = 0; index < pids_.size();) {
      if (holds(board_->seats[index])) {
        ++index;
        continue;
      }
      const std::uint64_t now = clock_ns();
      if (now - began > timeout_ns) return false;
      if (now - looked > kLookForDeadNs) {
        fail_if_dead();
        looked = now;
      }
    }
    return true;
  }
  void fail_if_dead() const {
    for (const pid_t pid : pids_) {
      if (::waitpid(pid, nullptr, WNOHANG) == pid) fail("a reader process ended before its time (see above)");
    }
  }

  Board* board_;
  std::vector<pid_t> pids_;
};

}  // namespace vedette::bench
