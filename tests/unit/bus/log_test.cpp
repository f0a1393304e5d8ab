#include "bus/log.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <random>
#include <thread>

#include "support/bus_fixture.h"
#include "support/log_records.h"

namespace vedette::bus {
namespace {

using test::append_number;
using test::append_text;
using test::is_whole;
using test::text_of;

constexpr std::uint64_t kSchema = 7;

LogOptions options(std::uint64_t data_bytes = 8192, std::uint32_t index_entries = 64) {
  return {.schema_id = kSchema,
          .data_bytes = data_bytes,
          .index_entries = index_entries,
          .max_record_bytes = data_bytes / 2,
          .readers = 3,
          .metadata = "some text"};
}

class Log : public test::BusFixture {
 protected:
  LogWriter writer(const LogOptions& o = options()) { return std::move(LogWriter::open(dir_, topic("cam0/packets"), o)).value(); }
  LogReader reader(LogFrom from = LogFrom::kOldestKeyframe) {
    return std::move(LogReader::attach(dir_, topic("cam0/packets"), kSchema, {}, from)).value();
  }
  Error error_of(const LogOptions& o) { return LogWriter::open(dir_, topic("cam0/packets"), o).error(); }

  std::vector<std::byte> out_;
};

TEST_F(Log, a_reader_gets_what_was_appended) {
  auto w = writer();
  auto r = reader();
  EXPECT_EQ(r.take_next(out_).status, LogTake::kNothing);
  EXPECT_EQ(r.metadata(), "some text");
  EXPECT_EQ(r.schema_id(), kSchema);
  EXPECT_EQ(r.max_record_bytes(), 4096u);
  ASSERT_TRUE(w.append({.frame_id = 5, .at_ns = 77, .keyframe = true}, std::array{std::as_bytes(std::span("hello", 5))}));
  ASSERT_TRUE(append_text(w, 6, "", false));
  LogTaken taken = r.take_next(out_);
  ASSERT_TRUE(taken);
  EXPECT_EQ(text_of(out_), "hello");
  EXPECT_EQ(taken.stamp.frame_id, 5u);
  EXPECT_EQ(taken.stamp.at_ns, 77u);
  EXPECT_TRUE(taken.stamp.keyframe);
  EXPECT_EQ(taken.sequence, 1u);
  EXPECT_EQ(taken.missed, 0u);
  taken = r.take_next(out_);
  ASSERT_TRUE(taken);
  EXPECT_EQ(text_of(out_), "");
  EXPECT_FALSE(taken.stamp.keyframe);
  EXPECT_EQ(r.take_next(out_).status, LogTake::kNothing);
}

// All ways in which pieces' ends can lie in a word.
TEST_F(Log, pieces_are_one_behind_the_other) {
  auto w = writer(options(1 << 16));
  auto r = reader();
  const std::string text = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  for (std::size_t a = 0; a <= 17; ++a)
    for (std::size_t b = 0; b <= 17; ++b)
      for (const std::size_t c : {std::size_t{0}, std::size_t{1}, std::size_t{23}}) {
        const auto all = std::as_bytes(std::span(text.data(), a + b + c));
        ASSERT_TRUE(w.append({.keyframe = true}, std::array{all.first(a), all.subspan(a, b), all.last(c)}));
        ASSERT_TRUE(r.take_next(out_));
        ASSERT_EQ(text_of(out_), text.substr(0, a + b + c));
      }
}

// Lengths of all kinds, over the end of the data again and again; a reader that is always there misses nothing.
TEST_F(Log, wraps_at_any_place) {
  auto w = writer();
  auto r = reader();
  std::mt19937_64 random(1);
  for (std::uint64_t n = 1; n <= 5000; ++n) {
    const std::size_t bytes = random() % 4 == 0 ? 4096 - random() % 20 : random() % 700;
    ASSERT_TRUE(append_number(w, n, bytes, true));
    const LogTaken taken = r.take_next(out_);
    ASSERT_TRUE(taken);
    ASSERT_EQ(taken.missed, 0u);
    ASSERT_EQ(taken.sequence, n);
    ASSERT_EQ(out_.size(), bytes);
    ASSERT_TRUE(is_whole(n, out_)) << n;
  }
}

TEST_F(Log, what_is_left_is_all_that_fits) {
  auto w = writer(options(8192, 1024));
  for (std::uint64_t n = 1; n <= 100; ++n) ASSERT_TRUE(append_number(w, n, 1000, true));
  auto r = reader();
  EXPECT_EQ(r.span().records, 8u);
  EXPECT_EQ(r.span().bytes, 8000u);
  for (std::uint64_t n = 93; n <= 100; ++n) {
    const LogTaken taken = r.take_next(out_);
    ASSERT_TRUE(taken);
    EXPECT_EQ(taken.sequence, n);
    EXPECT_TRUE(is_whole(n, out_));
  }
  EXPECT_FALSE(r.take_next(out_));
}

TEST_F(Log, holds_as_many_records_as_it_has_index_entries) {
  auto w = writer(options(1 << 16, 5));
  EXPECT_EQ(w.options().index_entries, 8u);
  for (std::uint64_t n = 1; n <= 100; ++n) ASSERT_TRUE(append_number(w, n, 8, true));
  auto r = reader();
  EXPECT_EQ(r.span().records, 8u);
  EXPECT_EQ(r.take_next(out_).sequence, 93u);
}

TEST_F(Log, the_longest_record_and_one_byte_more) {
  auto w = writer();
  auto r = reader();
  for (std::uint64_t n = 1; n <= 20; ++n) {
    ASSERT_TRUE(append_number(w, n, 4096, true));
    ASSERT_TRUE(r.take_next(out_));
    ASSERT_TRUE(is_whole(n, out_));
  }
  EXPECT_EQ(r.span().records, 2u);
  EXPECT_FALSE(append_number(w, 21, 4097, true));
  EXPECT_EQ(w.stats().dropped, 1u);
  EXPECT_EQ(w.stats().published, 20u);
  EXPECT_FALSE(r.take_next(out_));
}

TEST_F(Log, an_overrun_reader_goes_on_at_the_oldest_keyframe_and_is_told) {
  auto w = writer(options(8192, 1024));
  auto r = reader();
  ASSERT_TRUE(append_number(w, 1, 1000, true));
  ASSERT_TRUE(r.take_next(out_));
  for (std::uint64_t n = 2; n <= 40; ++n) ASSERT_TRUE(append_number(w, n, 1000, n % 5 == 0));
  LogTaken taken = r.take_next(out_);  // 33 … 40 are there
  ASSERT_TRUE(taken);
  EXPECT_EQ(taken.sequence, 35u);
  EXPECT_EQ(taken.missed, 33u);
  EXPECT_TRUE(taken.stamp.keyframe);
  EXPECT_TRUE(is_whole(35, out_));
  taken = r.take_next(out_);
  EXPECT_EQ(taken.sequence, 36u);
  EXPECT_EQ(taken.missed, 0u);
}

TEST_F(Log, an_overrun_reader_without_a_keyframe_goes_on_at_the_newest_record) {
  auto w = writer(options(8192, 1024));
  auto r = reader();
  for (std::uint64_t n = 1; n <= 40; ++n) ASSERT_TRUE(append_number(w, n, 1000, false));
  const LogTaken taken = r.take_next(out_);
  ASSERT_TRUE(taken);
  EXPECT_EQ(taken.sequence, 40u);
  EXPECT_EQ(taken.missed, 39u);
}

TEST_F(Log, readers_begin_where_they_say) {
  auto w = writer(options(1 << 16));
  for (std::uint64_t n = 1; n <= 20; ++n) ASSERT_TRUE(append_number(w, n, 100, n % 6 == 3));  // 3, 9, 15
  auto oldest = reader(LogFrom::kOldestKeyframe), newest = reader(LogFrom::kNewestKeyframe), next = reader(LogFrom::kNext);
  EXPECT_EQ(oldest.take_next(out_).sequence, 3u);
  EXPECT_EQ(newest.take_next(out_).sequence, 15u);
  EXPECT_EQ(next.take_next(out_).status, LogTake::kNothing);
  ASSERT_TRUE(append_number(w, 21, 100, false));
  const LogTaken taken = next.take_next(out_);
  EXPECT_EQ(taken.sequence, 21u);
  EXPECT_EQ(taken.missed, 0u);
  newest.seek(LogFrom::kOldestKeyframe);
  EXPECT_EQ(newest.take_next(out_).sequence, 3u);
  EXPECT_EQ(newest.take_next(out_).missed, 0u);
}

TEST_F(Log, where_readers_begin_without_a_keyframe) {
  auto w = writer();
  for (std::uint64_t n = 1; n <= 3; ++n) ASSERT_TRUE(append_number(w, n, 100, false));
  auto oldest = reader(LogFrom::kOldestKeyframe), newest = reader(LogFrom::kNewestKeyframe);
  EXPECT_EQ(oldest.take_next(out_).sequence, 1u);
  EXPECT_EQ(newest.take_next(out_).status, LogTake::kNothing);
  EXPECT_FALSE(oldest.seek_time(1000));
  EXPECT_EQ(oldest.take_next(out_).sequence, 2u);
}

TEST_F(Log, seeks_by_time) {
  auto w = writer(options(1 << 16));
  auto r = reader();
  EXPECT_FALSE(r.seek_time(0));
  // Times as of a stream with B-frames: not in order. 4 and 8 are keyframes.
  for (const std::uint64_t n : {1, 2, 3, 4, 7, 5, 6, 8, 11, 9, 10}) ASSERT_TRUE(append_number(w, n, 100, n % 4 == 0));
  const auto at = [&](std::uint64_t ns) {
    EXPECT_TRUE(r.seek_time(ns));
    const LogTaken taken = r.take_next(out_);
    EXPECT_EQ(taken.missed, 0u);
    return taken.stamp.at_ns;
  };
  EXPECT_EQ(at(8000), 8000u);
  EXPECT_EQ(at(7999), 4000u);
  EXPECT_EQ(at(4000), 4000u);
  EXPECT_EQ(at(0), 4000u) << "the oldest there is";
  EXPECT_EQ(at(~0ull), 8000u);
}

TEST_F(Log, seeks_by_frame) {
  auto w = writer(options(8192, 1024));
  auto r = reader();
  EXPECT_FALSE(r.seek_frame(10));
  for (std::uint64_t n = 1; n <= 40; ++n) ASSERT_TRUE(append_number(w, n, 1000, n % 5 == 0));
  ASSERT_TRUE(append_text(w, 400, "sound of the picture before"));
  EXPECT_FALSE(r.seek_frame(10 * 32)) << "overwritten";
  EXPECT_FALSE(r.seek_frame(999));
  ASSERT_TRUE(r.seek_frame(10 * 37));
  EXPECT_EQ(r.take_next(out_).sequence, 37u);
  ASSERT_TRUE(r.seek_frame(400));
  EXPECT_EQ(r.take_next(out_).sequence, 40u) << "the first record of the frame";
}

TEST_F(Log, tells_what_it_holds) {
  auto w = writer(options(8192, 1024));
  EXPECT_EQ(w.span().records, 0u);
  EXPECT_EQ(w.span().oldest_at_ns, 0u);
  ASSERT_TRUE(append_number(w, 1, 1001, false));
  EXPECT_EQ(w.span().records, 1u);
  EXPECT_EQ(w.span().bytes, 1008u);
  EXPECT_EQ(w.span().oldest_at_ns, 0u);
  EXPECT_EQ(w.span().newest_at_ns, 1000u);
  for (std::uint64_t n = 2; n <= 40; ++n) ASSERT_TRUE(append_number(w, n, 1000, n % 5 == 0));
  for (const LogSpan& span : {w.span(), reader().span()}) {
    EXPECT_EQ(span.records, 8u);
    EXPECT_EQ(span.bytes, 8000u);
    EXPECT_EQ(span.oldest_at_ns, 35'000u);
    EXPECT_EQ(span.newest_at_ns, 40'000u);
  }
}

TEST_F(Log, a_successor_goes_on_in_the_same_files) {
  auto r = [&] {
    auto w = writer();
    EXPECT_FALSE(w.took_over());
    EXPECT_TRUE(append_text(w, 900, "one"));
    EXPECT_TRUE(append_text(w, 3, "two"));
    return reader();
  }();
  ASSERT_EQ(r.take_next(out_).sequence, 1u);
  auto w = writer();
  EXPECT_TRUE(w.took_over());
  EXPECT_EQ(w.stats().epoch, 2u);
  EXPECT_EQ(w.stats().published, 2u);
  EXPECT_EQ(w.stats().frame_id, 900u) << "the largest ever";
  EXPECT_EQ(w.span().records, 2u);
  ASSERT_TRUE(append_text(w, 901, "three"));
  EXPECT_EQ(r.take_next(out_).sequence, 2u);
  EXPECT_EQ(text_of(out_), "two");
  EXPECT_EQ(r.take_next(out_).sequence, 3u);
  EXPECT_EQ(text_of(out_), "three");
}

TEST_F(Log, wraps_on_over_many_successors) {
  std::optional<LogReader> r;
  std::mt19937_64 random(2);
  for (std::uint64_t n = 1; n <= 300; ++n) {
    auto w = writer();
    EXPECT_EQ(w.took_over(), n != 1);
    if (!r) r = reader();
    ASSERT_TRUE(append_number(w, n, random() % 4097, true));
    ASSERT_EQ(r->take_next(out_).sequence, n);
    ASSERT_TRUE(is_whole(n, out_));
  }
}

TEST_F(Log, has_one_writer_at_a_time) {
  auto w = writer();
  EXPECT_EQ(error_of(options()).code, ErrorCode::kBusy);
}

TEST_F(Log, resize_makes_new_files_and_old_readers_read_to_the_end) {
  auto w = writer();
  auto r = reader();
  ASSERT_TRUE(append_text(w, 7, "old"));
  ASSERT_TRUE(w.resize(options()).ok());
  EXPECT_EQ(r.wait(std::chrono::seconds(0)), Wait::kNew);
  LogOptions larger = options(16384);
  ASSERT_TRUE(w.resize(larger).ok());
  EXPECT_EQ(w.options().data_bytes, 16384u);
  ASSERT_TRUE(append_text(w, 8, "new"));
  EXPECT_EQ(w.stats().published, 2u);
  EXPECT_EQ(w.stats().frame_id, 8u);
  EXPECT_EQ(r.wait(std::chrono::seconds(0)), Wait::kNew);
  ASSERT_TRUE(r.take_next(out_));
  EXPECT_EQ(text_of(out_), "old");
  EXPECT_EQ(r.wait(std::chrono::hours(1)), Wait::kRetired);
  EXPECT_EQ(r.take_next(out_).status, LogTake::kRetired);
  r = reader();
  ASSERT_TRUE(r.take_next(out_));
  EXPECT_EQ(text_of(out_), "new");
}

TEST_F(Log, a_failed_resize_changes_nothing) {
  auto w = writer();
  auto r = reader();
  LogOptions bad = options();
  bad.data_bytes = 1ull << 36;
  EXPECT_EQ(w.resize(bad).error().code, ErrorCode::kResourceExhausted);
  bad = options();
  bad.max_record_bytes = 4097;
  EXPECT_EQ(w.resize(bad).error().code, ErrorCode::kInvalidArgument);
  ASSERT_TRUE(append_text(w, 1, "still here"));
  ASSERT_TRUE(r.take_next(out_));
}

TEST_F(Log, other_options_are_not_taken_over_but_ids_and_counters_go_on) {
  {
    auto w = writer();
    ASSERT_TRUE(append_text(w, 41, "x"));
  }
  auto old = reader();
  ASSERT_TRUE(old.take_next(out_));
  LogOptions other = options();
  other.metadata = "other text";
  auto w = writer(other);
  EXPECT_FALSE(w.took_over());
  EXPECT_EQ(w.stats().epoch, 2u);
  EXPECT_EQ(w.stats().frame_id, 41u);
  EXPECT_EQ(w.stats().published, 1u);
  EXPECT_EQ(w.span().records, 0u);
  EXPECT_EQ(old.take_next(out_).status, LogTake::kRetired);
  EXPECT_EQ(reader().metadata(), "other text");
}

TEST_F(Log, demand_reaches_the_writer) {
  auto w = writer();
  EXPECT_FALSE(w.demand().any());
  const DemandWatch watch = w.watch_demand();
  auto a = std::move(LogReader::attach(dir_, topic("cam0/packets"), kSchema, {.packets = true})).value();
  watch.wait(std::chrono::hours(1));
  EXPECT_TRUE(w.demand().packets);
  a.set_demand({});
  EXPECT_FALSE(w.demand().any());
  std::thread asker([&] { a.set_demand({.packets = true, .width = 7}); });
  while (!w.demand().packets) w.watch_demand().wait(std::chrono::milliseconds(1));
  asker.join();
}

TEST_F(Log, entries_are_limited_and_the_key_is_named) {
  auto w = writer();
  std::vector<LogReader> readers;
  for (int i = 0; i < 3; ++i) readers.push_back(reader());
  const auto refused = LogReader::attach(dir_, topic("cam0/packets"), kSchema);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kResourceExhausted);
  EXPECT_NE(refused.error().text.find("bus.readers"), std::string::npos);
  readers.pop_back();
  EXPECT_TRUE(LogReader::attach(dir_, topic("cam0/packets"), kSchema).ok());
}

TEST_F(Log, errors_say_what_was_expected) {
  EXPECT_EQ(LogReader::attach(dir_, topic("cam0/packets"), kSchema).error().code, ErrorCode::kNotFound);
  auto with = [](auto change) {
    LogOptions o = options();
    change(o);
    return o;
  };
  struct Case {
    LogOptions options;
    const char* words;
  };
  for (const auto& [bad, words] : {Case{with([](LogOptions& o) { o.data_bytes = 0; }), "a log of 0 bytes; expected 1 to 2^36"},
                                   Case{with([](LogOptions& o) { o.data_bytes = (1ull << 36) + 1; }), "expected 1 to 2^36"},
                                   Case{with([](LogOptions& o) { o.max_record_bytes = 0; }), "up to 0 bytes"},
                                   Case{with([](LogOptions& o) { o.max_record_bytes = 4097; }), "at most half"},
                                   Case{with([](LogOptions& o) { o.index_entries = 0; }), "a log of 0 records"},
                                   Case{with([](LogOptions& o) { o.index_entries = (1u << 20) + 1; }), "2^20"},
                                   Case{with([](LogOptions& o) { o.readers = 0; }), "0 readers"},
                                   Case{with([](LogOptions& o) { o.readers = 257; }), "257 readers"},
                                   Case{with([](LogOptions& o) { o.metadata.resize(4001); }), "metadata of 4001"}}) {
    const Error error = error_of(bad);
    EXPECT_EQ(error.code, ErrorCode::kInvalidArgument) << words;
    EXPECT_NE(error.text.find(words), std::string::npos) << error.text;
    EXPECT_EQ(error.text.rfind("cam0/packets: ", 0), 0u) << error.text;
  }
  const Error error = error_of(with([](LogOptions& o) { o.data_bytes = 1ull << 36; }));
  EXPECT_EQ(error.code, ErrorCode::kResourceExhausted);
  EXPECT_NE(error.text.find("needs 65537 MiB"), std::string::npos) << error.text;
}

TEST_F(Log, needs_what_it_says) {
  const LogOptions o = options(1 << 20, 1000);
  auto w = writer(o);
  std::uint64_t taken = 0;
  for (const char* name : {"packets", "packets.leases", "packets.lock"})
    taken += (std::filesystem::file_size(path_ + "/cam0/" + name) + 4095) / 4096 * 4096;
  EXPECT_EQ(bytes_needed(o), taken);
}

TEST_F(Log, another_schema_is_refused_unless_any_is_asked_for) {
  auto w = writer();
  const auto refused = LogReader::attach(dir_, topic("cam0/packets"), kSchema + 1);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kIncompatible);
  EXPECT_TRUE(LogReader::attach(dir_, topic("cam0/packets"), kAnySchema).ok());
}

TEST_F(Log, rings_and_logs_refuse_each_other) {
  auto w = writer();
  const auto as_ring = RingReader::attach(dir_, topic("cam0/packets"), kSchema);
  ASSERT_FALSE(as_ring.ok());
  EXPECT_EQ(as_ring.error().code, ErrorCode::kIncompatible);
  EXPECT_EQ(as_ring.error().text, "cam0/packets: is a log (records copied out, with history); this program expects a ring");
  auto ring = RingWriter::open(dir_, topic("cam0/frames"), {.schema_id = kSchema, .slot_bytes = 64});
  ASSERT_TRUE(ring.ok());
  const auto as_log = LogReader::attach(dir_, topic("cam0/frames"), kSchema);
  ASSERT_FALSE(as_log.ok());
  EXPECT_EQ(as_log.error().code, ErrorCode::kIncompatible);
  EXPECT_EQ(as_log.error().text, "cam0/frames: is a ring (records read in place); this program expects a log");
}

TEST_F(Log, a_topic_may_become_a_log_and_a_ring_again) {
  const TopicName name = topic("cam0/packets");
  {
    auto ring = std::move(RingWriter::open(dir_, name, {.schema_id = kSchema, .slot_bytes = 64})).value();
    ASSERT_TRUE(test::publish_value(ring, 10, 1));
  }
  auto ring_reader = std::move(RingReader::attach(dir_, name, kSchema)).value();
  {
    auto w = writer();
    EXPECT_FALSE(w.took_over());
    EXPECT_EQ(w.stats().frame_id, 10u);
    ASSERT_TRUE(append_text(w, 11, "x"));
  }
  EXPECT_EQ(ring_reader.take_newest().status, Take::kRetired);
  auto ring = std::move(RingWriter::open(dir_, name, {.schema_id = kSchema, .slot_bytes = 64})).value();
  EXPECT_EQ(ring.next_frame_id(), 12u);
  EXPECT_EQ(ring.stats().epoch, 3u);
}

TEST_F(Log, remove_removes) {
  auto w = writer();
  auto r = reader();
  w.remove();
  EXPECT_EQ(r.take_next(out_).status, LogTake::kRetired);
  EXPECT_FALSE(std::filesystem::exists(path_ + "/cam0/packets"));
}

}  // namespace
}  // namespace vedette::bus
