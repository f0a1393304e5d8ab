// Logs that say what no sound writer writes, or whose files are cut and scribbled over under their users: refused with a
// sentence, replaced or lived through; readers neither hang nor spin nor go astray.
#include <fcntl.h>
#include <gtest/gtest.h>

#include <random>

#include "bus/layout.h"
#include "bus/log.h"
#include "support/bus_fixture.h"
#include "support/child.h"
#include "support/log_records.h"

namespace vedette::bus {
namespace {

using test::append_number;
using test::Child;
using test::is_whole;

constexpr std::uint64_t kSchema = 7;
constexpr std::uint64_t kAppended = 20;
constexpr std::size_t kBytes = 500;

LogOptions options() {
  return {
      .schema_id = kSchema, .data_bytes = 8192, .index_entries = 32, .max_record_bytes = 1000, .readers = 3, .metadata = "text"};
}

constexpr std::size_t in_log(std::size_t offset) { return sizeof(Header) + offset; }
constexpr std::size_t in_entry(std::uint64_t sequence, std::size_t offset) {
  return sizeof(Header) + sizeof(LogHeader) + sequence % 32 * sizeof(LogEntry) + offset;
}

struct Lie {
  const char* what;
  std::size_t offset;
  std::uint64_t value;
};

class LogHostile : public test::BusFixture {
 protected:
  LogWriter writer() { return std::move(LogWriter::open(dir_, topic_, options())).value(); }
  Result<LogReader> attach() { return LogReader::attach(dir_, topic_, kSchema, {}, LogFrom::kOldestKeyframe); }
  void start_anew() {
    std::filesystem::remove_all(path_ + "/cam0");
    auto w = writer();
    for (std::uint64_t n = 1; n <= kAppended; ++n) ASSERT_TRUE(append_number(w, n, kBytes, n % 5 == 0));
  }
  static void overwrite(const std::string& path, std::size_t offset, std::uint64_t value, std::size_t bytes = 8) {
    const UniqueFd fd(::open(path.c_str(), O_WRONLY));
    ASSERT_EQ(::pwrite(fd.get(), &value, bytes, static_cast<off_t>(offset)), static_cast<ssize_t>(bytes));
  }
  void tell(const Lie& lie) const { overwrite(payload_, lie.offset, lie.value); }
  // Appends until the subscriber has got a record of now. ctest's time limit is the watchdog.
  void until_received(LogWriter& w, LogSubscriber& s) {
    for (;; ::usleep(1000)) {
      const std::uint64_t id = ++last_;
      (void)append_number(w, id, kBytes, true);
      w.beat();
      while (const LogTaken taken = s.take_next(out_))
        if (taken.stamp.frame_id == 10 * id && is_whole(id, out_)) return;
    }
  }

  const TopicName topic_ = topic("cam0/packets");
  const std::string payload_ = path_ + "/cam0/packets", leases_ = payload_ + ".leases";
  std::vector<std::byte> out_;
  std::uint64_t last_ = 1000;  // appended by until_received()
};

// 16 records of 500 bytes fit: 5 … 20 are there.
const Lie kLies[] = {
    {"a head beyond what was appended", offsetof(Header, head), pack_head(kAppended + 1, 0)},
    {"a head far beyond", offsetof(Header, head), pack_head(1000, 0)},
    {"the last head there is", offsetof(Header, head), ~0ull},
    {"a head with a slot", offsetof(Header, head), pack_head(kAppended, 1)},
    {"no head", offsetof(Header, head), 0},
    {"a tail beyond the head", in_log(offsetof(LogHeader, tail)), kAppended + 1},
    {"the last tail there is", in_log(offsetof(LogHeader, tail)), ~0ull},
    {"a tail of records that were given up", in_log(offsetof(LogHeader, tail)), 2},
    {"a record elsewhere", in_entry(10, offsetof(LogEntry, position)), 12345 * 8},
    {"a record at no word's begin", in_entry(5, offsetof(LogEntry, position)), 3},
    {"a record at the end of all positions", in_entry(5, offsetof(LogEntry, position)), ~7ull},
    {"a record that is too long", in_entry(20, offsetof(LogEntry, length)), 1001},
    {"a record longer than memory", in_entry(12, offsetof(LogEntry, length)), ~0ull},
    {"a record of no length", in_entry(12, offsetof(LogEntry, length)), 0},
};

TEST_F(LogHostile, what_no_dead_writer_can_have_left_is_not_taken_over) {
  for (const Lie& lie : kLies) {
    SCOPED_TRACE(lie.what);
    start_anew();
    LogSubscriber s(dir_, topic_, kSchema, {}, LogFrom::kOldestKeyframe);
    (void)s.take_next(out_);
    tell(lie);
    auto w = writer();
    EXPECT_FALSE(w.took_over());
    until_received(w, s);  // a reader of before comes over
  }
  start_anew();
  EXPECT_TRUE(writer().took_over()) << "without a lie it is taken over";
}

TEST_F(LogHostile, readers_of_lies_end_their_waits_and_their_takes) {
  for (const Lie& lie : kLies) {
    SCOPED_TRACE(lie.what);
    start_anew();
    auto r = std::move(attach()).value();
    tell(lie);
    for (const LogFrom from : {LogFrom::kOldestKeyframe, LogFrom::kNewestKeyframe, LogFrom::kNext}) {
      r.seek(from);
      // Everything there is can be had, once; then there is nothing new: a wait that said so would be a busy loop.
      for (std::uint64_t i = 0; i <= 64; ++i) {
        (void)r.take_next(out_);
        EXPECT_LE(out_.size(), options().max_record_bytes);
      }
      EXPECT_EQ(r.wait(std::chrono::milliseconds(1)), Wait::kTimeout);
    }
    for (const std::uint64_t number : {0ull, 150ull, 1000ull, ~0ull}) {
      (void)r.seek_frame(number);
      (void)r.seek_time(number);
      (void)r.take_next(out_);
      EXPECT_LE(r.span().records, 32u);
    }
  }
}

TEST_F(LogHostile, a_record_that_is_too_long_is_skipped) {
  start_anew();
  auto r = std::move(attach()).value();
  overwrite(payload_, in_entry(8, offsetof(LogEntry, length)), 1001);
  for (std::uint64_t n = 5; n <= kAppended; ++n) {
    const LogTaken taken = r.take_next(out_);
    EXPECT_EQ(taken.status, n == 8 ? LogTake::kTooLong : LogTake::kTaken);
    EXPECT_EQ(taken.sequence, n);
    EXPECT_EQ(taken.missed, 0u);
  }
}

TEST_F(LogHostile, headers_that_lie_are_refused) {
  const Lie lies[] = {
      {"magic", offsetof(Header, magic), 1},
      {"instance", offsetof(Header, instance), 1},
      {"metadata", offsetof(Header, metadata_offset), 0x0000'0fff'ffff'ff00},
      {"leases", offsetof(Header, readers), 3ull << 32 | 3},
      {"longest record 0", in_log(offsetof(LogHeader, max_record_bytes)), 0},
      {"longest record", in_log(offsetof(LogHeader, max_record_bytes)), 4097},
      {"data", in_log(offsetof(LogHeader, data_bytes)), 1ull << 40},
      {"data beyond the file", in_log(offsetof(LogHeader, data_bytes)), 16384},
      {"no data", in_log(offsetof(LogHeader, data_bytes)), 0},
      {"data of odd size", in_log(offsetof(LogHeader, data_bytes)), 4097},
      {"place of the data", in_log(offsetof(LogHeader, data_offset)), ~63ull},
      {"data in the index", in_log(offsetof(LogHeader, data_offset)), 448},
      {"data at no word", in_log(offsetof(LogHeader, data_offset)), 4095},
      {"place of the index", in_log(offsetof(LogHeader, index_offset)), ~63ull},
      {"index in the header", in_log(offsetof(LogHeader, index_offset)), 256},
      {"index entries", in_log(offsetof(LogHeader, index_entries)), 31},
      {"no index entries", in_log(offsetof(LogHeader, index_entries)), 0},
      {"many index entries", in_log(offsetof(LogHeader, index_entries)), 1u << 20},
  };
  for (const Lie& lie : lies) {
    SCOPED_TRACE(lie.what);
    start_anew();
    tell(lie);
    const auto refused = attach();
    ASSERT_FALSE(refused.ok());
    EXPECT_TRUE(refused.error().code == ErrorCode::kCorrupt || lie.offset == offsetof(Header, instance));
    EXPECT_EQ(refused.error().text.rfind("cam0/packets: ", 0), 0u) << refused.error().text;
    EXPECT_FALSE(writer().took_over());
    EXPECT_TRUE(attach().ok());
  }
  start_anew();
  overwrite(payload_, offsetof(Header, layout_version), kLayoutVersion + 1, 4);
  EXPECT_EQ(attach().error().code, ErrorCode::kIncompatible);
}

TEST_F(LogHostile, truncated_files_and_files_with_holes_are_refused) {
  start_anew();
  const auto whole = std::filesystem::file_size(payload_);
  for (const std::uint64_t bytes :
       {whole - 4096, std::uint64_t{4096}, std::uint64_t{300}, std::uint64_t{100}, std::uint64_t{0}}) {
    std::filesystem::resize_file(payload_, bytes);
    EXPECT_EQ(attach().error().code, ErrorCode::kCorrupt) << bytes;
  }
  EXPECT_FALSE(writer().took_over());
  std::filesystem::resize_file(payload_, 1ull << 40);
  EXPECT_EQ(attach().error().code, ErrorCode::kCorrupt);
  EXPECT_FALSE(writer().took_over());
  EXPECT_TRUE(attach().ok());
}

TEST_F(LogHostile, files_truncated_under_the_writer_are_replaced) {
  auto w = writer();
  LogSubscriber s(dir_, topic_, kSchema);
  for (const std::string& path : {leases_, payload_})
    for (const off_t bytes : {off_t{0}, off_t{100}, off_t{0}}) {
      SCOPED_TRACE(path);
      until_received(w, s);
      Child elsewhere([&] { return ::truncate(path.c_str(), bytes); });
      ASSERT_EQ(elsewhere.exit_code(), 0);
      while (std::filesystem::file_size(path) < 4096) until_received(w, s);
      until_received(w, s);
    }
}

TEST_F(LogHostile, a_lease_file_truncated_is_replaced_though_nothing_is_appended) {
  auto w = writer();
  ASSERT_EQ(::truncate(leases_.c_str(), 0), 0);
  while (std::filesystem::file_size(leases_) == 0) {
    ::usleep(1000);
    w.beat();
  }
  EXPECT_TRUE(attach().ok());
}

TEST_F(LogHostile, a_scribbled_lease_file_stops_nobody_for_long) {
  auto w = writer();
  LogSubscriber s(dir_, topic_, kSchema);
  std::mt19937_64 random(3);
  for (int round = 0; round < 4; ++round) {
    until_received(w, s);
    for (std::size_t at = 0; at < 4096; at += 8) overwrite(leases_, at, random());
    while (!attach().ok()) {  // a newcomer too
      ASSERT_TRUE(append_number(w, ++last_, kBytes, true));
      w.beat();
      ::usleep(1000);
    }
    until_received(w, s);
  }
}

TEST_F(LogHostile, a_payload_truncated_under_its_reader_looks_retired) {
  auto w = writer();
  for (std::uint64_t n = 1; n <= 3; ++n) ASSERT_TRUE(append_number(w, n, kBytes, true));
  Child reader([&] {
    auto r = std::move(attach()).value();
    if (!r.take_next(out_)) return 1;
    std::filesystem::resize_file(payload_, 0);
    if (r.take_next(out_).status != LogTake::kRetired) return 2;  // not zeros for a record, and no SIGBUS
    return r.wait(std::chrono::seconds(60)) == Wait::kRetired ? 0 : 3;
  });
  EXPECT_EQ(reader.exit_code(), 0);
}

}  // namespace
}  // namespace vedette::bus
