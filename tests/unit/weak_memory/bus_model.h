// The bus's shared memory made of the checker's atomics, and what its processes do with it, by the bus's own templates
// (bus/handshake.h, bus/doorbell.h). Payloads are one Plain word: the checker reports any access to it that isn't ordered.
// Left out: the writer's first guess before claim() (it only makes it claim less), all that is advisory (counters, beats, pids).
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdio>
#include <deque>
#include <map>
#include <optional>
#include <string>

#include "bus/doorbell.h"
#include "bus/handshake.h"
#include "explore.h"

namespace vedette::weak {

// Prints how much was explored; fails with the first violation.
inline void expect_right(const char* what, const Explored& found) {
  std::printf("%s: %llu executions, %llu steps\n", what, static_cast<unsigned long long>(found.executions),
              static_cast<unsigned long long>(found.steps));
  EXPECT_EQ(found.wrong, "");
}
// A mutation: the checker must find this violation.
inline void expect_wrong(const Explored& found, const std::string& violation) {
  EXPECT_NE(found.wrong.find(violation), std::string::npos) << "found: " << (found.wrong.empty() ? "nothing" : found.wrong);
}

struct Mutant {
  const char* name;
  std::optional<Weakened> order;  // none: another mistake, by name
  std::string violation;
};
inline std::string name_of(const testing::TestParamInfo<Mutant>& mutant) { return mutant.param.name; }
inline void PrintTo(const Mutant& mutant, std::ostream* out) { *out << mutant.name; }

struct SlotModel {  // bus::Descriptor and the slot's payload
  Atomic<std::uint64_t> generation, frame_id, bytes;
  Plain payload;
};

// What bus::Hazards is to the templates.
struct HazardsModel {
  std::deque<Atomic<std::uint32_t>> words;
  std::uint32_t count;
  bool all_used = true;  // false: readers say so when they attach
  Atomic<std::uint32_t> used;

  explicit HazardsModel(std::uint32_t readers) : words(readers), count(readers) { used.called("used"); }
  std::uint32_t readers() const { return all_used ? count : bus::entries_used(used, count); }
  std::uint32_t held() const { return 1; }
  Atomic<std::uint32_t>& word(std::uint32_t reader, std::uint32_t) const {
    return const_cast<Atomic<std::uint32_t>&>(words[reader]);
  }
};

// Record n is in slot 0 from the start with n = 1; its payload, frame id and size say n.
struct Bus {
  Program program;
  std::deque<SlotModel> slots;
  HazardsModel hazards;
  Atomic<std::uint64_t> head{bus::pack_head(1, 0)};
  Atomic<std::uint32_t> doorbell, waiters, retired;
  Atomic<std::uint32_t> futex;  // the kernel's queue of the doorbell; low half: wakes, high half: sleepers
  Atomic<int> writer_lock{1};
  std::deque<Atomic<int>> reader_locks;  // 1: held

  Bus(std::uint32_t slot_count, std::uint32_t readers) : slots(slot_count), hazards(readers) {
    for (std::uint32_t i = 0; i < slot_count; ++i) {
      const std::string number = std::to_string(i);
      // Mutations go by these names: all generations have one, and so on.
      slots[i].generation.called("generation"), slots[i].frame_id.called("frame_id"), slots[i].bytes.called("bytes");
      slots[i].payload.called("payload" + number);
    }
    for (auto& word : hazards.words) word.called("hazard");
    for (std::uint32_t i = 0; i < readers; ++i) reader_locks.emplace_back(1).called("reader_lock");
    head.called("head"), doorbell.called("doorbell"), waiters.called("waiters"), retired.called("retired");
    futex.called("futex"), writer_lock.called("writer_lock");
    slots[0].generation.starts_as(2), slots[0].frame_id.starts_as(1), slots[0].bytes.starts_as(1), slots[0].payload.starts_as(1);
  }

  // Segment::announce().
  void announce(std::uint64_t sequence, std::uint32_t slot) {
    if (bus::announce_record(head, doorbell, waiters, bus::pack_head(sequence, slot))) wake();
  }

  // A lock of the kernel's: taken only if free; who takes it sees all that its last holder did, dead or not.
  bool try_lock(std::uint32_t reader) {
    int free = 0;
    return reader_locks[reader].compare_exchange_strong(free, 1, std::memory_order_acquire);
  }

  // FUTEX_WAKE and FUTEX_WAIT: each takes the lock of the kernel's queue; the wait compares the word and queues under it. True:
  // it sleeps; then `before` says how many wakes there had been.
  void wake() { (void)futex.fetch_add(1, std::memory_order_acq_rel); }
  bool sleep(std::uint32_t expected, std::uint32_t& before) {
    before = futex.fetch_add(1u << 16, std::memory_order_acq_rel) & 0xffff;
    return doorbell.load(std::memory_order_relaxed) == expected;
  }
  bool woken_since(std::uint32_t before) const { return (futex.peek() & 0xffff) != before; }
};

// Mistakes a successor might make: it numbers from the head alone; it claims before it announces; it makes odd slots even; it
// rings only if somebody seems to wait.
struct TakeOver {
  bool from_head = false, announce_first = true, mend = false, always_ring = true;
};

// Segment's part that matters: sequence, which slots are kept (the newest), claim, write, publish. One record is written as
// `value`.
struct Writer {
  Bus& bus;
  std::uint64_t sequence = 1;
  std::uint32_t newest = 0;

  bool publish(std::uint64_t value = 0, bool announced = true) {
    for (std::uint32_t slot = 0; slot < bus.slots.size(); ++slot) {
      if (slot == newest || !bus::claim(bus.slots[slot], slot, bus.hazards)) continue;
      write(slot, value == 0 ? sequence + 1 : value);
      ++sequence;
      bus::publish_slot(bus.slots[slot], sequence, sequence, sequence);
      if (announced) bus.announce(sequence, slot);
      newest = slot;
      return true;
    }
    return false;  // dropped
  }
  void write(std::uint32_t slot, std::uint64_t value) { bus.slots[slot].payload.write(value); }

  // Segment::start_epoch().
  void take_over(TakeOver way = {}) {
    const std::uint64_t head = bus.head.load(std::memory_order_acquire);
    const bus::Inheritance found = bus::inherit(head, static_cast<std::uint32_t>(bus.slots.size()),
                                                [&](std::uint32_t slot) -> SlotModel& { return bus.slots[slot]; });
    sequence = way.from_head ? bus::head_sequence(head) : found.sequence;
    newest = bus::head_slot(found.head);
    if (way.mend)
      for (SlotModel& slot : bus.slots) slot.generation.store(slot.generation.load(std::memory_order_relaxed) & ~1ull);
    if (!way.announce_first) return;
    const bool wake = bus::announce_record(bus.head, bus.doorbell, bus.waiters, found.head);
    if (!wake && way.always_ring) bus::ring_doorbell(bus.doorbell);
    if (wake || way.always_ring) bus.wake();
  }

  // Segment::sweep(): clears the hazards of readers whose lock has fallen. Variant that must be found wrong: whether or not.
  void sweep(bool locked = true) {
    for (std::uint32_t reader = 0; reader < bus.hazards.readers(); ++reader) {
      if (locked && !bus.try_lock(reader)) continue;
      bus::clear_hazards(bus.hazards, reader);
      if (locked) bus.reader_locks[reader].store(0, std::memory_order_release);
    }
  }
};

// RingReader::take_newest()'s loop, once. What a reader saw of a record: its sequence, and the payload read under the lease.
struct Reader {
  Bus& bus;
  std::uint32_t number;
  std::uint64_t last = 0;                       // newest taken
  std::map<std::uint64_t, std::uint64_t> seen;  // sequence -> payload

  template <bool kRecheck = true>
  std::uint64_t take(std::uint32_t slot) {
    SlotModel& s = bus.slots[slot];
    const std::uint64_t generation = bus::pin<kRecheck>(bus.hazards.word(number, 0), s, slot);
    if (generation == bus::kNotPinned) return 0;
    const std::uint64_t sequence = bus::sequence_of(generation), payload = s.payload.read();
    expect(s.frame_id.load(std::memory_order_relaxed) == sequence, "the frame id of another record");
    expect(s.bytes.load(std::memory_order_relaxed) == sequence, "the size of another record");
    const auto [at, fresh] = seen.emplace(sequence, payload);
    expect(fresh || at->second == payload, "one sequence number, two records");
    bus::unpin(bus.hazards.word(number, 0));
    return sequence;
  }

  // RingReader::find() up to the pin. False: never. Then it must have been published before.
  bool find(std::uint64_t frame_id) {
    const std::uint64_t newest = bus::head_sequence(bus.head.load(std::memory_order_acquire));
    bool newer = false;
    for (SlotModel& slot : bus.slots) {
      const std::uint64_t generation = slot.generation.load(std::memory_order_acquire);
      if (bus::being_written(generation) || generation == 0) continue;
      const std::uint64_t id = slot.frame_id.load(std::memory_order_acquire);
      if (id == frame_id) return true;
      if (id > frame_id && bus::sequence_of(generation) <= newest)
        newer |= slot.generation.load(std::memory_order_relaxed) == generation;
    }
    expect(!newer || newest >= frame_id, "'never' for a record that isn't published yet");
    return !newer;
  }

  // The newest by the head, if newer than the last. If that can't be held, the head must have moved on.
  template <bool kRecheck = true>
  void take_newest() {
    const std::uint64_t before = bus.head.load(std::memory_order_acquire);
    if (bus::head_sequence(before) <= last) return;
    const std::uint64_t sequence = take<kRecheck>(bus::head_slot(before));
    if (sequence == 0)
      return expect(bus.head.load(std::memory_order_acquire) != before, "the head stays at a slot that can't be held");
    expect(sequence >= bus::head_sequence(before), "an older record than the head says");
    last = sequence;
  }
};

}  // namespace vedette::weak
