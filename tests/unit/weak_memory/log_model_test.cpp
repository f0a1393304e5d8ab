// The log's protocol (bus/log_protocol.h) under the weak memory model: a writer that writes over old records, in the data and in
// the index, against readers that are slow or stop anywhere; a writer that dies before any of its accesses and its successor.
// Each order and each look that the argument needs is weakened or left out once, and the checker must tell.
#include <vector>

#include "bus/log_protocol.h"
#include "bus_model.h"

namespace vedette::weak {
namespace {

constexpr auto kRlx = std::memory_order_relaxed;
constexpr auto kAcq = std::memory_order_acquire;
constexpr auto kRel = std::memory_order_release;
constexpr auto kSc = std::memory_order_seq_cst;

constexpr const char* kTornEntry = "an entry of two records";
constexpr const char* kTornData = "the data of two records";

struct EntryModel {  // bus::LogEntry
  Atomic<std::uint64_t> position, length, frame_id, at_ns;
};

struct Shape {
  std::size_t words, entries, words_each;  // of the data; of the index; of a record
};

// What bus::LogWords is to the templates. Fences may be left out: mutations.
struct LogModel {
  mutable Atomic<std::uint64_t> tail_word;
  mutable std::vector<EntryModel> all_entries;
  mutable std::vector<Atomic<std::uint64_t>> all_words;
  bool release_fence = true, acquire_fence = true;

  explicit LogModel(const Shape& shape) : all_entries(shape.entries), all_words(shape.words) {
    tail_word.called("tail");
    for (EntryModel& e : all_entries)
      e.position.called("position"), e.length.called("length"), e.frame_id.called("frame_id"), e.at_ns.called("at_ns");
    for (auto& word : all_words) word.called("data");
  }
  Atomic<std::uint64_t>& tail() const { return tail_word; }
  EntryModel& entry(std::uint64_t sequence) const { return all_entries[sequence % all_entries.size()]; }
  std::uint64_t entries() const { return all_entries.size(); }
  Atomic<std::uint64_t>* words() const { return all_words.data(); }
  std::uint64_t data_words() const { return all_words.size(); }
  void fence(std::memory_order order) const {
    if (order == kRel ? release_fence : acquire_fence) weak::fence(order);
  }
};

// Mistakes, each of which must be found.
struct Mistakes {
  bool no_release_fence = false, no_acquire_fence = false;
  bool tail_last = false;         // W1 after W2
  bool keep_too_much = false;     // records are given up one too late
  bool no_look_at_entry = false;  // R3 left out
  bool no_look_at_data = false;   //
  bool forget_the_tail = false;   // a successor begins with what it finds from 1 on
  bool behind_the_head = false;   // a successor takes what is being written for whole
  std::optional<Weakened> order;
};

struct Log {
  Program program;
  const Shape shape;
  const Mistakes mistakes;
  LogModel words;
  Atomic<std::uint64_t> head;
  Atomic<std::uint32_t> doorbell, waiters;
  Atomic<int> writer_lock{1};

  Log(const Shape& s, const Mistakes& m) : shape(s), mistakes(m), words(s) {
    head.called("head"), doorbell.called("doorbell"), waiters.called("waiters"), writer_lock.called("writer_lock");
    words.release_fence = !m.no_release_fence, words.acquire_fence = !m.no_acquire_fence;
    if (m.order) program.weaken(*m.order);
  }

  // Word i of record n, written by writer `by`.
  static std::uint64_t value(std::uint64_t n, std::size_t i, std::uint64_t by) { return 100 * by + 10 * n + i; }
  std::uint64_t bytes() const { return shape.words_each * bus::kWord; }
};

// LogSegment's part that matters.
struct LogAuthor {
  Log& log;
  std::uint64_t by;
  bus::LogEnds ends;

  void append() {
    const std::uint64_t n = ends.sequence + 1, bytes = log.bytes();
    const std::uint64_t tail = ends.tail;
    if (log.mistakes.keep_too_much) {
      // As if the log were one record longer.
      while (ends.tail + log.shape.words / log.shape.words_each < n) ++ends.tail;
      if (ends.tail != tail) log.words.tail().store(ends.tail, kRlx);
      log.words.fence(kRel);
    } else if (!log.mistakes.tail_last) {
      bus::make_room(log.words, ends, bytes);
    }
    std::vector<std::uint64_t> words;
    for (std::size_t i = 0; i < log.shape.words_each; ++i) words.push_back(Log::value(n, i, by));
    bus::LogAppender appender(log.words, ends.end);
    appender.append(std::as_bytes(std::span(words)));
    appender.finish();
    // What entries say is made of the same numbers, so that it can be told apart.
    bus::write_entry(log.words, ends, bytes, n % 2 == 0, Log::value(n, 8, by), Log::value(n, 9, by));
    if (log.mistakes.tail_last) {
      --ends.sequence, ends.end -= bytes;
      bus::make_room(log.words, ends, bytes);
      ++ends.sequence, ends.end += bytes;
    }
    (void)bus::announce_record(log.head, log.doorbell, log.waiters, bus::pack_head(n, 0));
  }

  void take_over() {
    const std::uint64_t head = bus::head_sequence(log.head.load(kAcq));
    expect(bus::inherit_log(log.words, head, log.bytes(), ends), "a successor finds what no writer leaves");
    if (log.mistakes.forget_the_tail) {
      log.words.tail().store(0, kRlx);
    }
    if (log.mistakes.behind_the_head) {
      const bus::LogRecord next = bus::copy_entry(log.words.entry(head + 1), head + 1);
      if (next.bytes == log.bytes() && next.position == ends.end) {
        ++ends.sequence, ends.end += next.bytes;
        (void)bus::announce_record(log.head, log.doorbell, log.waiters, bus::pack_head(ends.sequence, 0));
      }
    }
  }
};

// LogReader's part that matters: any record that the head says may be there. What was taken must be one writer's, and that
// record's.
void take_any(const Log& log, std::uint64_t records) {
  const std::uint64_t newest = bus::head_sequence(log.head.load(kAcq));
  const std::uint64_t n = 1 + choose(static_cast<std::uint32_t>(records));
  if (n > newest) return;
  bus::LogRecord record = bus::copy_entry(log.words.entry(n), n);
  if (!log.mistakes.no_look_at_entry && !bus::still_there(log.words, n)) return;
  const std::uint64_t by = record.at_ns / 100;
  expect(record.position == (n - 1) * log.bytes() && record.bytes == log.bytes() && record.keyframe == (n % 2 == 0) &&
             record.frame_id == Log::value(n, 8, by) && record.at_ns == Log::value(n, 9, by) && by != 0,
         kTornEntry);
  std::vector<std::uint64_t> words(log.shape.words_each);
  const auto out = std::as_writable_bytes(std::span(words)).data();
  const bool there =
      log.mistakes.no_look_at_data ? bus::read_data<false>(log.words, record, out) : bus::read_data(log.words, record, out);
  if (!there) return;
  for (std::size_t i = 0; i < words.size(); ++i) expect(words[i] == Log::value(n, i, by), kTornData);
}

struct Size {
  std::uint32_t readers, takes, records;
};

Explored explore_log(const Shape& shape, const Size& size, const Mistakes& mistakes = {}) {
  Log log(shape, mistakes);
  log.program.thread([&] {
    LogAuthor author{log, 1, {}};
    for (std::uint32_t i = 0; i < size.records; ++i) author.append();
  });
  for (std::uint32_t number = 0; number < size.readers; ++number)
    log.program.thread([&] {
      for (std::uint32_t i = 0; i < size.takes; ++i) take_any(log, size.records);
    });
  return explore(log.program);
}

constexpr Shape kShortData{2, 4, 1};   // the data are written over first
constexpr Shape kShortIndex{4, 2, 1};  // the index
constexpr Shape kWide{4, 4, 2};        // records of two words

TEST(LogModel, data_written_over) {
  expect_right("1 reader, 3 takes, 4 records", explore_log(kShortData, {1, 3, 4}));
  expect_right("2 readers, 2 takes, 3 records", explore_log(kShortData, {2, 2, 3}));
  expect_right("3 readers, 1 take, 3 records", explore_log(kShortData, {3, 1, 3}));
}

TEST(LogModel, index_written_over) {
  expect_right("1 reader, 2 takes, 4 records", explore_log(kShortIndex, {1, 2, 4}));
  expect_right("2 readers, 1 take, 3 records", explore_log(kShortIndex, {2, 1, 3}));
}

TEST(LogModel, records_of_several_words) {
  expect_right("1 reader, 2 takes, 4 records", explore_log(kWide, {1, 2, 4}));
  expect_right("2 readers, 1 take, 3 records", explore_log(kWide, {2, 1, 3}));
}

// The doorbell needs the head's store seq_cst; the log doesn't.
TEST(LogModel, a_released_head_is_enough_for_the_log) {
  expect_right("1 reader, 1 take, 3 records",
               explore_log(kShortData, {1, 1, 3}, {.order = Weakened{"head", Access::kStore, kSc, kRel}}));
}

Explored explore_succession(const Shape& shape, std::uint32_t first, std::uint32_t second, const Mistakes& mistakes = {}) {
  Log log(shape, mistakes);
  log.program.mortal_thread(
      [&] {
        LogAuthor author{log, 1, {}};
        for (std::uint32_t i = 0; i < first; ++i) author.append();
        await(false);  // alive, and silent
      },
      [&] { log.writer_lock.store(0, kRel); });
  log.program.thread([&] {
    await(log.writer_lock.load(kAcq) == 0);
    LogAuthor author{log, 2, {}};
    author.take_over();
    for (std::uint32_t i = 0; i < second; ++i) author.append();
  });
  log.program.thread([&] { take_any(log, first + second); });
  return explore(log.program);
}

TEST(LogModel, a_writer_dies_anywhere) {
  expect_right("data: 3 records, successor appends 1", explore_succession(kShortData, 3, 1));
  expect_right("index: 3 records, successor appends 1", explore_succession(kShortIndex, 3, 1));
  expect_right("data: 2 records, successor appends 2", explore_succession(kShortData, 2, 2));
}

struct LogMutant {
  const char* name;
  Shape shape;
  Mistakes mistakes;
  const char* violation;
};
void PrintTo(const LogMutant& mutant, std::ostream* out) { *out << mutant.name; }

class LogMutants : public testing::TestWithParam<LogMutant> {};

TEST_P(LogMutants, is_found) {
  const LogMutant& mutant = GetParam();
  expect_wrong(explore_log(mutant.shape, {1, 1, 3}, mutant.mistakes), mutant.violation);
}

constexpr auto kHeadStore = [] { return Weakened{"head", Access::kStore, kSc, kRlx}; };
constexpr auto kHeadLoad = [] { return Weakened{"head", Access::kLoad, kAcq, kRlx}; };

INSTANTIATE_TEST_SUITE_P(
    All, LogMutants,
    testing::Values(LogMutant{"no_release_fence_data", kShortData, {.no_release_fence = true}, kTornData},     // F1
                    LogMutant{"no_release_fence_index", kShortIndex, {.no_release_fence = true}, kTornEntry},  //
                    LogMutant{"no_acquire_fence_data", kShortData, {.no_acquire_fence = true}, kTornData},     // F2
                    LogMutant{"no_acquire_fence_index", kShortIndex, {.no_acquire_fence = true}, kTornEntry},  //
                    LogMutant{"no_look_at_data", kShortData, {.no_look_at_data = true}, kTornData},            // R3
                    LogMutant{"no_look_at_entry", kShortIndex, {.no_look_at_entry = true}, kTornEntry},        //
                    LogMutant{"tail_last_data", kShortData, {.tail_last = true}, kTornData},                   // W1
                    LogMutant{"tail_last_index", kShortIndex, {.tail_last = true}, kTornEntry},                //
                    LogMutant{"given_up_too_late", kShortData, {.keep_too_much = true}, kTornData},            //
                    LogMutant{"head_store_relaxed", kShortData, {.order = kHeadStore()}, kTornEntry},          // W3
                    LogMutant{"head_load_relaxed", kShortData, {.order = kHeadLoad()}, kTornEntry}),           // R1
    [](const testing::TestParamInfo<LogMutant>& mutant) { return mutant.param.name; });

TEST(LogSuccessionMutant, is_found) {
  expect_wrong(explore_succession(kShortData, 3, 1, {.forget_the_tail = true}), kTornData);
  expect_wrong(explore_succession(kShortData, 3, 1, {.behind_the_head = true}), kTornEntry);
}

}  // namespace
}  // namespace vedette::weak
