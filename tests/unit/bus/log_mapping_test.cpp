// The log's whole protocol as threads on one block of memory, for ThreadSanitizer: one writer after the other appends, dies in
// the middle of a record and is taken over; readers sleep on the doorbell and take every record they are in time for. Files and
// processes apart, these are the same templates and futexes. (Every order exhaustively: tests/unit/weak_memory.)
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <thread>
#include <vector>

#include "bus/doorbell.h"
#include "bus/futex.h"
#include "bus/log_protocol.h"
#include "support/log_records.h"

namespace vedette::bus {
namespace {

constexpr std::uint32_t kReaders = 2, kEntries = 8;
constexpr std::size_t kDataBytes = 1024, kLongest = 300;
constexpr unsigned kWriters = 60, kRecords = 50;
constexpr Nanoseconds kWatchdog = std::chrono::seconds(60);

struct Shared {
  Header header{};
  LogHeader log{};
  std::array<LogEntry, kEntries> index{};
  std::array<std::atomic<std::uint64_t>, kDataBytes / 8> data{};
  LeaseHeader leases{};

  template <class Byte>
  LogWords<Byte> words() {
    return {reinterpret_cast<Byte*>(this), offsetof(Shared, index), kEntries, offsetof(Shared, data), kDataBytes};
  }
};

std::size_t bytes_of(std::uint64_t n) { return test::mixed(n) % kLongest; }

enum class End { kRoomMade, kHalfWritten, kNotAnnounced };  // where in its last record a writer ends

class Writer {
 public:
  explicit Writer(Shared& shared) : s_(shared), log_(shared.words<std::byte>()) {
    sound = inherit_log(log_, head_sequence(s_.header.head.load(std::memory_order_acquire)), kLongest, ends_);
    ring_doorbell(s_.header.doorbell);
    futex_wake_all(s_.header.doorbell);
  }

  void append(std::optional<End> end = {}) {
    const std::uint64_t n = ends_.sequence + 1;
    test::fill_record(n, bytes_of(n), record_);
    make_room(log_, ends_, record_.size());
    if (end == End::kRoomMade) return;
    LogAppender appender(log_, ends_.end);
    appender.append(std::span(record_).first(end == End::kHalfWritten ? record_.size() / 2 : record_.size()));
    appender.finish();
    if (end == End::kHalfWritten) return;
    write_entry(log_, ends_, record_.size(), n % 4 == 0, n, n);
    if (end == End::kNotAnnounced) return;
    if (announce_record(s_.header.head, s_.header.doorbell, s_.leases.waiters, pack_head(n, 0)))
      futex_wake_all(s_.header.doorbell);
  }

  bool sound = false;

 private:
  Shared& s_;
  const LogWords<std::byte> log_;
  LogEnds ends_;
  std::vector<std::byte> record_;
};

struct Count {
  std::uint64_t taken = 0, gone = 0, torn = 0, overslept = 0;
};

template <bool kRecheck>
Count read_all(Shared& s, bool until_torn = false) {
  Count count;
  const auto log = s.words<const std::byte>();
  std::array<std::byte, kDataBytes> copy{};
  std::uint64_t last = 0;
  for (;;) {
    const std::uint64_t head = head_sequence(s.header.head.load(std::memory_order_seq_cst));
    if (head > last) {
      ++last;
      LogRecord record;
      const bool there = read_entry(log, last, record);
      if (there && (record.sequence != last || record.bytes != bytes_of(last) || record.frame_id != last)) ++count.torn;
      if (!there || record.bytes > kLongest || !read_data<kRecheck>(log, record, copy.data())) {
        ++count.gone;
        last = std::max(last, s.log.tail.load(std::memory_order_relaxed) - 1);
        continue;
      }
      ++count.taken;
      count.torn += test::is_whole(last, std::span(copy).first(record.bytes)) ? 0 : 1;
      if (until_torn && count.torn != 0) return count;
      continue;
    }
    const std::uint32_t expected = announce_waiter(s.header.doorbell, s.leases.waiters);
    if (head_sequence(s.header.head.load(std::memory_order_seq_cst)) > last) continue;
    if (s.header.retired.load(std::memory_order_acquire) != 0) return count;
    const std::uint64_t since = monotonic_ns();
    futex_wait(s.header.doorbell, expected, kWatchdog);
    count.overslept += monotonic_ns() - since >= to_ns(kWatchdog);
  }
}

void retire(Shared& s) {
  s.header.retired.store(1, std::memory_order_seq_cst);
  ring_doorbell(s.header.doorbell);
  futex_wake_all(s.header.doorbell);
}

TEST(LogOneMapping, writers_die_and_are_taken_over_beside_readers_that_sleep) {
  const auto shared = std::make_unique<Shared>();
  std::array<Count, kReaders> counts;
  std::vector<std::thread> readers;
  for (std::uint32_t reader = 0; reader < kReaders; ++reader)
    readers.emplace_back([&, reader] { counts[reader] = read_all<true>(*shared); });
  for (unsigned i = 0; i < kWriters; ++i)
    std::thread([&] {  // its end is what the lock's fall is between processes
      Writer writer(*shared);
      EXPECT_TRUE(writer.sound);
      for (unsigned record = 0; record < kRecords; ++record) {
        writer.append();
        if (record % 4 == 0) std::this_thread::yield();
      }
      writer.append(static_cast<End>(i % 3));
    })
        .join();
  Writer(*shared).append();
  retire(*shared);
  for (std::thread& reader : readers) reader.join();
  for (const Count& count : counts) {
    EXPECT_GT(count.taken, 0u);
    EXPECT_EQ(count.torn, 0u);
    EXPECT_EQ(count.overslept, 0u) << "a wake was lost";
  }
  EXPECT_EQ(head_sequence(shared->header.head), std::uint64_t{kWriters} * kRecords + 1);
}

// The negative control: runs until it has found a torn record.
TEST(LogOneMapping, without_the_second_look_records_are_torn) {
  const auto shared = std::make_unique<Shared>();
  std::atomic<bool> stop{false};
  std::thread appender([&] {
    for (Writer writer(*shared); !stop;) writer.append();
  });
  Count count;
  while (count.torn == 0) count = read_all<false>(*shared, true);
  stop = true;
  appender.join();
}

}  // namespace
}  // namespace vedette::bus
