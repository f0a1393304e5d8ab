// The C API in good use: what a writer publishes is what readers of C and of C++ get.
#include <thread>

#include "c_fixture.h"

namespace vedette::test {
namespace {

TEST_F(CApi, carries_a_record_from_writer_to_reader) {
  vd_writer* const out = writer("cam0/own", options());
  vd_reader* const in = reader("cam0/own");
  vd_record record;
  EXPECT_EQ(vd_take_newest(in, &record), VD_NOTHING);
  EXPECT_EQ(record.data, nullptr);
  EXPECT_EQ(vd_wait(in, 0), VD_TIMEOUT);

  ASSERT_EQ(publish(out, 7, 70), VD_OK) << vd_last_error();
  EXPECT_EQ(vd_wait(in, kWatchdogNs), VD_OK);
  ASSERT_EQ(vd_take_newest(in, &record), VD_OK) << vd_last_error();
  EXPECT_EQ(value_of(record), 70u);
  EXPECT_EQ(record.bytes, 8u);
  EXPECT_EQ(record.frame_id, 7u);
  EXPECT_EQ(record.sequence, 1u);
  EXPECT_EQ(record.missed, 0u);
  EXPECT_EQ(vd_release(in, &record), VD_OK);
  EXPECT_EQ(record.data, nullptr);
  EXPECT_EQ(vd_take_newest(in, &record), VD_NOTHING);
  vd_reader_close(in);
  vd_writer_close(out);
}

TEST_F(CApi, takes_in_order_counts_what_was_missed_and_finds_by_frame_id) {
  vd_writer_options history = options();
  history.keep = 4;
  history.policy = VD_OLDEST_FIRST;
  vd_writer* const out = writer("cam0/own", history);
  vd_reader* const in = reader("cam0/own");
  for (std::uint64_t id = 1; id <= 60; ++id) ASSERT_EQ(publish(out, 100 + id, id), VD_OK);
  vd_record record;
  ASSERT_EQ(vd_take_next(in, &record), VD_OK);
  EXPECT_GT(record.missed, 0u);
  EXPECT_EQ(record.sequence, record.missed + 1);
  EXPECT_EQ(value_of(record), record.sequence);
  ASSERT_EQ(vd_release(in, &record), VD_OK);
  ASSERT_EQ(vd_take_next(in, &record), VD_OK);
  EXPECT_EQ(record.missed, 0u);
  ASSERT_EQ(vd_release(in, &record), VD_OK);

  ASSERT_EQ(vd_find(in, 159, &record), VD_OK);
  EXPECT_EQ(value_of(record), 59u);
  EXPECT_EQ(vd_release(in, &record), VD_OK);
  EXPECT_EQ(vd_find(in, 101, &record), VD_NEVER);
  EXPECT_EQ(vd_find(in, 1000, &record), VD_NOT_YET);
  vd_reader_close(in);
  vd_writer_close(out);
}

TEST_F(CApi, and_cplusplus_read_each_other) {
  const std::string text = "one\ntwo";
  vd_writer_options named = options();
  named.metadata = text.data();
  named.metadata_bytes = text.size();
  vd_writer* const out = writer("cam0/own", named);
  bus::Subscriber in(dir_, topic("cam0/own"), kSchema);
  ASSERT_EQ(publish(out, 5, 55), VD_OK);
  const bus::Taken taken = in.take_newest();
  ASSERT_TRUE(taken);
  EXPECT_EQ(vedette::test::value_of(taken.lease), 55u);
  EXPECT_EQ(in.metadata(), text);
  vd_writer_close(out);

  bus::RingOptions ring;
  ring.schema_id = kSchema;
  ring.slot_bytes = 64;
  ring.metadata = "classes";
  auto other = bus::RingWriter::open(dir_, topic("cam0/other"), ring);
  ASSERT_TRUE(other.ok());
  vd_reader* const c_reader = reader("cam0/other");
  ASSERT_TRUE(publish_value(*other, 9, 99));
  vd_record record;
  ASSERT_EQ(vd_take_newest(c_reader, &record), VD_OK);
  EXPECT_EQ(value_of(record), 99u);
  vd_topic_info about;
  ASSERT_EQ(vd_reader_about(c_reader, &about), VD_OK);
  EXPECT_EQ(about.schema_id, kSchema);
  EXPECT_EQ(about.slot_bytes, 64u);
  EXPECT_EQ(about.held_per_reader, 2u);
  EXPECT_STREQ(about.metadata, "classes");
  EXPECT_EQ(about.metadata_bytes, 7u);
  vd_reader_close(c_reader);
}

TEST_F(CApi, holds_a_published_slot_until_it_is_released_on_any_thread) {
  vd_writer_options two = options();
  two.writer_slots = 2;
  two.readers = two.held_per_reader = 1;
  vd_writer* const out = writer("cam0/own", two);
  vd_slot held;
  ASSERT_EQ(vd_loan(out, &held), VD_OK);
  const std::uint64_t value = 11;
  std::memcpy(held.data, &value, sizeof value);
  ASSERT_EQ(vd_publish_held(out, &held, 1, sizeof value), VD_OK);
  ASSERT_NE(held.data, nullptr);
  for (std::uint64_t id = 2; id < 20; ++id) ASSERT_EQ(publish(out, id, 0), VD_OK);
  EXPECT_EQ(std::memcmp(held.data, &value, sizeof value), 0) << "a held slot was written to";
  EXPECT_TRUE(says(vd_publish(out, &held, 20, 8), VD_INVALID_ARGUMENT, "only held"));
  std::thread([&] { EXPECT_EQ(vd_slot_release(out, &held), VD_OK); }).join();
  EXPECT_EQ(held.data, nullptr);
  vd_writer_close(out);
}

TEST_F(CApi, says_so_when_no_slot_is_free_and_counts_the_drop) {
  vd_writer_options one = options();
  one.readers = one.held_per_reader = 1;
  vd_writer* const out = writer("cam0/own", one);  // 1 x 1 + 1 + 1 slots
  vd_slot slots[3];
  for (vd_slot& slot : slots) ASSERT_EQ(vd_loan(out, &slot), VD_OK);
  vd_slot none;
  EXPECT_EQ(vd_loan(out, &none), VD_NO_SLOT);
  EXPECT_EQ(none.data, nullptr);
  EXPECT_EQ(vd_count_drop(out), VD_OK);
  EXPECT_EQ(vd_slot_release(out, &slots[1]), VD_OK);
  EXPECT_EQ(vd_loan(out, &none), VD_OK);
  vd_stats stats;
  ASSERT_EQ(vd_writer_stats(out, &stats), VD_OK);
  EXPECT_EQ(stats.dropped, 1u);
  EXPECT_EQ(stats.published, 0u);
  vd_writer_close(out);
}

TEST_F(CApi, tells_the_writer_what_readers_ask) {
  vd_writer* const out = writer("cam0/own", options());
  vd_reader* const in = reader("cam0/own");
  vd_demand demand;
  ASSERT_EQ(vd_writer_demand(out, &demand), VD_OK);
  EXPECT_EQ(demand.wants, std::uint32_t{VD_WANT_PIXELS});
  EXPECT_EQ(demand.fps, 0.0f);
  vd_writer_wait_demand(out, 0);
  EXPECT_EQ(vd_writer_wait_demand(out, 0), VD_TIMEOUT);
  const vd_demand wish{VD_WANT_PIXELS | VD_WANT_PACKETS, 12.5f, 640, 480};
  std::thread asks([&] { EXPECT_EQ(vd_reader_set_demand(in, &wish), VD_OK); });
  EXPECT_EQ(vd_writer_wait_demand(out, kWatchdogNs), VD_OK);
  asks.join();
  ASSERT_EQ(vd_writer_demand(out, &demand), VD_OK);
  EXPECT_EQ(std::memcmp(&demand, &wish, sizeof wish), 0);
  vd_reader_close(in);
  ASSERT_EQ(vd_writer_demand(out, &demand), VD_OK);
  EXPECT_EQ(demand.wants, 0u);
  vd_writer_close(out);
}

TEST_F(CApi, attaches_when_the_topic_appears_and_again_when_it_grew) {
  vd_reader* const in = reader("cam0/own");
  vd_topic_info about;
  EXPECT_TRUE(says(vd_reader_about(in, &about), VD_NOT_FOUND, "cam0/own"));
  vd_writer* const out = writer("cam0/own", options(64));
  ASSERT_EQ(publish(out, 1, 1), VD_OK);
  ASSERT_EQ(vd_wait(in, VD_FOREVER), VD_OK) << vd_last_error();
  vd_record small;
  ASSERT_EQ(vd_take_newest(in, &small), VD_OK);

  vd_slot before;
  ASSERT_EQ(vd_loan(out, &before), VD_OK);
  const vd_writer_options larger = options(100'000);
  ASSERT_EQ(vd_writer_resize(out, &larger), VD_OK) << vd_last_error();
  EXPECT_TRUE(says(vd_publish(out, &before, 2, 8), VD_UNAVAILABLE, "replaced"));
  ASSERT_EQ(publish(out, 3, 3), VD_OK);
  ASSERT_EQ(vd_wait(in, kWatchdogNs), VD_OK);
  vd_record large;
  ASSERT_EQ(vd_take_newest(in, &large), VD_OK);
  EXPECT_EQ(value_of(large), 3u);
  EXPECT_EQ(value_of(small), 1u) << "a record of the old files stays readable";
  ASSERT_EQ(vd_reader_about(in, &about), VD_OK);
  EXPECT_EQ(about.slot_bytes, 100'000u);
  EXPECT_EQ(vd_release(in, &small), VD_OK);
  EXPECT_EQ(vd_release(in, &large), VD_OK);
  vd_reader_close(in);
  vd_writer_close(out);
}

TEST_F(CApi, waits_for_any_of_several_topics) {
  vd_writer* const a = writer("cam0/a", options());
  vd_writer* const b = writer("cam0/b", options());
  vd_reader* const readers[] = {reader("cam0/a"), reader("cam0/b"), reader("cam0/c")};
  EXPECT_EQ(vd_wait_any(readers, 3, 0), VD_TIMEOUT);
  std::thread publishes([&] { EXPECT_EQ(publish(b, 4, 44), VD_OK); });
  EXPECT_EQ(vd_wait_any(readers, 3, kWatchdogNs), VD_OK);
  publishes.join();
  vd_record record;
  EXPECT_EQ(vd_take_newest(readers[0], &record), VD_NOTHING);
  ASSERT_EQ(vd_take_newest(readers[1], &record), VD_OK);
  EXPECT_EQ(value_of(record), 44u);
  for (vd_reader* reader : readers) vd_reader_close(reader);
  vd_writer_close(a);
  vd_writer_close(b);
}

TEST_F(CApi, lists_topics_and_removes_them) {
  vd_writer* const a = writer("cam0/a", options());
  vd_writer* const b = writer("cam1/b", options());
  vd_topic topics[2];
  size_t count = 0;
  ASSERT_EQ(vd_bus_topics(bus_, topics, 2, &count), VD_OK);
  ASSERT_EQ(count, 2u);
  EXPECT_STREQ(topics[0].name, "cam0/a");
  EXPECT_STREQ(topics[1].name, "cam1/b");
  ASSERT_EQ(vd_bus_topics(bus_, nullptr, 0, &count), VD_OK);
  EXPECT_EQ(count, 2u);
  ASSERT_EQ(vd_writer_remove(a), VD_OK);
  vd_writer_close(b);  // stays for a successor
  ASSERT_EQ(vd_bus_topics(bus_, topics, 2, &count), VD_OK);
  ASSERT_EQ(count, 1u);
  EXPECT_STREQ(topics[0].name, "cam1/b");
  std::uint64_t bytes = 0;
  EXPECT_EQ(vd_bus_free_bytes(bus_, &bytes), VD_OK);
  EXPECT_GT(bytes, 0u);
}

TEST_F(CApi, a_successor_goes_on_with_frame_ids_and_counters) {
  vd_writer* first = writer("cam0/own", options());
  std::uint64_t id = 0;
  ASSERT_EQ(vd_next_frame_id(first, &id), VD_OK);
  ASSERT_EQ(publish(first, id, 1), VD_OK);
  vd_writer_close(first);
  vd_writer* const second = writer("cam0/own", options());
  std::uint64_t next = 0;
  ASSERT_EQ(vd_next_frame_id(second, &next), VD_OK);
  EXPECT_EQ(next, id + 1);
  EXPECT_EQ(vd_beat(second), VD_OK);
  vd_reader* const in = reader("cam0/own");
  vd_stats stats;
  ASSERT_EQ(vd_reader_stats(in, &stats), VD_OK);
  EXPECT_EQ(stats.epoch, 2u);
  EXPECT_EQ(stats.published, 1u);
  EXPECT_EQ(stats.frame_id, id);
  EXPECT_GT(stats.beat_at_ns, 0u);
  vd_reader_close(in);
  vd_writer_close(second);
}

TEST_F(CApi, readers_and_writers_outlive_the_bus_handle) {
  vd_writer* const out = writer("cam0/own", options());
  vd_reader* const in = reader("cam0/own");
  vd_bus_close(bus_);
  bus_ = nullptr;
  const vd_writer_options larger = options(5000);
  EXPECT_EQ(vd_writer_resize(out, &larger), VD_OK) << vd_last_error();
  EXPECT_EQ(publish(out, 1, 1), VD_OK);
  EXPECT_EQ(vd_wait(in, kWatchdogNs), VD_OK) << vd_last_error();
  vd_reader_close(in);
  vd_writer_close(out);
}

}  // namespace
}  // namespace vedette::test
