// Readers and writers as processes, killed and stopped at random while every page of every frame is checked at the begin and at
// the end of its lease. VEDETTE_TORTURE_SECONDS sets how long (10).
#include <gtest/gtest.h>

#include <array>
#include <random>
#include <thread>
#include <vector>

#include "bus/attachment.h"
#include "bus/ring.h"
#include "support/bus_fixture.h"
#include "support/child.h"
#include "support/shared.h"

namespace vedette::bus {
namespace {

using test::Child;

constexpr std::uint64_t kSchema = 7;
constexpr std::size_t kPage = 4096;
constexpr std::size_t kFrameBytes = 64 * kPage;
constexpr std::size_t kReaders = 3;
constexpr std::uint64_t kWatchdogNs = 60'000'000'000;

RingOptions options() {
  return {.schema_id = kSchema,
          .slot_bytes = kFrameBytes,
          .keep = 1,
          .writer_slots = 1,
          .readers = kReaders + 2,
          .held_per_reader = 2};
}

std::uint64_t torture_ns() {
  const char* seconds = std::getenv("VEDETTE_TORTURE_SECONDS");
  return 1'000'000'000ull * static_cast<std::uint64_t>(seconds != nullptr ? std::max(1, std::atoi(seconds)) : 10);
}

// What the children report, in anonymous memory that they share with the test.
struct Report {
  std::atomic<std::uint64_t> published{0}, checked{0}, torn{0}, disordered{0}, failed{0};
  std::array<std::atomic<std::uint64_t>, kReaders> received{};
  std::atomic<bool> stop{false};
};

void stamp(std::span<std::byte> bytes, std::uint64_t id) {
  for (std::size_t at = 0; at < bytes.size(); at += kPage) {
    *reinterpret_cast<volatile std::uint64_t*>(bytes.data() + at) = id;
    *reinterpret_cast<volatile std::uint64_t*>(bytes.data() + at + kPage - sizeof id) = id;
  }
}

bool stamped(std::span<const std::byte> bytes, std::uint64_t id) {
  for (std::size_t at = 0; at < bytes.size(); at += kPage) {
    if (*reinterpret_cast<const volatile std::uint64_t*>(bytes.data() + at) != id) return false;
    if (*reinterpret_cast<const volatile std::uint64_t*>(bytes.data() + at + kPage - sizeof id) != id) return false;
  }
  return bytes.size() == kFrameBytes;
}

int write_frames(const BusDir& dir, const TopicName& topic, Report& report) {
  auto writer = RingWriter::open(dir, topic, options());
  if (!writer.ok()) return ++report.failed, 1;
  while (!report.stop) {
    auto loan = writer->loan();
    if (!loan) {
      writer->count_drop();
    } else {
      const std::uint64_t id = writer->next_frame_id();
      stamp(loan->bytes(), id);
      writer->publish(std::move(*loan), id, kFrameBytes);
      ++report.published;
    }
    writer->beat();
    ::usleep(200);
  }
  return 0;
}

int read_frames(const BusDir& dir, const TopicName& topic, Report& report, std::size_t index, unsigned seed) {
  std::minstd_rand random(seed);
  Subscriber subscriber(dir, topic, kSchema, Demand::every_pixel());
  std::uint64_t last_id = 0;
  Lease older;  // a second lease, held while the next is taken
  while (!report.stop) {
    subscriber.wait(std::chrono::milliseconds(100));
    Taken taken = random() % 2 == 0 ? subscriber.take_newest() : subscriber.take_next();
    if (subscriber.error()) ++report.failed;
    if (!taken) continue;
    const std::uint64_t id = taken.lease.frame_id();
    if (id <= last_id) ++report.disordered;
    last_id = id;
    const bool whole_at_begin = stamped(taken.lease.bytes(), id);
    if (random() % 4 == 0) ::usleep(static_cast<useconds_t>(random() % 3000));
    if (!whole_at_begin || !stamped(taken.lease.bytes(), id)) ++report.torn;
    if (older && !stamped(older.bytes(), older.frame_id())) ++report.torn;
    older = std::move(taken.lease);
    ++report.checked;
    ++report.received[index];
  }
  return 0;
}

class Torture : public test::BusFixture {
 protected:
  // Three more frames at this reader, or false after the watchdog's time.
  static bool receives(const Report& report, std::size_t reader) {
    const std::uint64_t before = report.received[reader], deadline = monotonic_ns() + kWatchdogNs;
    while (report.received[reader] < before + 3) {
      if (monotonic_ns() > deadline) return false;
      ::usleep(500);
    }
    return true;
  }
  const TopicName topic_ = topic("cam0/frames");
};

TEST_F(Torture, kill_and_stop_of_readers_and_writers_tear_nothing_and_wedge_nobody) {
  const test::Shared<Report> report;
  std::mt19937 random(std::random_device{}());
  const auto start_writer = [&] { return Child([&] { return write_frames(dir_, topic_, *report); }); };
  const auto start_reader = [&](std::size_t i) {
    const auto seed = static_cast<unsigned>(random());
    return Child([&, i, seed] { return read_frames(dir_, topic_, *report, i, seed); });
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
        wedged += receives(*report, other) ? 0 : 1;  // a hung reader holds up nobody
      child.signal(SIGCONT);
      wedged += receives(*report, other) ? 0 : 1;
    }
  }
  report->stop = true;
  EXPECT_EQ(writer.exit_code(), 0);
  for (Child& reader : readers) EXPECT_EQ(reader.exit_code(), 0);
  std::printf("%lu published, %lu checked, %lu kills, %lu stops\n", report->published.load(), report->checked.load(), kills,
              stops);
  EXPECT_GT(report->checked, 0u);
  EXPECT_GT(kills, 0u);
  EXPECT_GT(stops, 0u);
  EXPECT_EQ(report->torn, 0u);
  EXPECT_EQ(report->disordered, 0u) << "frame ids grow over all writers";
  EXPECT_EQ(report->failed, 0u);
  EXPECT_EQ(wedged, 0u);
  const auto last = RingWriter::open(dir_, topic_, options());
  ASSERT_TRUE(last.ok());
  EXPECT_EQ(last->stats().dropped, 0u) << "there is always a free slot, whoever hangs or died";
}

// The steps of handshake.h's pin(), with a pause at its most delicate place.
template <bool kRecheck>
std::uint64_t slow_pin(std::atomic<std::uint32_t>& hazard, const Descriptor& descriptor, std::uint32_t slot, useconds_t pause) {
  const std::uint64_t generation = descriptor.generation.load(std::memory_order_acquire);
  if (being_written(generation) || generation == 0) return kNotPinned;
  ::usleep(pause);
  hazard.store(slot + 1, std::memory_order_seq_cst);
  if (!kRecheck || descriptor.generation.load(std::memory_order_seq_cst) == generation) return generation;
  unpin(hazard);
  return kNotPinned;
}

template <bool kRecheck>
int read_slowly(const BusDir& dir, const TopicName& topic, Report& report) {
  std::minstd_rand random(1);
  auto attached = Attachment::attach(dir, topic, kSchema, {});
  while (!attached.ok() && !report.stop) attached = Attachment::attach(dir, topic, kSchema, {});
  while (!report.stop) {
    Attachment& a = **attached;
    const std::uint64_t head = a.header().head.load();
    const std::uint32_t slot = head_slot(head);
    if (head == 0 ||
        slow_pin<kRecheck>(a.hazard(0), a.descriptor(slot), slot, static_cast<useconds_t>(random() % 800)) == kNotPinned)
      continue;
    const std::uint64_t id = a.descriptor(slot).frame_id.load();
    const auto bytes = a.slot_bytes(slot, kFrameBytes);
    if (!stamped(bytes, id) || !stamped(bytes, id)) ++report.torn;
    ++report.checked;
    unpin(a.hazard(0));
  }
  return 0;
}

TEST_F(Torture, a_slow_pin_is_safe_with_the_recheck) {
  const test::Shared<Report> report;
  Child writer([&] { return write_frames(dir_, topic_, *report); });
  Child reader([&] { return read_slowly<true>(dir_, topic_, *report); });
  while (report->checked < 300) ::usleep(1000);
  report->stop = true;
  EXPECT_EQ(reader.exit_code(), 0);
  EXPECT_EQ(writer.exit_code(), 0);
  EXPECT_EQ(report->torn, 0u);
}

// The negative control: runs until it has found a torn frame. ctest's time limit is the watchdog.
TEST_F(Torture, a_slow_pin_without_the_recheck_finds_a_torn_frame) {
  const test::Shared<Report> report;
  Child writer([&] { return write_frames(dir_, topic_, *report); });
  Child reader([&] { return read_slowly<false>(dir_, topic_, *report); });
  while (report->torn == 0) ::usleep(1000);
  report->stop = true;
  EXPECT_EQ(reader.exit_code(), 0);
  EXPECT_EQ(writer.exit_code(), 0);
  std::printf("torn after %lu frames\n", report->checked.load());
}

// 20,000 publications, each answered before the next: a lost wake-up would cost 400 ms, a lost publication all the time there is.
TEST_F(Torture, wakeups_across_processes_are_never_lost) {
  constexpr std::uint64_t kRounds = 20'000;
  const TopicName ping = topic("cam0/ping"), pong = topic("cam0/pong");
  const RingOptions small{.schema_id = kSchema, .slot_bytes = 64, .readers = 1, .held_per_reader = 1};
  // `first` is what comes in before the first word goes out.
  const auto play = [&](const TopicName& mine, const TopicName& theirs, bool serves) {
    auto writer = RingWriter::open(dir_, mine, small);
    if (!writer.ok()) return 1;
    Subscriber subscriber(dir_, theirs, kSchema);
    for (std::uint64_t round = 1; round <= kRounds; ++round) {
      if (serves && !test::publish_value(*writer, round, round)) return 2;
      Taken taken;
      while (!(taken = subscriber.take_newest())) subscriber.wait(std::chrono::seconds(1));
      if (test::value_of(taken.lease) != round) return 3;
      taken.lease.release();
      if (!serves && !test::publish_value(*writer, round, round)) return 4;
    }
    return 0;
  };
  Child answers([&] { return play(pong, ping, false); });
  EXPECT_EQ(play(ping, pong, true), 0);
  EXPECT_EQ(answers.exit_code(), 0);
}

}  // namespace
}  // namespace vedette::bus
