// Readers and writers of a log as processes, killed and stopped at random while every byte of every record is checked.
// VEDETTE_TORTURE_SECONDS sets how long (10).
#include <gtest/gtest.h>

#include <array>
#include <random>
#include <vector>

#include "bus/attachment.h"
#include "bus/log.h"
#include "bus/log_segment.h"
#include "support/bus_fixture.h"
#include "support/child.h"
#include "support/log_records.h"
#include "support/shared.h"

namespace vedette::bus {
namespace {

using test::Child;

constexpr std::uint64_t kSchema = 7;
constexpr std::size_t kReaders = 3, kLongest = 60'000;
constexpr std::uint64_t kWatchdogNs = 60'000'000'000;

// Some 8 records of the mean length: a reader that sleeps a moment is overrun.
LogOptions options() {
  return {
      .schema_id = kSchema, .data_bytes = 1 << 18, .index_entries = 16, .max_record_bytes = kLongest, .readers = kReaders + 2};
}

std::uint64_t torture_ns() {
  const char* seconds = std::getenv("VEDETTE_TORTURE_SECONDS");
  return 1'000'000'000ull * static_cast<std::uint64_t>(seconds != nullptr ? std::max(1, std::atoi(seconds)) : 10);
}

struct Report {
  std::atomic<std::uint64_t> appended{0}, checked{0}, missed{0}, torn{0}, disordered{0}, failed{0};
  std::array<std::atomic<std::uint64_t>, kReaders> received{};
  std::atomic<bool> stop{false};
};

int write_records(const BusDir& dir, const TopicName& topic, Report& report, useconds_t pause) {
  auto writer = LogWriter::open(dir, topic, options());
  if (!writer.ok()) return ++report.failed, 1;
  std::minstd_rand random(static_cast<unsigned>(::getpid()));
  std::vector<std::byte> record;
  while (!report.stop) {
    const std::uint64_t id = writer->stats().frame_id + 1;
    test::fill_record(id, random() % 3 == 0 ? random() % kLongest : random() % 500, record);
    if (!test::append_record(*writer, {.frame_id = id, .at_ns = id, .keyframe = id % 5 == 0}, record)) ++report.failed;
    ++report.appended;
    writer->beat();
    if (pause != 0) ::usleep(pause);
  }
  return 0;
}

int read_records(const BusDir& dir, const TopicName& topic, Report& report, std::size_t index, unsigned seed) {
  std::minstd_rand random(seed);
  LogSubscriber subscriber(dir, topic, kSchema, {.packets = true}, LogFrom::kOldestKeyframe);
  std::vector<std::byte> record;
  std::uint64_t last_id = 0, last_sequence = 0;
  while (!report.stop) {
    subscriber.wait(std::chrono::milliseconds(100));
    const LogTaken taken = subscriber.take_next(record);
    if (subscriber.error() || taken.status == LogTake::kTooLong) ++report.failed;
    if (!taken) continue;
    if (!test::is_whole(taken.stamp.frame_id, record)) ++report.torn;
    // The files stay the same over all writers: no record comes twice, none is missed without being counted.
    if (taken.stamp.frame_id <= last_id || taken.stamp.at_ns != taken.stamp.frame_id) ++report.disordered;
    if (last_sequence != 0 && taken.sequence != last_sequence + taken.missed + 1) ++report.disordered;
    last_id = taken.stamp.frame_id, last_sequence = taken.sequence;
    if (random() % 8 == 0) ::usleep(static_cast<useconds_t>(random() % 6000));
    if (random() % 64 == 0) {
      subscriber.seek(LogFrom::kOldestKeyframe);
      last_id = last_sequence = 0;
    }
    report.missed += taken.missed;
    ++report.checked;
    ++report.received[index];
  }
  return 0;
}

class LogTorture : public test::BusFixture {
 protected:
  // Three more records at this reader, or false after the watchdog's time.
  static bool receives(const Report& report, std::size_t reader) {
    const std::uint64_t before = report.received[reader], deadline = monotonic_ns() + kWatchdogNs;
    while (report.received[reader] < before + 3) {
      if (monotonic_ns() > deadline) return false;
      ::usleep(500);
    }
    return true;
  }
  const TopicName topic_ = topic("cam0/packets");
};

TEST_F(LogTorture, kill_and_stop_of_readers_and_writers_tear_nothing_and_wedge_nobody) {
  const test::Shared<Report> report;
  std::mt19937 random(std::random_device{}());
  const auto start_writer = [&] { return Child([&] { return write_records(dir_, topic_, *report, 150); }); };
  const auto start_reader = [&](std::size_t i) {
    const auto seed = static_cast<unsigned>(random());
    return Child([&, i, seed] { return read_records(dir_, topic_, *report, i, seed); });
  };
  Child writer = start_writer();
  std::vector<Child> readers;
  for (std::size_t i = 0; i < kReaders; ++i) readers.push_back(start_reader(i));

  std::uint64_t kills = 0, stops = 0, wedged = 0;
  const std::uint64_t end = monotonic_ns() + torture_ns();
  while (monotonic_ns() < end && wedged == 0) {
    const std::size_t victim = random() % (kReaders + 1);
    Child& child = victim == kReaders ? writer : readers[victim];
    const std::size_t other = victim == kReaders ? random() % kReaders : (victim + 1) % kReaders;
    ::usleep(static_cast<useconds_t>(random() % 10'000));
    if (random() % 2 == 0) {
      child.end(), ++kills;
      child = victim == kReaders ? start_writer() : start_reader(victim);
      wedged += receives(*report, other) ? 0 : 1;
      if (victim != kReaders) wedged += receives(*report, victim) ? 0 : 1;
    } else {
      child.signal(SIGSTOP), ++stops;
      if (victim == kReaders)
        ::usleep(static_cast<useconds_t>(random() % 30'000));
      else
        wedged += receives(*report, other) ? 0 : 1;
      child.signal(SIGCONT);
      wedged += receives(*report, other) ? 0 : 1;
    }
  }
  report->stop = true;
  EXPECT_EQ(writer.exit_code(), 0);
  for (Child& reader : readers) EXPECT_EQ(reader.exit_code(), 0);
  std::printf("%lu appended, %lu checked, %lu missed, %lu kills, %lu stops\n", report->appended.load(), report->checked.load(),
              report->missed.load(), kills, stops);
  EXPECT_GT(report->checked, 0u);
  EXPECT_GT(report->missed, 0u) << "nobody was overrun: this run shows little";
  EXPECT_GT(kills, 0u);
  EXPECT_GT(stops, 0u);
  EXPECT_EQ(report->torn, 0u);
  EXPECT_EQ(report->disordered, 0u);
  EXPECT_EQ(report->failed, 0u);
  EXPECT_EQ(wedged, 0u);
  const auto last = LogWriter::open(dir_, topic_, options());
  ASSERT_TRUE(last.ok());
  EXPECT_TRUE(last->took_over());
}

// A reader that is slow between an entry and its data, as one that the kernel stops there.
template <bool kRecheck>
int read_slowly(const BusDir& dir, const TopicName& topic, Report& report) {
  std::minstd_rand random(1);
  auto attached = Attachment::attach(dir, topic, kSchema, {}, TopicKind::kLog);
  while (!attached.ok() && !report.stop) attached = Attachment::attach(dir, topic, kSchema, {}, TopicKind::kLog);
  std::vector<std::byte> out(kLongest);
  while (!report.stop) {
    const Attachment& a = **attached;
    const LogWords<const std::byte> log(a.payload(), a.log().index_offset, a.log().index_entries, a.log().data_offset,
                                        a.log().data_bytes);
    const std::uint64_t newest = head_sequence(a.header().head.load(std::memory_order_acquire));
    LogRecord record;
    if (newest == 0 || !read_entry(log, newest, record)) continue;
    ::usleep(static_cast<useconds_t>(random() % 4000));
    if (!read_data<kRecheck>(log, record, out.data())) continue;
    if (!test::is_whole(record.frame_id, std::span(out).first(record.bytes))) ++report.torn;
    ++report.checked;
  }
  return 0;
}

TEST_F(LogTorture, a_slow_take_is_safe_with_the_second_look) {
  const test::Shared<Report> report;
  Child writer([&] { return write_records(dir_, topic_, *report, 150); });
  Child reader([&] { return read_slowly<true>(dir_, topic_, *report); });
  while (report->checked < 300) ::usleep(1000);
  report->stop = true;
  EXPECT_EQ(reader.exit_code(), 0);
  EXPECT_EQ(writer.exit_code(), 0);
  EXPECT_EQ(report->torn, 0u);
}

// The negative control: runs until it has found a torn record. ctest's time limit is the watchdog.
TEST_F(LogTorture, a_slow_take_without_the_second_look_finds_a_torn_record) {
  const test::Shared<Report> report;
  Child writer([&] { return write_records(dir_, topic_, *report, 150); });
  Child reader([&] { return read_slowly<false>(dir_, topic_, *report); });
  while (report->torn == 0) ::usleep(1000);
  report->stop = true;
  EXPECT_EQ(reader.exit_code(), 0);
  EXPECT_EQ(writer.exit_code(), 0);
  std::printf("torn after %lu records\n", report->checked.load());
}

// A writer that never pauses, small records, readers that keep up as they can.
TEST_F(LogTorture, a_writer_at_full_speed_tears_nothing) {
  const test::Shared<Report> report;
  Child writer([&] { return write_records(dir_, topic_, *report, 0); });
  Child one([&] { return read_records(dir_, topic_, *report, 0, 1); });
  while (report->checked < 20'000) ::usleep(1000);
  report->stop = true;
  EXPECT_EQ(one.exit_code(), 0);
  EXPECT_EQ(writer.exit_code(), 0);
  EXPECT_EQ(report->torn, 0u);
  EXPECT_EQ(report->disordered, 0u);
  EXPECT_EQ(report->failed, 0u);
}

}  // namespace
}  // namespace vedette::bus
