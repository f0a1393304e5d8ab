// Execution graphs of the C++20 memory model: what the model checker of this folder explores.
//
// A graph has the events of each thread in program order, for each read the write it reads from, for each location its
// modification order. consistent() says whether C++20 allows it ([intro.races], [atomics.order], [atomics.fences] with P0668 and
// P0982):
//   - happens-before from program order and release/acquire (release sequences are a write and the RMWs that follow it; fences);
//   - the four coherence rules; an RMW writes right after what it read in modification order;
//   - a total order S of all seq_cst operations that agrees with "strongly happens before" and with coherence order, by the four
//     rules for fences: it exists if and only if the union of those edges has no cycle.
// One thing is stricter than C++20: program order and reads-from together have no cycle (RC11; "load buffering" and values out of
// thin air are left out). Machines can do load buffering with relaxed accesses; the bus is argued in its headers without it.
// Non-atomic accesses that conflict without happens-before are a data race: an error, not a graph.
//
// Events are only ever added last in their thread, and nobody reads from an event that isn't there. So an event's clocks never
// change once it is there, and only edges to and from the newest event need a check.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace vedette::weak {

inline constexpr std::size_t kMaxThreads = 8;  // the initial writes count as thread 0

struct Id {
  std::uint8_t thread = 0;
  std::uint8_t index = 0;
  bool operator==(const Id&) const = default;
};

enum class Kind : std::uint8_t { kRead, kWrite, kFence, kChoice };

// For each thread, how many of its events come before.
struct Clock {
  std::array<std::uint8_t, kMaxThreads> seen{};
  void join(const Clock& other) {
    for (std::size_t i = 0; i < kMaxThreads; ++i) seen[i] = seen[i] < other.seen[i] ? other.seen[i] : seen[i];
  }
  bool has(Id id) const { return seen[id.thread] > id.index; }
};

struct Event {
  Kind kind = Kind::kFence;
  bool exclusive = false;  // the write of a read-modify-write; its read is the event before
  bool plain = false;      // not atomic
  std::memory_order order = std::memory_order_relaxed;
  std::uint16_t location = 0;
  std::uint64_t value = 0;  // read, written or chosen
  Id from;                  // a read's write
  std::uint32_t stamp = 0;  // order of addition
  // Filled in by Graph::add(): what happens before (itself included); what is before it by program order and reads-from; what an
  // acquire fence after it would learn; what a write after it would release (last release fence); what a reader of it learns.
  Clock before, past, unfenced, fenced, message;

  bool is_read() const { return kind == Kind::kRead; }
  bool is_write() const { return kind == Kind::kWrite; }
  bool is_seq_cst() const { return !plain && kind != Kind::kChoice && order == std::memory_order_seq_cst; }
  bool acquires() const { return order == std::memory_order_acquire || order == std::memory_order_acq_rel || is_seq_cst(); }
  bool releases() const { return order == std::memory_order_release || order == std::memory_order_acq_rel || is_seq_cst(); }
};

class Graph {
 public:
  // One location for each initial value; `threads` threads, numbered from 1.
  Graph(const std::vector<std::uint64_t>& initial, std::size_t threads);

  const std::vector<Event>& thread(std::size_t number) const { return threads_[number]; }
  std::size_t threads() const { return threads_.size(); }
  const Event& at(Id id) const { return threads_[id.thread][id.index]; }
  // All writes of a location in modification order.
  const std::vector<Id>& writes(std::uint16_t location) const { return writes_[location]; }

  // Adds an event at the end of its thread; a write right after `behind` in modification order. The event's stamp is the next
  // unless `stamp` says otherwise.
  void add(std::uint8_t thread, Event event, Id behind = {}, std::uint32_t stamp = 0);
  void remove_last(std::uint8_t thread);
  // Keeps what was added no later than `stamp` or is in `past`.
  void restrict_to(std::uint32_t stamp, const Clock& past);

  // Given that the graph without the last event of `thread` was consistent: is it with it?
  bool consistent(std::uint8_t thread) const;
  // Does the last event of `thread`, and another one of which `other` is set, make a data race?
  bool races(std::uint8_t thread, Id& other) const;

  // Place in the coherence order of its location: even for writes, odd for reads, equal for reads of the same write.
  std::size_t place(const Event& event, Id id) const;
  // The same for equal graphs, whatever the order in which they were built.
  std::array<std::uint64_t, 2> fingerprint() const;
  std::string text(const std::vector<std::string>& names) const;

  template <class Visit>
  void each(Visit&& visit) const {
    for (std::size_t thread = 1; thread < threads_.size(); ++thread)
      for (std::size_t index = 0; index < threads_[thread].size(); ++index)
        visit(Id{static_cast<std::uint8_t>(thread), static_cast<std::uint8_t>(index)}, threads_[thread][index]);
  }

 private:
  static bool happens_before(Id a, const Event& b) { return a.thread == 0 || b.before.has(a); }
  std::size_t position(Id write, std::uint16_t location) const;
  bool coherent(Id id, const Event& event) const;
  bool precedes(Id a, Id b) const;  // in S, directly
  bool precedes_by_fence(Id a, Id b) const;
  bool has_seq_cst_order(Id through) const;

  std::vector<std::vector<Event>> threads_;
  std::vector<std::vector<Id>> writes_;
  std::uint32_t stamp_ = 0;
};

}  // namespace vedette::weak
