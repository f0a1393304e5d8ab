// inspect: what it reports is what is there, it leaves no trace, and no bytes of a hostile file can hurt it.
#include "bus/inspect.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstddef>
#include <fstream>
#include <iterator>
#include <random>
#include <thread>

#include "bus/layout.h"
#include "support/bus_fixture.h"
#include "support/child.h"
#include "support/log_records.h"

namespace vedette::bus {
namespace {

class Inspect : public test::BusFixture {
 protected:
  static RingOptions options() {
    return {.schema_id = 77,
            .slot_bytes = 5000,
            .keep = 3,
            .writer_slots = 2,
            .readers = 4,
            .held_per_reader = 2,
            .policy = SlotPolicy::kOldestFirst,
            .metadata = "person\ncar"};
  }
  RingWriter writer() { return std::move(RingWriter::open(dir_, name_, options())).value(); }
  RingReader reader(Demand demand = {}) { return std::move(RingReader::attach(dir_, name_, 77, demand)).value(); }
  TopicReport report() { return std::move(inspect(dir_, name_)).value(); }
  std::string bytes_of(const std::string& suffix) const {
    std::ifstream file(path_ + "/cam0/things" + suffix, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void overwrite(const std::string& suffix, std::size_t offset, std::string_view bytes) const {
    std::fstream file(path_ + "/cam0/things" + suffix, std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(static_cast<std::streamoff>(offset));
    file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  }

  static std::uint64_t value_in(const std::vector<std::byte>& bytes) {
    std::uint64_t value = 0;
    std::memcpy(&value, bytes.data(), std::min(bytes.size(), sizeof value));
    return value;
  }

  const TopicName name_ = topic("cam0/things");
};

TEST_F(Inspect, reports_what_is_there) {
  EXPECT_EQ(inspect(dir_, name_).error().code, ErrorCode::kNotFound);
  RingWriter w = writer();
  RingReader first = reader(Demand::pixels_at(3));
  RingReader second = reader();
  for (std::uint64_t id = 10; id < 16; ++id) ASSERT_TRUE(test::publish_value(w, id, id));
  const Taken taken = first.take_newest();
  ASSERT_TRUE(taken);
  w.count_drop();

  const TopicReport seen = report();
  EXPECT_EQ(seen.layout_version, kLayoutVersion);
  EXPECT_EQ(seen.options, options());
  EXPECT_EQ(seen.stats.published, 6u);
  EXPECT_EQ(seen.stats.dropped, 1u);
  EXPECT_EQ(seen.stats.frame_id, 15u);
  EXPECT_EQ(seen.stats.writer_pid, ::getpid());
  EXPECT_EQ(seen.sequence, 6u);
  EXPECT_EQ(seen.writer, Alive::kYes);
  EXPECT_FALSE(seen.retired);
  EXPECT_EQ(seen.bytes(), bytes_needed(options()));
  EXPECT_EQ(seen.payload.mode, 0640u);
  EXPECT_EQ(seen.leases.mode, 0660u);
  EXPECT_EQ(seen.lock.mode, 0600u);
  EXPECT_EQ(seen.payload.owner, ::geteuid());
  ASSERT_EQ(seen.readers.size(), 2u);
  EXPECT_EQ(seen.readers[0].pid, ::getpid());
  EXPECT_EQ(seen.readers[0].alive, Alive::kYes);
  EXPECT_EQ(seen.readers[0].demand, Demand::pixels_at(3));
  EXPECT_EQ(seen.readers[0].taken, 6u);
  EXPECT_EQ(seen.readers[0].missed, 5u);
  EXPECT_EQ(seen.readers[0].holds.size(), 1u);
  EXPECT_EQ(seen.readers[1].taken, 0u);
  EXPECT_TRUE(seen.readers[1].holds.empty());
  EXPECT_EQ(seen.held_slots(), 1u);
}

TEST_F(Inspect, leaves_no_trace) {
  RingWriter w = writer();
  ASSERT_TRUE(test::publish_value(w, 1, 1));
  const std::string payload = bytes_of(""), leases = bytes_of(".leases"), lock = bytes_of(".lock");
  (void)report();
  ASSERT_TRUE(glimpse(dir_, name_, 8).ok());
  EXPECT_TRUE(payload == bytes_of("") && leases == bytes_of(".leases") && lock == bytes_of(".lock"));
  EXPECT_TRUE(report().readers.empty());
}

TEST_F(Inspect, tells_the_dead_from_the_living) {
  test::Child writing([&] {
    RingWriter w = writer();
    ::raise(SIGSTOP);
    return 0;
  });
  ::waitpid(writing.pid(), nullptr, WUNTRACED);
  EXPECT_EQ(report().writer, Alive::kYes) << "a stopped process still has its lock";
  test::Child reading([&] {
    RingReader r = reader(Demand::every_pixel());
    ::raise(SIGSTOP);
    return 0;
  });
  ::waitpid(reading.pid(), nullptr, WUNTRACED);
  ASSERT_EQ(report().readers.size(), 1u);
  EXPECT_EQ(report().readers[0].alive, Alive::kYes);
  const pid_t reader_pid = reading.pid();
  reading.end();
  writing.end();
  const TopicReport seen = report();
  EXPECT_EQ(seen.writer, Alive::kNo);
  ASSERT_EQ(seen.readers.size(), 1u) << "nobody has swept the entry";
  EXPECT_EQ(seen.readers[0].alive, Alive::kNo);
  EXPECT_EQ(seen.readers[0].pid, reader_pid);
}

TEST_F(Inspect, a_glimpse_is_the_newest_record) {
  RingWriter w = writer();
  EXPECT_EQ(glimpse(dir_, name_, 8)->sequence, 0u);
  for (std::uint64_t id = 1; id < 20; ++id) {
    ASSERT_TRUE(test::publish_value(w, id, 1000 + id));
    const auto seen = glimpse(dir_, name_, 100);
    ASSERT_TRUE(seen.ok());
    EXPECT_EQ(seen->sequence, id);
    EXPECT_EQ(seen->frame_id, id);
    EXPECT_EQ(seen->record_bytes, 8u);
    ASSERT_EQ(seen->bytes.size(), 8u) << "no more than the record";
    EXPECT_EQ(value_in(seen->bytes), 1000 + id);
  }
}

TEST_F(Inspect, another_layout_version_is_told_with_both_numbers) {
  { RingWriter w = writer(); }
  overwrite("", offsetof(Header, layout_version), std::string("\x09\0\0\0", 4));
  const auto refused = inspect(dir_, name_);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kIncompatible);
  EXPECT_EQ(refused.error().text, "cam0/things: written with layout version 9, this program reads version " +
                                      std::to_string(kLayoutVersion) + "; use programs of one release");
}

TEST_F(Inspect, hostile_bytes_are_refused_or_harmless) {
  RingWriter w = writer();
  ASSERT_TRUE(test::publish_value(w, 1, 1));
  const std::string payload = bytes_of(""), leases = bytes_of(".leases");
  std::mt19937 random(1);
  int refused = 0;
  for (int round = 0; round < 3000; ++round) {
    const bool in_leases = round % 3 == 0;
    const std::size_t end = in_leases ? 512 : sizeof(Header) + 10 * sizeof(Descriptor);
    std::string word(1u << (random() % 4), '\0');
    for (char& c : word) c = static_cast<char>(random() % 4 == 0 ? 0xff : random());
    overwrite(in_leases ? ".leases" : "", random() % end / 4 * 4, word);
    const auto seen = inspect(dir_, name_);
    const auto record = glimpse(dir_, name_, 1u << 20);
    refused += !seen.ok();
    if (seen.ok()) {
      EXPECT_LE(seen->readers.size(), kMaxReaders);
    }
    if (record.ok()) {
      EXPECT_LE(record->bytes.size(), payload.size());
    }
    if (round % 20 == 19) overwrite("", 0, payload), overwrite(".leases", 0, leases);
  }
  EXPECT_GT(refused, 100) << "the bytes weren't hostile";
  for (const std::size_t left : {payload.size() - 1, sizeof(Header) + 8, sizeof(Header) - 1, std::size_t{0}}) {
    std::filesystem::resize_file(path_ + "/cam0/things", left);
    EXPECT_FALSE(inspect(dir_, name_).ok()) << left;
  }
}

TEST_F(Inspect, a_lease_file_that_is_gone_or_cut_is_no_readers) {
  RingWriter w = writer();
  RingReader r = reader();
  std::filesystem::resize_file(path_ + "/cam0/things.leases", 200);
  EXPECT_TRUE(report().readers.empty());
  std::filesystem::remove(path_ + "/cam0/things.leases");
  EXPECT_TRUE(report().readers.empty());
  EXPECT_FALSE(report().leases.exists);
  EXPECT_TRUE(report().payload.exists);
}

TEST_F(Inspect, stray_files_are_those_of_no_topic) {
  RingWriter w = writer();
  EXPECT_TRUE(stray_files(dir_).empty());
  std::ofstream(path_ + "/cam0/things.new");
  std::ofstream(path_ + "/cam0/Other File");
  std::filesystem::create_symlink("/etc/passwd", path_ + "/cam0/link");
  EXPECT_EQ(stray_files(dir_), (std::vector<std::string>{"cam0/Other File", "cam0/link", "cam0/things.new"}));
}

class InspectLog : public test::BusFixture {
 protected:
  static LogOptions options() {
    return {.schema_id = 77, .data_bytes = 8192, .index_entries = 64, .max_record_bytes = 1000, .readers = 4, .metadata = "text"};
  }
  LogWriter writer() { return std::move(LogWriter::open(dir_, name_, options())).value(); }
  TopicReport report() { return std::move(inspect(dir_, name_)).value(); }
  const TopicName name_ = topic("cam0/packets");
};

TEST_F(InspectLog, reports_what_is_there) {
  auto w = writer();
  const TopicReport empty = report();
  EXPECT_EQ(empty.span.records, 0u);
  EXPECT_EQ(std::move(glimpse(dir_, name_, 100)).value().sequence, 0u);
  auto r = std::move(LogReader::attach(dir_, name_, 77, {.packets = true}, LogFrom::kOldestKeyframe)).value();
  for (std::uint64_t n = 1; n <= 40; ++n) ASSERT_TRUE(test::append_number(w, n, 900, n % 4 == 0));  // 9 fit
  std::vector<std::byte> out;
  ASSERT_EQ(r.take_next(out).sequence, 32u);
  const TopicReport seen = report();
  ASSERT_TRUE(seen.log.has_value());
  EXPECT_EQ(*seen.log, w.options());
  EXPECT_EQ(seen.options.slots(), 0u);
  EXPECT_EQ(seen.options.schema_id, 77u);
  EXPECT_EQ(seen.options.metadata, "text");
  EXPECT_EQ(seen.sequence, 40u);
  EXPECT_EQ(seen.stats.frame_id, 400u);
  EXPECT_EQ(seen.writer, Alive::kYes);
  EXPECT_EQ(seen.bytes(), bytes_needed(options()));
  EXPECT_EQ(seen.span.records, w.span().records);
  EXPECT_EQ(seen.span.bytes, w.span().bytes);
  EXPECT_EQ(seen.span.oldest_at_ns, 32'000u);
  EXPECT_EQ(seen.span.newest_at_ns, 40'000u);
  ASSERT_EQ(seen.readers.size(), 1u);
  EXPECT_TRUE(seen.readers[0].demand.packets);
  EXPECT_EQ(seen.readers[0].taken, 32u);
  EXPECT_EQ(seen.readers[0].missed, 31u);
  EXPECT_EQ(seen.held_slots(), 0u);
}

// Wherever in the data the newest record lies, over its end too.
TEST_F(InspectLog, glimpses_the_newest_record) {
  auto w = writer();
  for (std::uint64_t n = 1; n <= 60; ++n) {
    ASSERT_TRUE(test::append_number(w, n, 500 + n, true));
    const Glimpse all = std::move(glimpse(dir_, name_, 8192)).value();
    EXPECT_EQ(all.sequence, n);
    EXPECT_EQ(all.frame_id, 10 * n);
    EXPECT_EQ(all.record_bytes, 500 + n);
    ASSERT_EQ(all.bytes.size(), 500 + n);
    EXPECT_TRUE(test::is_whole(n, all.bytes));
    const Glimpse some = std::move(glimpse(dir_, name_, 48)).value();
    ASSERT_EQ(some.bytes.size(), 48u);
    EXPECT_TRUE(test::is_whole(n, some.bytes));
  }
}

// A writer at full speed: what is seen is whole, or nothing is.
TEST_F(InspectLog, is_not_confused_by_a_writer_at_work) {
  std::atomic<bool> stop{false};
  auto w = writer();
  std::thread appender([&] {
    for (std::uint64_t n = 1; !stop; ++n) (void)test::append_number(w, n, n % 1000, n % 3 == 0);
  });
  for (std::uint64_t seen = 0; seen < 300;) {
    const Glimpse newest = std::move(glimpse(dir_, name_, 1000)).value();
    if (newest.sequence == 0) continue;
    ++seen;
    EXPECT_EQ(newest.record_bytes, newest.sequence % 1000);
    EXPECT_TRUE(test::is_whole(newest.sequence, newest.bytes));
    EXPECT_LE(report().span.bytes, 8192u);
  }
  stop = true;
  appender.join();
}

}  // namespace
}  // namespace vedette::bus
