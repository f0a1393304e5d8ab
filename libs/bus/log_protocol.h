// The protocol by which records get out of a log that is written over all the time: the heart of the log, apart from files and
// processes. Lock-free, process-shared, any number of readers, one writer, which waits for nobody and knows of no reader. If the
// writer dies at any instruction, nothing past the head exists, and its successor goes on there.
//
// The words of a log: the head (number of the newest record), the tail (number of the oldest that is there), the entries (record
// n's in entry n % entries: position, length, stamp), the data (the bytes of a record at its position % data_bytes, in whole
// words). All are atomics: nothing here is a data race, whatever a reader reads too late.
//
// Why a record that was taken is whole, in C++20's terms. Writer, record k:             Reader, record m:
//   W1: tail := t (relaxed), t <= k: all before t are given up                            R1: head (acquire) >= m
//   F1: fence (release)                                                                   R2: its entry, or its data (relaxed)
//   W2: entry and data of k (relaxed)                                                     F2: fence (acquire)
//   W3: head := k (release at least)                                                      R3: tail (relaxed) <= m, else it is
//   gone
// Let R2 be a read of a word that is record m's, after which R3 found the tail no larger than m.
//   - It doesn't read something older than m. R1 reads W3 of some record n >= m, or a later one; the W2 of m come before it in
//     program order (or, by a dead predecessor, before the lock that the kernel handed on), so they happen before R2.
//   - It doesn't read something newer. Say it reads a W2 of record k > m. That word was m's; the writer of k gave m up first: a
//   W1
//     stored t > m before F1 of k (or, by a dead predecessor, before the lock). F1 comes before that W2, R2 reads it, F2 follows:
//     so F1 synchronizes with F2, W1 happens before R3, and R3 reads t or something later. The tail never falls: R3 reads more
//     than m. By the same, what a writer left that died within k: its successor writes the same words again as its own record k,
//     and the head says k only after that.
// So an entry that was read and then found to be there says what the writer stored, and only then is its length trusted; the
// data that are copied by it and then found to be there are that record's. What is trusted is bounded all the same: a hostile
// writer obeys nothing (LogReader checks lengths; a position is taken modulo the data).
//
// The head only says how far to look: what is taken is proved by the tail. On x86 the fences cost nothing and all accesses are
// plain moves (but for the head's store, which the doorbell needs seq_cst); on ARMv8 F1 is dmb ish, F2 dmb ishld.
//
// There is no second protocol for the index: a record's entry is given up with its data, so that a log holds at most as many
// records as it has entries, and one tail guards both. (docs/decisions/0003-log.md)
//
// tests/unit/weak_memory runs these templates through every execution that C++20 allows (but load buffering); with any of these
// orders weakened, a fence or the second look left out, records tear there.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>

#include "bus/layout.h"

namespace vedette::bus {

inline constexpr std::uint64_t kKeyframeBit = 1ull << 63;
inline constexpr std::uint64_t kWord = sizeof(std::uint64_t);
inline constexpr std::uint64_t words_of(std::uint64_t bytes) { return bytes / kWord + (bytes % kWord != 0 ? 1 : 0); }

// The thread sanitizer doesn't follow fences, and its compiler says so; nothing but atomics is ordered by them here.
#if defined(__SANITIZE_THREAD__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wtsan"
#endif
inline void thread_fence(std::memory_order order) { std::atomic_thread_fence(order); }
#if defined(__SANITIZE_THREAD__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

// The words of a log in a mapped payload file whose geometry was checked.
template <class Byte>
class LogWords {
 public:
  template <class T>
  using Like = std::conditional_t<std::is_const_v<Byte>, const T, T>;

  LogWords() = default;
  LogWords(Byte* payload, std::uint64_t index_offset, std::uint32_t index_entries, std::uint64_t data_offset,
           std::uint64_t data_bytes)
      : tail_(&reinterpret_cast<Like<LogHeader>*>(payload + sizeof(Header))->tail),
        entries_(reinterpret_cast<Like<LogEntry>*>(payload + index_offset)),
        words_(reinterpret_cast<Like<std::atomic<std::uint64_t>>*>(payload + data_offset)),
        mask_(index_entries - 1),
        data_words_(data_bytes / kWord) {}

  Like<std::atomic<std::uint64_t>>& tail() const { return *tail_; }
  Like<LogEntry>& entry(std::uint64_t sequence) const { return entries_[sequence & mask_]; }
  std::uint64_t entries() const { return mask_ + 1; }
  Like<std::atomic<std::uint64_t>>* words() const { return words_; }
  std::uint64_t data_words() const { return data_words_; }
  static void fence(std::memory_order order) { thread_fence(order); }

 private:
  Like<std::atomic<std::uint64_t>>* tail_ = nullptr;
  Like<LogEntry>* entries_ = nullptr;
  Like<std::atomic<std::uint64_t>>* words_ = nullptr;
  std::uint64_t mask_ = 0;
  std::uint64_t data_words_ = 0;
};

// A record's entry, copied.
struct LogRecord {
  std::uint64_t sequence = 0;
  std::uint64_t position = 0;
  std::uint64_t bytes = 0;
  std::uint64_t frame_id = 0;
  std::uint64_t at_ns = 0;
  bool keyframe = false;
};

template <class Entry>
LogRecord copy_entry(const Entry& entry, std::uint64_t sequence) {
  const std::uint64_t length = entry.length.load(std::memory_order_relaxed);
  return LogRecord{.sequence = sequence,
                   .position = entry.position.load(std::memory_order_relaxed),
                   .bytes = length & ~kKeyframeBit,
                   .frame_id = entry.frame_id.load(std::memory_order_relaxed),
                   .at_ns = entry.at_ns.load(std::memory_order_relaxed),
                   .keyframe = (length & kKeyframeBit) != 0};
}

// F2 and R3: was the record there while it was read?
template <class Log>
bool still_there(const Log& log, std::uint64_t sequence) {
  log.fence(std::memory_order_acquire);
  return log.tail().load(std::memory_order_relaxed) <= sequence;
}

// Reader, for a record no newer than a head that it has read (acquire). False: it is gone.
template <class Log>
bool read_entry(const Log& log, std::uint64_t sequence, LogRecord& record) {
  record = copy_entry(log.entry(sequence), sequence);
  return still_there(log, sequence);
}

// Reader: copies the data of a record whose entry it has read, `record.bytes` of them (checked to be no more than the log has).
// False: it was written over meanwhile; then `out` has anything. kRecheck = false is the torture's negative control, nothing
// else.
template <bool kRecheck = true, class Log>
bool read_data(const Log& log, const LogRecord& record, std::byte* out) {
  std::uint64_t at = record.position / kWord % log.data_words();
  std::uint64_t left = record.bytes;
  while (left >= kWord) {
    const std::uint64_t run = std::min(left / kWord, log.data_words() - at);
    const auto* const from = log.words() + at;
    for (std::uint64_t i = 0; i < run; ++i) {
      const std::uint64_t word = from[i].load(std::memory_order_relaxed);
      std::memcpy(out + i * kWord, &word, kWord);
    }
    out += run * kWord;
    left -= run * kWord;
    at = at + run == log.data_words() ? 0 : at + run;
  }
  if (left != 0) {
    const std::uint64_t word = log.words()[at].load(std::memory_order_relaxed);
    std::memcpy(out, &word, left);
  }
  return !kRecheck || still_there(log, record.sequence);
}

// What the writer knows of its log.
struct LogEnds {
  std::uint64_t tail = 1;      // number of the oldest record; head + 1: there is none
  std::uint64_t sequence = 0;  // of the newest
  std::uint64_t end = 0;       // position behind it
};

// Writer, W1 and F1: gives up what is in the way of a record of `bytes`, which fit into the log beside another one as long: the
// newest record is never given up.
template <class Log>
void make_room(const Log& log, LogEnds& ends, std::uint64_t bytes) {
  const std::uint64_t before = ends.tail;
  const std::uint64_t end = ends.end / kWord + words_of(bytes);
  // relaxed: the writer reads what it (or a predecessor, ordered by the writer lock) wrote itself.
  while (ends.tail <= ends.sequence &&
         (end - log.entry(ends.tail).position.load(std::memory_order_relaxed) / kWord > log.data_words() ||
          ends.sequence + 1 - ends.tail >= log.entries()))
    ++ends.tail;
  if (ends.tail != before) log.tail().store(ends.tail, std::memory_order_relaxed);
  log.fence(std::memory_order_release);
}

// Writer, W2: the data of the next record, bytes after bytes.
template <class Log>
class LogAppender {
 public:
  LogAppender(const Log& log, std::uint64_t position) : log_(log), at_(position / kWord % log.data_words()) {}

  // Each word is stored once, by the piece that has its last byte (or by finish()).
  void append(std::span<const std::byte> piece) {
    const std::byte* from = piece.data();
    std::uint64_t left = piece.size();
    if (pending_bytes_ != 0) {
      const std::uint64_t most = std::min(kWord - pending_bytes_, left);
      if (most != 0) std::memcpy(reinterpret_cast<std::byte*>(&pending_) + pending_bytes_, from, most);
      pending_bytes_ += most, from += most, left -= most;
      if (pending_bytes_ < kWord) return;
      store_pending();
    }
    while (left >= kWord) {
      const std::uint64_t run = std::min(left / kWord, log_.data_words() - at_);
      auto* const to = log_.words() + at_;
      for (std::uint64_t i = 0; i < run; ++i) {
        std::uint64_t word;
        std::memcpy(&word, from + i * kWord, kWord);
        to[i].store(word, std::memory_order_relaxed);
      }
      from += run * kWord;
      left -= run * kWord;
      advance(run);
    }
    if (left != 0) std::memcpy(&pending_, from, left);
    pending_bytes_ = left;
  }

  // The last word, filled up with zeros.
  void finish() {
    if (pending_bytes_ != 0) store_pending();
  }

 private:
  void store_pending() {
    log_.words()[at_].store(pending_, std::memory_order_relaxed);
    pending_ = 0;
    pending_bytes_ = 0;
    advance(1);
  }
  void advance(std::uint64_t words) { at_ = at_ + words == log_.data_words() ? 0 : at_ + words; }

  const Log& log_;
  std::uint64_t at_;
  std::uint64_t pending_ = 0;
  std::uint64_t pending_bytes_ = 0;
};

// Writer, W2: the entry of the next record, whose data are there. W3 is announce_record() (bus/doorbell.h).
template <class Log>
void write_entry(const Log& log, LogEnds& ends, std::uint64_t bytes, bool keyframe, std::uint64_t frame_id, std::uint64_t at_ns) {
  auto& entry = log.entry(++ends.sequence);
  entry.position.store(ends.end, std::memory_order_relaxed);
  entry.length.store(bytes | (keyframe ? kKeyframeBit : 0), std::memory_order_relaxed);
  entry.frame_id.store(frame_id, std::memory_order_relaxed);
  entry.at_ns.store(at_ns, std::memory_order_relaxed);
  ends.end += words_of(bytes) * kWord;
}

// A successor, before anything else: what it finds in a dead writer's files, its newest record being `head`. False: no writer of
// ours has left that (then the files are given up): entries must lie one behind the other, within the data and the index.
template <class Log>
bool inherit_log(const Log& log, std::uint64_t head, std::uint64_t max_record_bytes, LogEnds& ends) {
  // relaxed: the writer lock, which the kernel took from the dead, orders all of its stores before this.
  const std::uint64_t tail = log.tail().load(std::memory_order_relaxed);  // 0: nothing has been given up yet
  ends = LogEnds{.tail = std::max<std::uint64_t>(1, tail), .sequence = head};
  if (head == 0) return ends.tail == 1;
  if (head > kLastSequence || ends.tail > head || head - ends.tail >= log.entries()) return false;
  const std::uint64_t begin = log.entry(ends.tail).position.load(std::memory_order_relaxed);
  ends.end = begin;
  if (begin % kWord != 0 || begin > kLastPosition) return false;
  for (std::uint64_t sequence = ends.tail; sequence <= head; ++sequence) {
    const LogRecord record = copy_entry(log.entry(sequence), sequence);
    if (record.position != ends.end || record.bytes > max_record_bytes) return false;
    ends.end += words_of(record.bytes) * kWord;
  }
  return (ends.end - begin) / kWord <= log.data_words();
}

}  // namespace vedette::bus
