// The bus's whole protocol as threads on one block of memory with plain payload words, for ThreadSanitizer: one writer after the
// other publishes, dies in the middle of a record and is taken over; readers sleep on the doorbell, take the newest, and read it
// in place. Files and processes apart, these are the same templates and futexes. (Every order exhaustively:
// tests/unit/weak_memory.)
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <thread>
#include <vector>

#include "bus/doorbell.h"
#include "bus/futex.h"
#include "bus/handshake.h"

namespace vedette::bus {
namespace {

constexpr std::uint32_t kReaders = 3, kSlots = kReaders + 2, kEntryStride = 64;
constexpr std::size_t kWords = 64;
constexpr unsigned kWriters = 60, kRecords = 25;
constexpr Nanoseconds kWatchdog = std::chrono::seconds(60);

struct Shared {
  Header header{};
  LeaseHeader leases{};
  std::array<Descriptor, kSlots> descriptors{};
  std::array<std::array<std::uint64_t, kWords>, kSlots> payload{};
  alignas(64) std::array<std::byte, kReaders * kEntryStride> entries{};
  Hazards hazards{entries.data(), kEntryStride, kReaders, 1};
};

// Where in its last record a writer ends.
enum class End { kClaimed, kHalfWritten, kNotAnnounced };

class Writer {
 public:
  explicit Writer(Shared& shared) : s_(shared) {
    const Inheritance found = inherit(s_.header.head.load(std::memory_order_acquire), kSlots,
                                      [&](std::uint32_t slot) -> Descriptor& { return s_.descriptors[slot]; });
    sequence_ = found.sequence;
    newest_ = found.head == 0 ? kSlots : head_slot(found.head);
    (void)announce_record(s_.header.head, s_.header.doorbell, s_.leases.waiters, found.head);
    ring_doorbell(s_.header.doorbell);
    futex_wake_all(s_.header.doorbell);
  }

  void publish() {
    const std::uint32_t slot = claim_any();
    s_.payload[slot].fill(++sequence_);
    publish_slot(s_.descriptors[slot], sequence_, sequence_, kWords * 8);
    if (announce_record(s_.header.head, s_.header.doorbell, s_.leases.waiters, pack_head(sequence_, slot)))
      futex_wake_all(s_.header.doorbell);
    newest_ = slot;
  }

  void die(End end) {
    const std::uint32_t slot = claim_any();
    if (end == End::kClaimed) return;
    ++sequence_;
    for (std::size_t word = 0; word < (end == End::kHalfWritten ? kWords / 2 : kWords); ++word)
      s_.payload[slot][word] = sequence_;
    if (end == End::kNotAnnounced) publish_slot(s_.descriptors[slot], sequence_, sequence_, kWords * 8);
  }

 private:
  // With a slot for each reader, the newest and one to write there is always one free.
  std::uint32_t claim_any() {
    for (std::uint32_t slot = 0;; slot = (slot + 1) % kSlots)
      if (slot != newest_ && claim(s_.descriptors[slot], slot, s_.hazards)) return slot;
  }

  Shared& s_;
  std::uint64_t sequence_ = 0;
  std::uint32_t newest_ = kSlots;
};

struct Count {
  std::uint64_t taken = 0, torn = 0, went_back = 0, stuck = 0, overslept = 0;
};

bool take(Shared& s, std::uint32_t reader, std::uint64_t head, std::uint64_t& last, Count& count) {
  const std::uint32_t slot = head_slot(head);
  const std::uint64_t generation = pin(s.hazards.word(reader, 0), s.descriptors[slot], slot);
  if (generation == kNotPinned) {
    count.stuck += s.header.head.load(std::memory_order_acquire) == head;
    return false;
  }
  for (const std::uint64_t word : s.payload[slot]) count.torn += word != sequence_of(generation);
  count.went_back += sequence_of(generation) <= last;
  last = sequence_of(generation);
  unpin(s.hazards.word(reader, 0));
  ++count.taken;
  return true;
}

Count read_all(Shared& s, std::uint32_t reader) {
  Count count;
  std::uint64_t last = 0;
  const auto newer = [&] { return head_sequence(s.header.head.load(std::memory_order_seq_cst)) > last; };
  for (;;) {
    const std::uint64_t head = s.header.head.load(std::memory_order_acquire);
    if (head_sequence(head) > last) {
      (void)take(s, reader, head, last, count);
      continue;
    }
    const std::uint32_t expected = announce_waiter(s.header.doorbell, s.leases.waiters);
    if (newer()) continue;
    if (s.header.retired.load(std::memory_order_acquire) != 0) return count;
    const std::uint64_t since = monotonic_ns();
    futex_wait(s.header.doorbell, expected, kWatchdog);
    count.overslept += monotonic_ns() - since >= to_ns(kWatchdog);
  }
}

TEST(OneMapping, writers_die_and_are_taken_over_beside_readers_that_sleep) {
  const auto shared = std::make_unique<Shared>();
  std::array<Count, kReaders> counts;
  std::vector<std::thread> readers;
  for (std::uint32_t reader = 0; reader < kReaders; ++reader)
    readers.emplace_back([&, reader] { counts[reader] = read_all(*shared, reader); });
  for (unsigned i = 0; i < kWriters; ++i)
    std::thread([&] {  // its end is what the lock's fall is between processes
      Writer writer(*shared);
      for (unsigned record = 0; record < kRecords; ++record) {
        writer.publish();
        std::this_thread::yield();
      }
      writer.die(static_cast<End>(i % 3));
    })
        .join();
  Writer last(*shared);
  last.publish();
  shared->header.retired.store(1, std::memory_order_seq_cst);
  ring_doorbell(shared->header.doorbell);
  futex_wake_all(shared->header.doorbell);
  for (std::thread& reader : readers) reader.join();
  for (const Count& count : counts) {
    EXPECT_GT(count.taken, 0u);
    EXPECT_EQ(count.torn, 0u);
    EXPECT_EQ(count.went_back, 0u);
    EXPECT_EQ(count.stuck, 0u) << "a head whose slot can't be held";
    EXPECT_EQ(count.overslept, 0u) << "a wake was lost";
  }
  EXPECT_GT(head_sequence(shared->header.head), std::uint64_t{kWriters} * kRecords);
}

}  // namespace
}  // namespace vedette::bus
