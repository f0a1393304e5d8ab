#include "bus/ring.h"

#include <gtest/gtest.h>

#include <fstream>
#include <mutex>
#include <set>
#include <thread>

#include "support/bus_fixture.h"

namespace vedette::bus {
namespace {

using test::publish_value;
using test::value_of;

constexpr std::uint64_t kSchema = 7;

RingOptions options(std::uint32_t keep = 1, SlotPolicy policy = SlotPolicy::kLowestFree) {
  return {.schema_id = kSchema,
          .slot_bytes = 4096,
          .keep = keep,
          .writer_slots = 1,
          .readers = 3,
          .held_per_reader = 2,
          .policy = policy};
}

class Ring : public test::BusFixture {
 protected:
  RingWriter writer(const RingOptions& o = options(), std::string_view name = "cam0/frames") {
    return std::move(RingWriter::open(dir_, topic(name), o)).value();
  }
  RingReader reader(std::string_view name = "cam0/frames") {
    return std::move(RingReader::attach(dir_, topic(name), kSchema)).value();
  }
};

TEST_F(Ring, a_reader_gets_what_was_published) {
  auto w = writer();
  auto r = reader();
  EXPECT_EQ(r.take_newest().status, Take::kNothing);
  ASSERT_TRUE(publish_value(w, 42, 1234));
  Taken taken = r.take_newest();
  ASSERT_TRUE(taken);
  EXPECT_EQ(taken.lease.frame_id(), 42u);
  EXPECT_EQ(value_of(taken.lease), 1234u);
  EXPECT_EQ(taken.lease.sequence(), 1u);
  EXPECT_EQ(r.take_newest().status, Take::kNothing);
}

TEST_F(Ring, newest_skips_and_says_how_many) {
  auto w = writer();
  auto r = reader();
  for (std::uint64_t i = 1; i <= 5; ++i) ASSERT_TRUE(publish_value(w, i, i));
  Taken taken = r.take_newest();
  ASSERT_TRUE(taken);
  EXPECT_EQ(value_of(taken.lease), 5u);
  EXPECT_EQ(taken.missed, 4u);
}

TEST_F(Ring, next_goes_in_order_and_says_what_it_missed) {
  auto w = writer(options(4, SlotPolicy::kOldestFirst));
  auto r = reader();
  const std::uint64_t slots = w.options().slots();
  for (std::uint64_t i = 1; i <= slots + 5; ++i) ASSERT_TRUE(publish_value(w, i, i));
  std::uint64_t expected = 6;
  for (Taken taken = r.take_next(); taken; taken = r.take_next()) {
    EXPECT_EQ(value_of(taken.lease), expected);
    EXPECT_EQ(taken.missed, expected == 6 ? 5u : 0u);
    ++expected;
  }
  EXPECT_EQ(expected, slots + 6);
}

TEST_F(Ring, find_tells_found_not_yet_and_never) {
  auto w = writer(options(4, SlotPolicy::kOldestFirst));
  auto r = reader();
  EXPECT_EQ(r.find(10).status, Find::kNotYet);
  for (std::uint64_t id : {10u, 12u}) ASSERT_TRUE(publish_value(w, id, id));
  const Found found = r.find(10);
  ASSERT_TRUE(found);
  EXPECT_EQ(value_of(found.lease), 10u);
  EXPECT_EQ(r.find(11).status, Find::kNever);
  EXPECT_EQ(r.find(13).status, Find::kNotYet);
  EXPECT_TRUE(r.take_next()) << "find() does not count as taking";
}

TEST_F(Ring, a_leased_slot_is_never_reused) {
  auto w = writer();
  auto r = reader();
  ASSERT_TRUE(publish_value(w, 1, 111));
  const Taken held = r.take_newest();
  ASSERT_TRUE(held);
  for (std::uint64_t i = 2; i < 100; ++i) {
    ASSERT_TRUE(publish_value(w, i, i));
    ASSERT_EQ(value_of(held.lease), 111u);
  }
}

TEST_F(Ring, another_thread_may_let_go_of_a_lease) {
  auto w = writer();
  auto r = reader();
  std::mutex mutex;
  std::vector<Lease> leases;
  std::jthread collector([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      const std::lock_guard lock(mutex);
      leases.clear();
    }
  });
  for (std::uint64_t id = 1; id <= 2000; ++id) {
    ASSERT_TRUE(publish_value(w, id, id));
    Taken taken = r.take_newest();
    for (; taken.status == Take::kShareUsed; taken = r.take_newest()) std::this_thread::yield();
    ASSERT_TRUE(taken);
    ASSERT_EQ(value_of(taken.lease), id);
    const std::lock_guard lock(mutex);
    leases.push_back(std::move(taken.lease));
  }
  collector = {};
  leases.clear();
  ASSERT_TRUE(publish_value(w, 2001, 1));
  const Taken one = r.take_newest();
  ASSERT_TRUE(publish_value(w, 2002, 1));
  EXPECT_TRUE(one && r.take_newest()) << "the whole share is there again";
}

TEST_F(Ring, keep_newest_are_never_reused) {
  auto w = writer(options(8, SlotPolicy::kLowestFree));
  auto r = reader();
  for (std::uint64_t i = 1; i <= 100; ++i) {
    ASSERT_TRUE(publish_value(w, i, i));
    for (std::uint64_t back = 0; back < 8 && back < i; ++back) ASSERT_TRUE(r.find(i - back)) << i << " - " << back;
  }
}

TEST_F(Ring, lowest_free_stays_in_few_slots) {
  auto w = writer();
  std::set<std::uint32_t> used;
  for (std::uint64_t i = 1; i <= 100; ++i) {
    auto loan = w.loan();
    ASSERT_TRUE(loan);
    used.insert(loan->slot());
    w.publish(std::move(*loan), i, 8);
  }
  EXPECT_EQ(used, (std::set<std::uint32_t>{0, 1})) << "keep 1: the newest and the one being written";
}

TEST_F(Ring, with_every_lease_held_the_writer_still_finds_a_slot) {
  auto w = writer();
  std::vector<RingReader> readers;
  for (int i = 0; i < 3; ++i) readers.push_back(reader());
  std::vector<Lease> held;
  std::uint64_t id = 0;
  for (RingReader& r : readers)
    for (int i = 0; i < 2; ++i) {
      ++id;
      ASSERT_TRUE(publish_value(w, id, id));
      Taken taken = r.take_newest();
      ASSERT_TRUE(taken);
      held.push_back(std::move(taken.lease));
    }
  for (const std::uint64_t end = id + 20; id < end; ++id) ASSERT_TRUE(publish_value(w, id + 1, id + 1));
  EXPECT_EQ(readers[0].take_newest().status, Take::kShareUsed);
  held.clear();
  EXPECT_TRUE(readers[0].take_newest());
}

TEST_F(Ring, a_held_publication_is_not_reused_and_comes_back) {
  auto w = writer({.schema_id = kSchema, .slot_bytes = 64, .keep = 1, .writer_slots = 2, .readers = 1, .held_per_reader = 1});
  auto loan = w.loan();
  const std::uint32_t slot = loan->slot();
  std::optional<Held> held = w.publish_held(std::move(*loan), 1, 8);
  for (std::uint64_t i = 2; i < 20; ++i) {
    auto next = w.loan();
    ASSERT_TRUE(next);
    ASSERT_NE(next->slot(), slot);
    w.publish(std::move(*next), i, 8);
  }
  held.reset();
  EXPECT_EQ(w.loan()->slot(), slot);
}

TEST_F(Ring, no_free_slot_is_a_drop_and_no_wait) {
  auto w = writer({.schema_id = kSchema, .slot_bytes = 64, .keep = 1, .writer_slots = 1, .readers = 1, .held_per_reader = 1});
  std::vector<Loan> out;
  while (auto loan = w.loan()) out.push_back(std::move(*loan));
  EXPECT_EQ(out.size(), 3u);
  w.count_drop();
  EXPECT_EQ(w.stats().dropped, 1u);
  out.pop_back();
  EXPECT_TRUE(w.loan());
}

TEST_F(Ring, a_second_writer_is_refused_by_name) {
  const auto w = writer();
  const auto second = RingWriter::open(dir_, topic("cam0/frames"), options());
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, ErrorCode::kBusy);
  EXPECT_EQ(second.error().text,
            "cam0/frames: another writer has it (process " + std::to_string(::getpid()) + "); a topic has one writer at a time");
}

TEST_F(Ring, a_successor_goes_on_in_the_same_files) {
  auto r = [&] {
    auto w = writer();
    EXPECT_TRUE(publish_value(w, w.next_frame_id(), 1));
    return reader();
  }();
  const Taken held = r.take_newest();
  ASSERT_TRUE(held);
  auto w = writer();
  EXPECT_TRUE(w.took_over());
  EXPECT_EQ(w.stats().epoch, 2u);
  EXPECT_GT(w.next_frame_id(), held.lease.frame_id());
  for (std::uint64_t i = 2; i < 20; ++i) ASSERT_TRUE(publish_value(w, i, i));
  EXPECT_EQ(value_of(held.lease), 1u);
  const Taken next = r.take_newest();
  ASSERT_TRUE(next);
  EXPECT_EQ(next.lease.sequence(), 19u);
}

TEST_F(Ring, other_geometry_makes_new_files_and_readers_attach_again) {
  auto w = writer();
  Subscriber s(dir_, topic("cam0/frames"), kSchema);
  ASSERT_TRUE(publish_value(w, 1, 1));
  const Taken old = s.take_newest();
  ASSERT_TRUE(old);
  RingOptions larger = options();
  larger.slot_bytes = 1u << 20;
  ASSERT_TRUE(w.resize(larger).ok());
  ASSERT_TRUE(publish_value(w, 2, 2));
  ASSERT_EQ(s.wait(std::chrono::seconds(10)), Wait::kNew);
  const Taken fresh = s.take_newest();
  ASSERT_TRUE(fresh);
  EXPECT_EQ(value_of(fresh.lease), 2u);
  EXPECT_EQ(value_of(old.lease), 1u) << "the lease of the old files stays";
}

TEST_F(Ring, a_resize_that_fails_changes_nothing) {
  auto w = writer();
  auto r = reader();
  RingOptions huge = options();
  huge.slot_bytes = 1ull << 30;
  huge.readers = 256;
  ASSERT_EQ(w.resize(huge).error().code, ErrorCode::kResourceExhausted);
  ASSERT_TRUE(publish_value(w, 1, 1));
  EXPECT_TRUE(r.take_newest());
}

TEST_F(Ring, a_resize_to_the_same_keeps_what_the_writer_holds) {
  auto w = writer();
  auto loan = w.loan();
  const std::uint32_t slot = loan->slot();
  const Held held = w.publish_held(std::move(*loan), 1, 8);
  ASSERT_TRUE(w.resize(options()).ok());
  for (std::uint64_t i = 2; i < 10; ++i) {
    auto next = w.loan();
    ASSERT_TRUE(next);
    EXPECT_NE(next->slot(), slot);
    w.publish(std::move(*next), i, 8);
  }
}

TEST_F(Ring, a_loan_of_before_a_resize_is_dropped_and_counted) {
  auto w = writer();
  ASSERT_TRUE(publish_value(w, 1, 1));
  auto loan = w.loan();
  RingOptions larger = options();
  larger.slot_bytes *= 2;
  ASSERT_TRUE(w.resize(larger).ok());
  EXPECT_FALSE(w.owns(*loan));
  w.publish(std::move(*loan), 2, 8);
  EXPECT_EQ(w.stats().dropped, 1u);
  EXPECT_EQ(w.stats().published, 1u);
}

TEST_F(Ring, nothing_is_missed_before_attaching) {
  auto w = writer();
  for (std::uint64_t i = 1; i <= 5; ++i) ASSERT_TRUE(publish_value(w, i, i));
  auto r = reader();
  EXPECT_EQ(r.take_newest().missed, 0u);
  for (std::uint64_t i = 6; i <= 8; ++i) ASSERT_TRUE(publish_value(w, i, i));
  EXPECT_EQ(r.take_newest().missed, 2u);
}

TEST_F(Ring, who_only_polls_learns_that_the_files_are_gone) {
  auto w = std::make_optional(writer());
  Subscriber s(dir_, topic("cam0/frames"), kSchema);
  ASSERT_TRUE(publish_value(*w, 1, 1));
  ASSERT_TRUE(s.take_newest());
  w.reset();
  EXPECT_TRUE(dir_.remove_dead_topics().empty());
  auto fresh = writer();
  ASSERT_TRUE(publish_value(fresh, 1, 2));
  Taken taken;
  while (!(taken = s.take_newest())) std::this_thread::yield();  // ctest's time limit is the watchdog
  EXPECT_EQ(value_of(taken.lease), 2u);
}

TEST_F(Ring, a_writer_that_died_while_naming_its_files_leaves_nothing) {
  { const auto w = writer(); }
  for (const char* name : {"/cam0/frames.new", "/cam0/frames.leases.new"}) std::ofstream(path_ + name) << "left";
  const auto w = writer();
  EXPECT_TRUE(w.took_over());
  EXPECT_FALSE(std::filesystem::exists(path_ + "/cam0/frames.new"));
  EXPECT_FALSE(std::filesystem::exists(path_ + "/cam0/frames.leases.new"));
}

TEST_F(Ring, frame_ids_start_at_the_time_and_grow_over_all_files) {
  auto w = writer();
  const std::uint64_t first = w.next_frame_id();
  EXPECT_NEAR(static_cast<double>(first >> 20), static_cast<double>(wall_ns() / 1'000'000'000), 5.0);
  EXPECT_LT(first, 1ull << 53) << "exact in JSON";
  ASSERT_TRUE(publish_value(w, first, 1));
  RingOptions larger = options();
  larger.slot_bytes *= 2;
  ASSERT_TRUE(w.resize(larger).ok());
  EXPECT_EQ(w.next_frame_id(), first + 1);
}

TEST_F(Ring, another_schema_and_a_full_table_are_refused) {
  const auto w = writer();
  const auto other = RingReader::attach(dir_, topic("cam0/frames"), 8);
  ASSERT_FALSE(other.ok());
  EXPECT_EQ(other.error().code, ErrorCode::kIncompatible);
  std::vector<RingReader> readers;
  for (int i = 0; i < 3; ++i) readers.push_back(reader());
  const auto full = RingReader::attach(dir_, topic("cam0/frames"), kSchema);
  ASSERT_FALSE(full.ok());
  EXPECT_EQ(full.error().text, "cam0/frames: all 3 reader entries are taken; raise bus.readers");
  readers.pop_back();
  EXPECT_TRUE(RingReader::attach(dir_, topic("cam0/frames"), kSchema).ok());
}

TEST_F(Ring, a_reader_of_any_schema_learns_which_it_is) {
  auto w = writer();
  const auto any = RingReader::attach(dir_, topic("cam0/frames"), kAnySchema);
  ASSERT_TRUE(any.ok());
  EXPECT_EQ(any->schema_id(), kSchema);
  EXPECT_EQ(any->slot_bytes(), 4096u);
  EXPECT_EQ(any->held_per_reader(), 2u);
}

TEST_F(Ring, a_subscriber_survives_the_topics_absence_and_return) {
  Subscriber s(dir_, topic("cam0/frames"), kSchema, Demand::every_pixel());
  EXPECT_EQ(s.take_newest().status, Take::kNothing);
  EXPECT_FALSE(s.stats());
  for (int round = 0; round < 3; ++round) {
    auto w = writer();
    ASSERT_TRUE(publish_value(w, 1, 5));
    ASSERT_EQ(s.wait(std::chrono::seconds(10)), Wait::kNew);
    EXPECT_TRUE(s.take_newest());
    EXPECT_EQ(w.demand(), Demand::every_pixel());
    w.remove();
    EXPECT_EQ(s.wait(std::chrono::milliseconds(1)), Wait::kTimeout);
  }
}

TEST_F(Ring, who_only_reads_stats_sees_a_topic_go_and_come_back) {
  Subscriber s(dir_, topic("cam0/frames"), kSchema);
  const auto stats_say = [&](bool there, std::uint64_t frame_id) {
    for (int i = 0; i < 1000; ++i, std::this_thread::sleep_for(std::chrono::milliseconds(10))) {
      const auto stats = s.stats();
      if (stats.has_value() == there && (!there || stats->frame_id == frame_id)) return true;
    }
    return false;
  };
  auto first = writer();
  ASSERT_TRUE(publish_value(first, 1, 5));
  EXPECT_TRUE(stats_say(true, 1));
  first.remove();
  EXPECT_TRUE(stats_say(false, 0));
  RingOptions larger = options();
  larger.slot_bytes = 1u << 16;
  auto second = writer(larger);
  ASSERT_TRUE(publish_value(second, 2, 5));
  EXPECT_TRUE(stats_say(true, 2));
  ASSERT_TRUE(second.resize(options()).ok());
  ASSERT_TRUE(publish_value(second, 3, 5));
  EXPECT_TRUE(stats_say(true, 3));
}

TEST_F(Ring, metadata_reaches_readers) {
  RingOptions named = options();
  named.metadata = "person\nbicycle";
  const auto w = writer(named);
  EXPECT_EQ(reader().metadata(), "person\nbicycle");
}

TEST_F(Ring, too_large_for_the_tmpfs_says_how_much_is_needed) {
  RingOptions huge = options();
  huge.slot_bytes = 1ull << 30;
  huge.readers = 256;
  const auto refused = RingWriter::open(dir_, topic("cam0/frames"), huge);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kResourceExhausted);
  EXPECT_NE(refused.error().text.find("needs 526337 MiB"), std::string::npos) << refused.error().text;
}

}  // namespace
}  // namespace vedette::bus
