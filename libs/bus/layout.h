// The bytes of a topic's files, the same for every process and language. Payload file (mapped read-only by readers):
//   of a ring: Header | Descriptor[slots] | metadata | slots, each slot_stride bytes apart
//   of a log:  Header | LogHeader | LogEntry[index_entries] | metadata | data_bytes of records, one behind the other, circular.
// Lease file (mapped writable by readers): LeaseHeader | entries, each entry_stride bytes apart: LeaseEntry, hazard words.
// Everything but the atomics is written before the files get their names and never after. Any change here is a new
// kLayoutVersion; a peer of another version is refused with both numbers.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace vedette::bus {

inline constexpr std::uint64_t kPayloadMagic = 0x3153'5542'4454'4456;  // "VDTDBUS1", little endian
inline constexpr std::uint64_t kLogMagic = 0x3147'4F4C'4454'4456;      // "VDTDLOG1"
inline constexpr std::uint64_t kLeaseMagic = 0x3153'4C42'4454'4456;    // "VDTDBLS1"
inline constexpr std::uint32_t kLayoutVersion = 2;

inline constexpr std::uint32_t kMaxSlots = 4096;  // the head packs the slot into 12 bits
inline constexpr std::uint32_t kMaxReaders = 256;
inline constexpr std::uint32_t kMaxHeldPerReader = 16;
inline constexpr std::uint32_t kMaxMetadataBytes = 4000;
inline constexpr std::uint64_t kMaxSlotBytes = 1ull << 30;
inline constexpr std::uint64_t kMaxLogBytes = 1ull << 36;
inline constexpr std::uint32_t kMinIndexEntries = 2, kMaxIndexEntries = 1u << 20;

static_assert(std::atomic<std::uint64_t>::is_always_lock_free && std::atomic<std::uint32_t>::is_always_lock_free,
              "atomics in shared memory must not hide a lock");

// Of every topic. What is said of slots is 0 in a log.
struct Header {
  std::uint64_t magic;
  std::uint32_t layout_version;
  std::uint32_t slots;
  std::uint64_t schema_id;
  std::uint64_t instance;    // random; the same in the lease file: the two belong together
  std::uint64_t slot_bytes;  // largest payload
  std::uint64_t slot_stride;
  std::uint64_t slots_offset;
  std::uint64_t file_bytes;
  std::uint32_t metadata_offset;
  std::uint32_t metadata_bytes;
  std::uint32_t keep;
  std::uint32_t writer_slots;
  std::uint32_t readers;          // entries of the lease file
  std::uint32_t held_per_reader;  // hazards of an entry
  std::uint32_t policy;           // SlotPolicy

  // Written by the topic's one writer, read by everybody.
  alignas(64) std::atomic<std::uint64_t> head;  // newest record: sequence << 12 | slot (log: 0); 0: nothing yet
  std::atomic<std::uint32_t> doorbell;          // + 1 when sleepers are woken; what readers' futexes wait on
  std::atomic<std::uint32_t> retired;           // 1: other files have the name now
  alignas(64) std::atomic<std::uint64_t> epoch;
  std::atomic<std::uint64_t> published;
  std::atomic<std::uint64_t> dropped;
  std::atomic<std::uint64_t> beat_at_ns;  // CLOCK_MONOTONIC
  std::atomic<std::uint64_t> frame_id;    // of the newest publication; log: the largest ever appended
  std::atomic<std::int32_t> writer_pid;
};

// State of one slot. generation: even, 2 × the sequence of what it holds (0: nothing yet); odd: being written or abandoned.
// frame_id and bytes are valid only for who holds the slot by the handshake; before that they are hints.
struct Descriptor {
  std::atomic<std::uint64_t> generation;
  std::atomic<std::uint64_t> frame_id;
  std::atomic<std::uint64_t> bytes;
  std::uint64_t reserved;
};

// Of a log, behind the Header. Its records are numbered 1, 2, 3, … (their sequence); number n is described by entry
// n % index_entries and lies at position % data_bytes, in whole words. Positions are bytes since the log was created.
struct LogHeader {
  std::uint64_t max_record_bytes;
  std::uint64_t data_bytes;
  std::uint64_t data_offset;
  std::uint64_t index_offset;
  std::uint32_t index_entries;  // a power of two
  std::uint32_t reserved;

  // Written by the topic's one writer, read by everybody.
  alignas(64) std::atomic<std::uint64_t> tail;  // number of the oldest record that is there; 0: as 1
};

// A record of a log; it holds what it says for tail <= its number <= head.
struct LogEntry {
  std::atomic<std::uint64_t> position;  // a multiple of 8
  std::atomic<std::uint64_t> length;    // its bytes; bit 63: a keyframe
  std::atomic<std::uint64_t> frame_id;
  std::atomic<std::uint64_t> at_ns;  // CLOCK_MONOTONIC
};

struct LeaseHeader {
  std::uint64_t magic;
  std::uint32_t layout_version;
  std::uint32_t readers;
  std::uint64_t instance;
  std::uint32_t held_per_reader;
  std::uint32_t entry_stride;
  alignas(64) std::atomic<std::uint32_t> waiters;  // 1: somebody may sleep on the doorbell. Readers set, the writer clears
  alignas(64) std::atomic<std::uint32_t> demand_sequence;  // + 1 whenever a demand changes; what the writer's futex waits on
  std::atomic<std::uint32_t> entries_used;  // entries from the first that anybody has ever had; the writer looks at no more
};

// One reader. Written by the reader that holds the entry's lock; cleared by the writer under that lock when it died.
struct LeaseEntry {
  std::atomic<std::uint64_t> demand;  // Demand::pack()
  std::atomic<std::int32_t> pid;      // for people; 0: free
  std::atomic<std::uint32_t> missed;  // records this reader was too late for, since it attached; for people, wraps
  std::atomic<std::uint64_t> taken;   // sequence of the record taken last; 0: none yet. For tools: nothing here relies on it
  std::uint64_t reserved;
  // std::atomic<std::uint32_t> hazards[held_per_reader]: slot + 1; 0: none
};

static_assert(sizeof(Header) == 256 && offsetof(Header, head) == 128 && offsetof(Header, epoch) == 192);
static_assert(sizeof(Descriptor) == 32);
static_assert(sizeof(LogHeader) == 128 && offsetof(LogHeader, tail) == 64 && sizeof(LogEntry) == 32);
static_assert(sizeof(LeaseHeader) == 192 && offsetof(LeaseHeader, waiters) == 64 && offsetof(LeaseHeader, entries_used) == 132);
static_assert(sizeof(LeaseEntry) == 32);

// Reader entry i is locked by OFD write lock of byte kEntryLockOffset + i of the lease file (beyond its end).
inline constexpr std::int64_t kEntryLockOffset = 1ll << 32;

inline constexpr std::uint64_t pack_head(std::uint64_t sequence, std::uint32_t slot) { return sequence << 12 | slot; }
inline constexpr std::uint64_t head_sequence(std::uint64_t head) { return head >> 12; }
inline constexpr std::uint32_t head_slot(std::uint64_t head) { return static_cast<std::uint32_t>(head & 0xfff); }

// For counters that one process writes and others only read: a locked read-modify-write would pay for nothing.
inline void add_one(std::atomic<std::uint64_t>& counter) {
  counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

// Far beyond what any writer reaches (a million records a second for 35 years), far below where a head's bits end.
inline constexpr std::uint64_t kLastSequence = 1ull << 50;
inline constexpr std::uint64_t kLastPosition = 1ull << 62;  // 4 GB a second for 35 years

inline constexpr bool being_written(std::uint64_t generation) { return (generation & 1) != 0; }
inline constexpr std::uint64_t sequence_of(std::uint64_t generation) { return generation / 2; }

}  // namespace vedette::bus
