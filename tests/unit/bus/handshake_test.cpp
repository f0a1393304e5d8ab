// The handshake alone, writer and readers as threads on one block of memory with plain payload words: ThreadSanitizer, which sees
// no race between two mappings of a file, judges every access (scripts/test-sanitizers). Leases are pinned, read, released; the
// writer claims, writes, publishes; the order argued in bus/handshake.h is all that keeps them apart.
#include "bus/handshake.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <memory>
#include <thread>
#include <vector>

namespace vedette::bus {
namespace {

constexpr std::uint32_t kReaders = 3, kHeld = 2, kSlots = kReaders * kHeld + 2;
constexpr std::size_t kWords = 64;
constexpr std::uint64_t kPublications = 2'000;
constexpr std::uint32_t kEntryStride = 64;

struct Shared {
  std::atomic<std::uint64_t> head{0};
  std::atomic<bool> done{false};
  std::array<Descriptor, kSlots> descriptors{};
  std::array<std::array<std::uint64_t, kWords>, kSlots> payload{};
  alignas(64) std::array<std::byte, kReaders * kEntryStride> entries{};
  Hazards hazards{entries.data(), kEntryStride, kReaders, kHeld};
};

void write_all(Shared& shared, std::uint64_t publications) {
  std::uint64_t sequence = 0;
  std::uint32_t newest = kSlots;
  while (sequence < publications) {
    for (std::uint32_t slot = 0; slot < kSlots; ++slot) {
      if (slot == newest || shared.hazards.name(slot) || !claim(shared.descriptors[slot], slot, shared.hazards)) continue;
      ++sequence;
      shared.payload[slot].fill(sequence);
      publish_slot(shared.descriptors[slot], sequence, sequence, kWords * 8);
      shared.head.store(pack_head(sequence, slot), std::memory_order_seq_cst);
      newest = slot;
      break;
    }
    if (sequence % 16 == 0) std::this_thread::yield();
  }
  shared.done = true;
}

// The negative control: pin()'s steps with a pause in the middle and without the re-read.
std::uint64_t pin_without_recheck(std::atomic<std::uint32_t>& hazard, const Descriptor& descriptor, std::uint32_t slot) {
  const std::uint64_t generation = descriptor.generation.load(std::memory_order_acquire);
  std::this_thread::sleep_for(std::chrono::microseconds(50));
  if (being_written(generation) || generation == 0) return kNotPinned;
  hazard.store(slot + 1, std::memory_order_seq_cst);
  return generation;
}

struct Count {
  std::uint64_t checked = 0, torn = 0;
};

template <bool kRecheck>
Count read_all(Shared& shared, std::uint32_t reader) {
  Count count;
  std::array<std::uint32_t, kHeld> slots;
  std::array<std::uint64_t, kHeld> sequences{};  // 0: nothing leased
  for (std::uint32_t turn = 0; !shared.done || count.checked == 0; turn = (turn + 1) % kHeld) {
    std::atomic<std::uint32_t>& hazard = shared.hazards.word(reader, turn);
    if (sequences[turn] != 0) {  // leased one turn ago: still the same, and then let go
      for (const std::uint64_t word : shared.payload[slots[turn]]) count.torn += word != sequences[turn];
      unpin(hazard);
      sequences[turn] = 0;
    }
    const std::uint64_t head = shared.head.load(std::memory_order_acquire);
    if (head == 0) continue;
    const std::uint32_t slot = head_slot(head);
    const std::uint64_t generation =
        kRecheck ? pin(hazard, shared.descriptors[slot], slot) : pin_without_recheck(hazard, shared.descriptors[slot], slot);
    std::this_thread::yield();  // let the writer try to get at it
    if (generation == kNotPinned) continue;
    slots[turn] = slot;
    sequences[turn] = sequence_of(generation);
    for (const std::uint64_t word : shared.payload[slot]) count.torn += word != sequences[turn];
    ++count.checked;
  }
  return count;
}

template <bool kRecheck>
Count run() {
  const auto shared = std::make_unique<Shared>();
  std::array<Count, kReaders> counts;
  std::vector<std::thread> threads;
  for (std::uint32_t reader = 0; reader < kReaders; ++reader)
    threads.emplace_back([&, reader] { counts[reader] = read_all<kRecheck>(*shared, reader); });
  write_all(*shared, kRecheck ? kPublications : 20 * kPublications);
  for (std::thread& thread : threads) thread.join();
  Count sum;
  for (const Count& count : counts) sum.checked += count.checked, sum.torn += count.torn;
  return sum;
}

// With VEDETTE_WITHOUT_RECHECK frames are torn and ThreadSanitizer must report a race: the sanitizer run's negative control.
TEST(Handshake, keeps_threads_on_one_mapping_apart) {
  const Count count = std::getenv("VEDETTE_WITHOUT_RECHECK") != nullptr ? run<false>() : run<true>();
  EXPECT_GE(count.checked, kReaders);
  EXPECT_EQ(count.torn, 0u);
}

TEST(Handshake, a_pinned_slot_can_not_be_claimed_and_stays_as_it_is) {
  Shared shared;
  Descriptor& descriptor = shared.descriptors[3];
  EXPECT_EQ(pin(shared.hazards.word(0, 0), descriptor, 3), kNotPinned) << "never published";
  ASSERT_TRUE(claim(descriptor, 3, shared.hazards));
  EXPECT_EQ(pin(shared.hazards.word(0, 0), descriptor, 3), kNotPinned) << "being written";
  publish_slot(descriptor, 5, 50, 64);
  EXPECT_EQ(pin(shared.hazards.word(0, 0), descriptor, 3), 10u);
  EXPECT_EQ(pin(shared.hazards.word(2, 1), descriptor, 3), 10u);
  EXPECT_FALSE(claim(descriptor, 3, shared.hazards));
  EXPECT_EQ(descriptor.generation, 10u);
  unpin(shared.hazards.word(0, 0));
  EXPECT_FALSE(claim(descriptor, 3, shared.hazards));
  unpin(shared.hazards.word(2, 1));
  EXPECT_TRUE(claim(descriptor, 3, shared.hazards));
}

TEST(Handshake, an_abandoned_slot_stays_odd_until_it_is_published) {
  Shared shared;
  Descriptor& descriptor = shared.descriptors[0];
  publish_slot(descriptor, 1, 1, 64);
  ASSERT_TRUE(claim(descriptor, 0, shared.hazards));  // and the writer died
  shared.hazards.word(1, 0) = 1;                      // a reader's first step, before it looks again
  EXPECT_FALSE(claim(descriptor, 0, shared.hazards));
  EXPECT_TRUE(being_written(descriptor.generation)) << "a successor never turns an odd slot even";
  unpin(shared.hazards.word(1, 0));
  EXPECT_TRUE(claim(descriptor, 0, shared.hazards));
}

}  // namespace
}  // namespace vedette::bus
