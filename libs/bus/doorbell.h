// The doorbell: how a reader goes to sleep and how the writer wakes it, apart from files, processes and system calls.
// Lock-free, process-shared, any number of readers, one writer. Who dies in between delays a sleeper, by its time-out at most.
//
// Why no wake is lost. Writer, per publication n:            Reader, before it sleeps:
//   W1: head := n             (seq_cst)                        R1: d := doorbell               (acquire)
//   W2: w := waiters          (seq_cst)                        R2: waiters := 1                (seq_cst)
//   if w: W3: waiters := 0    (relaxed)                        R3: head newer than taken?      (seq_cst) then don't sleep
//         W4: doorbell := it + 1 (release)                     R4: FUTEX_WAIT on doorbell while it is d
//         W5: FUTEX_WAKE all on doorbell
// Let n be newer than what the reader took. R2, R3 and all W1, W2 have one total order S. If W2(n) comes before R2, so does
// W1(n), R3 comes after both and sees n (or newer): no sleep. Else R2 comes before W2(n); let W2(m) be the first one after R2.
// Either it reads 1 (R2's, or another reader's later one) and W4(m), W5(m) follow: R1 didn't read W4(m)'s value or a later one,
// which would make W2(m) happen before R2. Or it reads 0, from a W3(k) that comes after R2 in the order of changes of `waiters`,
// and W4(k), W5(k) follow: R1 didn't read W4(k)'s value or a later one, which would make W3(k) happen before R2. So at R4 the
// doorbell either differs from d already, or changes while the reader is queued, and the wake finds it there (the kernel compares
// and queues under the lock that a wake takes). (d comes again after 2^32 rings between R1 and R4 only.) The doorbell must change
// after `waiters` was cleared, not before: a reader that took n between W1 and W2 would else read the new doorbell, announce
// itself, have the announcement cleared, and sleep through n + 1. A reader that spins looks at the head alone: it announces
// nothing, so the writer finds waiters 0 and calls no kernel.
#pragma once

#include <atomic>
#include <cstdint>

namespace vedette::bus {

// Reader, R1 and R2: the value to sleep on. Look at the head (and `retired`) again before sleeping: R3.
template <class Doorbell, class Waiters>
[[nodiscard]] std::uint32_t announce_waiter(const Doorbell& doorbell, Waiters& waiters) {
  const std::uint32_t expected = doorbell.load(std::memory_order_acquire);
  waiters.store(1, std::memory_order_seq_cst);
  return expected;
}

// Writer, W4: who isn't asleep yet won't fall asleep. Wake all who wait on the doorbell after it.
template <class Doorbell>
void ring_doorbell(Doorbell& doorbell) {
  // relaxed: the writer reads what it (or a predecessor, ordered by the writer lock) wrote itself.
  doorbell.store(doorbell.load(std::memory_order_relaxed) + 1, std::memory_order_release);
}

// Writer, W1 to W4, after publish_slot(): `head` (pack_head()) is the newest record. True: somebody may sleep; wake all who wait
// on the doorbell.
template <class Head, class Doorbell, class Waiters>
[[nodiscard]] bool announce_record(Head& newest, Doorbell& doorbell, Waiters& waiters, std::uint64_t head) {
  newest.store(head, std::memory_order_seq_cst);
  if (waiters.load(std::memory_order_seq_cst) == 0) return false;
  waiters.store(0, std::memory_order_relaxed);
  ring_doorbell(doorbell);
  return true;
}

}  // namespace vedette::bus
