// The C API in bad use: every mistake is a status and a sentence, none is a crash.
#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

#include "c_fixture.h"
#include "support/child.h"

namespace vedette::test {
namespace {

TEST_F(CApi, null_is_refused_by_every_function) {
  vd_writer_options good = options();
  vd_bus* bus = nullptr;
  vd_writer* writer = nullptr;
  vd_reader* reader = nullptr;
  vd_slot slot{};
  vd_record record{};
  vd_stats stats;
  vd_demand demand{};
  vd_topic_info about;
  std::uint64_t number = 0;
  size_t count = 0;
  const vd_status statuses[] = {vd_bus_open(path_.c_str(), nullptr),
                                vd_bus_topics(nullptr, nullptr, 0, &count),
                                vd_bus_topics(bus_, nullptr, 1, &count),
                                vd_bus_topics(bus_, nullptr, 0, nullptr),
                                vd_bus_free_bytes(nullptr, &number),
                                vd_bus_free_bytes(bus_, nullptr),
                                vd_writer_open(nullptr, "cam0/own", &good, &writer),
                                vd_writer_open(bus_, nullptr, &good, &writer),
                                vd_writer_open(bus_, "cam0/own", nullptr, &writer),
                                vd_writer_open(bus_, "cam0/own", &good, nullptr),
                                vd_writer_remove(nullptr),
                                vd_loan(nullptr, &slot),
                                vd_publish(nullptr, &slot, 1, 1),
                                vd_publish_held(nullptr, &slot, 1, 1),
                                vd_slot_release(nullptr, &slot),
                                vd_count_drop(nullptr),
                                vd_next_frame_id(nullptr, &number),
                                vd_beat(nullptr),
                                vd_writer_resize(nullptr, &good),
                                vd_writer_demand(nullptr, &demand),
                                vd_writer_wait_demand(nullptr, 0),
                                vd_writer_stats(nullptr, &stats),
                                vd_publish_frame(nullptr, &slot, nullptr),
                                vd_reader_open(nullptr, "cam0/own", nullptr, &reader),
                                vd_reader_open(bus_, nullptr, nullptr, &reader),
                                vd_reader_open(bus_, "cam0/own", nullptr, nullptr),
                                vd_take_newest(nullptr, &record),
                                vd_take_next(nullptr, &record),
                                vd_find(nullptr, 1, &record),
                                vd_release(nullptr, &record),
                                vd_wait(nullptr, 0),
                                vd_wait_any(nullptr, 1, 0),
                                vd_reader_set_demand(nullptr, &demand),
                                vd_reader_stats(nullptr, &stats),
                                vd_reader_about(nullptr, &about)};
  for (std::size_t i = 0; i < std::size(statuses); ++i) EXPECT_EQ(statuses[i], VD_INVALID_ARGUMENT) << "number " << i;
  vd_bus_close(nullptr);
  vd_writer_close(nullptr);
  vd_reader_close(nullptr);
  EXPECT_EQ(bus, nullptr);
}

TEST_F(CApi, null_results_are_refused_too) {
  vd_writer* const out = writer("cam0/own", options());
  vd_reader* const in = reader("cam0/own");
  vd_reader* const none = nullptr;
  for (const vd_status status :
       {vd_loan(out, nullptr), vd_publish(out, nullptr, 1, 1), vd_slot_release(out, nullptr), vd_next_frame_id(out, nullptr),
        vd_writer_resize(out, nullptr), vd_writer_demand(out, nullptr), vd_writer_stats(out, nullptr),
        vd_take_newest(in, nullptr), vd_take_next(in, nullptr), vd_find(in, 1, nullptr), vd_release(in, nullptr),
        vd_wait_any(&none, 1, 0), vd_wait_any(&in, 0, 0), vd_reader_set_demand(in, nullptr), vd_reader_stats(in, nullptr),
        vd_reader_about(in, nullptr)})
    EXPECT_EQ(status, VD_INVALID_ARGUMENT);
  vd_reader_close(in);
  vd_writer_close(out);
}

TEST_F(CApi, closed_handles_are_known) {
  vd_writer* const out = writer("cam0/own", options());
  vd_reader* const in = reader("cam0/own");
  vd_slot slot;
  ASSERT_EQ(vd_loan(out, &slot), VD_OK);
  vd_writer_close(out);
  vd_reader_close(in);
  vd_writer_close(out);
  vd_reader_close(in);
  EXPECT_TRUE(says(vd_publish(out, &slot, 1, 8), VD_INVALID_ARGUMENT, "the writer is closed"));
  vd_record record;
  EXPECT_TRUE(says(vd_take_newest(in, &record), VD_INVALID_ARGUMENT, "the reader is closed"));
  EXPECT_TRUE(says(vd_wait(in, VD_FOREVER), VD_INVALID_ARGUMENT, "the reader is closed"));
  vd_bus* const bus = bus_;
  vd_bus_close(bus);
  size_t count = 0;
  EXPECT_TRUE(says(vd_bus_topics(bus, nullptr, 0, &count), VD_INVALID_ARGUMENT, "the bus is closed"));
}

TEST_F(CApi, handles_are_used_again_only_much_later) {
  vd_reader* const first = reader("cam0/own");
  vd_reader_close(first);
  for (int i = 0; i < 200; ++i) {
    vd_reader* const next = reader("cam0/own");
    EXPECT_NE(next, first);
    vd_reader_close(next);
  }
  vd_record record;
  EXPECT_TRUE(says(vd_take_newest(first, &record), VD_INVALID_ARGUMENT, "closed"));
  for (int i = 0; i < 2000; ++i) vd_reader_close(reader("cam0/own"));
}

TEST_F(CApi, bad_names_are_refused) {
  const vd_writer_options good = options();
  for (const char* name : {"", "cam0", "cam0/", "/own", "Cam0/own", "cam0/own/more", "../own", "cam0/own.lock", "cam0/ö",
                           "cam0/a-name-of-more-than-thirty-one-characters"}) {
    vd_writer* writer = nullptr;
    EXPECT_TRUE(says(vd_writer_open(bus_, name, &good, &writer), VD_INVALID_ARGUMENT, "expected")) << name;
    EXPECT_EQ(writer, nullptr);
    vd_reader* reader = nullptr;
    EXPECT_TRUE(says(vd_reader_open(bus_, name, nullptr, &reader), VD_INVALID_ARGUMENT, "expected")) << name;
  }
  vd_bus* bus = nullptr;
  EXPECT_TRUE(says(vd_bus_open("/no/such/folder", &bus), VD_NOT_FOUND, "/no/such/folder"));
  EXPECT_EQ(bus, nullptr);
}

TEST_F(CApi, bad_options_are_refused) {
  const auto refused = [&](const char* words, auto&& change) {
    vd_writer_options bad = options();
    change(bad);
    vd_writer* writer = nullptr;
    EXPECT_TRUE(says(vd_writer_open(bus_, "cam0/own", &bad, &writer), VD_INVALID_ARGUMENT, words));
  };
  refused("vd_writer_options_default()", [](vd_writer_options& o) { o.size = 0; });
  refused("vd_writer_options_default()", [](vd_writer_options& o) { o.size = sizeof o - 8; });
  refused("vd_writer_options_default()", [](vd_writer_options& o) { o.size = 0xffff'ffff; });
  refused("schema_id", [](vd_writer_options& o) { o.schema_id = 0; });
  refused("0 bytes", [](vd_writer_options& o) { o.slot_bytes = 0; });
  refused("2^30", [](vd_writer_options& o) { o.slot_bytes = ~0ull; });
  refused("policy", [](vd_writer_options& o) { o.policy = 2; });
  refused("readers", [](vd_writer_options& o) { o.readers = 0; });
  refused("too large", [](vd_writer_options& o) { o.readers = ~0u; });
  refused("too large", [](vd_writer_options& o) { o.keep = ~0u; });
  refused("leases per reader", [](vd_writer_options& o) { o.held_per_reader = 17; });
  refused("at least 1", [](vd_writer_options& o) { o.keep = 0; });
  refused("metadata is NULL", [](vd_writer_options& o) { o.metadata_bytes = 1; });
  refused("metadata_bytes", [](vd_writer_options& o) { o.metadata = "x", o.metadata_bytes = ~0ull; });

  vd_reader_options bad = vd_reader_options_default();
  bad.demand.fps = -1.0f;
  vd_reader* reader = nullptr;
  EXPECT_TRUE(says(vd_reader_open(bus_, "cam0/own", &bad, &reader), VD_INVALID_ARGUMENT, "fps"));
  bad.demand = {8, 0.0f, 0, 0};
  EXPECT_TRUE(says(vd_reader_open(bus_, "cam0/own", &bad, &reader), VD_INVALID_ARGUMENT, "wants"));
  bad.demand = {VD_WANT_PIXELS, 0.0f, 70'000, 0};
  EXPECT_TRUE(says(vd_reader_open(bus_, "cam0/own", &bad, &reader), VD_INVALID_ARGUMENT, "65535"));
  bad.size = 1;
  EXPECT_TRUE(says(vd_reader_open(bus_, "cam0/own", &bad, &reader), VD_INVALID_ARGUMENT, "vd_reader_options_default()"));
}

TEST_F(CApi, options_of_a_newer_header_are_taken_if_they_ask_for_nothing_new) {
  struct Newer {
    vd_writer_options known;
    std::uint64_t added;
  } newer{options(), 0};
  newer.known.size = sizeof newer;
  vd_writer* writer = nullptr;
  ASSERT_EQ(vd_writer_open(bus_, "cam0/own", &newer.known, &writer), VD_OK) << vd_last_error();
  vd_writer_close(writer);
  newer.added = 1;
  EXPECT_TRUE(says(vd_writer_open(bus_, "cam0/own", &newer.known, &writer), VD_INCOMPATIBLE, vd_version()));
}

TEST_F(CApi, slots_are_published_once_and_never_beyond_their_end) {
  vd_writer* const out = writer("cam0/own", options(100));
  vd_writer* const other = writer("cam0/other", options(100));
  vd_slot slot;
  ASSERT_EQ(vd_loan(out, &slot), VD_OK);
  EXPECT_TRUE(says(vd_publish(out, &slot, 1, 101), VD_INVALID_ARGUMENT, "101 bytes from a slot of 100"));
  slot.bytes = 1 << 20;  // what the caller's struct says is not believed
  EXPECT_TRUE(says(vd_publish(out, &slot, 1, 101), VD_INVALID_ARGUMENT, "101 bytes from a slot of 100"));
  EXPECT_TRUE(says(vd_publish(other, &slot, 1, 8), VD_INVALID_ARGUMENT, "another writer"));
  vd_slot copy = slot;
  EXPECT_EQ(vd_publish(out, &slot, 1, 100), VD_OK);
  EXPECT_TRUE(says(vd_publish(out, &slot, 1, 100), VD_INVALID_ARGUMENT, "empty"));
  EXPECT_TRUE(says(vd_publish(out, &copy, 1, 100), VD_INVALID_ARGUMENT, "already"));
  EXPECT_TRUE(says(vd_slot_release(out, &copy), VD_INVALID_ARGUMENT, "already"));
  ASSERT_EQ(vd_loan(out, &slot), VD_OK);
  EXPECT_TRUE(says(vd_publish(out, &copy, 1, 100), VD_INVALID_ARGUMENT, "already"))
      << "a later loan's place is not the old one's";
  vd_slot invented{&copy, 100, 0x1234'5678'9abc'0001, 0};
  EXPECT_TRUE(says(vd_publish(out, &invented, 1, 100), VD_INVALID_ARGUMENT, "isn't on loan"));
  vd_writer_close(out);
  vd_writer_close(other);
}

TEST_F(CApi, records_are_released_once_and_by_their_reader) {
  vd_writer* const out = writer("cam0/own", options());
  vd_reader* const in = reader("cam0/own");
  vd_reader* const other = reader("cam0/own");
  ASSERT_EQ(publish(out, 1, 1), VD_OK);
  vd_record record;
  ASSERT_EQ(vd_take_newest(in, &record), VD_OK);
  vd_record copy = record;
  EXPECT_TRUE(says(vd_release(other, &record), VD_INVALID_ARGUMENT, "by this reader"));
  ASSERT_EQ(vd_release(in, &record), VD_OK);
  EXPECT_TRUE(says(vd_release(in, &record), VD_INVALID_ARGUMENT, "already"));
  EXPECT_TRUE(says(vd_release(in, &copy), VD_INVALID_ARGUMENT, "already"));

  vd_record held[3];
  ASSERT_EQ(vd_find(in, 1, &held[0]), VD_OK);
  EXPECT_TRUE(says(vd_release(in, &copy), VD_INVALID_ARGUMENT, "already")) << "a later record's place is not the old one's";
  ASSERT_EQ(vd_find(in, 1, &held[1]), VD_OK);
  EXPECT_TRUE(says(vd_find(in, 1, &held[2]), VD_RESOURCE_EXHAUSTED, "share of 2"));
  ASSERT_EQ(publish(out, 2, 2), VD_OK);
  EXPECT_TRUE(says(vd_take_newest(in, &held[2]), VD_RESOURCE_EXHAUSTED, "held_per_reader"));
  ASSERT_EQ(vd_release(in, &held[0]), VD_OK);
  EXPECT_EQ(vd_take_newest(in, &held[2]), VD_OK);
  vd_reader_close(in);
  vd_reader_close(other);
  vd_writer_close(out);
}

TEST_F(CApi, what_cannot_be_attached_to_is_told_by_open_take_and_wait) {
  vd_writer* out = writer("cam0/own", options());
  vd_reader_options frames = vd_reader_options_default();
  frames.schema_id = VD_FRAME_SCHEMA;
  vd_reader* in = nullptr;
  EXPECT_TRUE(says(vd_reader_open(bus_, "cam0/own", &frames, &in), VD_INCOMPATIBLE, "expects schema"));
  EXPECT_EQ(in, nullptr);
  vd_writer* second = nullptr;
  const vd_writer_options good = options();
  EXPECT_TRUE(says(vd_writer_open(bus_, "cam0/own", &good, &second), VD_BUSY, "another writer"));
  ASSERT_EQ(vd_writer_remove(out), VD_OK);

  ASSERT_EQ(vd_reader_open(bus_, "cam0/own", &frames, &in), VD_OK);
  out = writer("cam0/own", options());
  EXPECT_TRUE(says(vd_wait(in, VD_FOREVER), VD_INCOMPATIBLE, "expects schema"));
  vd_record record;
  EXPECT_TRUE(says(vd_take_newest(in, &record), VD_INCOMPATIBLE, "expects schema"));
  vd_stats stats;
  EXPECT_TRUE(says(vd_reader_stats(in, &stats), VD_INCOMPATIBLE, "expects schema"));
  vd_reader_close(in);
  vd_writer_close(out);

  std::filesystem::create_directories(path_ + "/cam1");
  std::filesystem::permissions(path_ + "/cam1", std::filesystem::perms(0750));
  std::ofstream(path_ + "/cam1/junk") << std::string(5000, 'x');
  EXPECT_TRUE(says(vd_reader_open(bus_, "cam1/junk", nullptr, &in), VD_CORRUPT, "cam1/junk"));
}

TEST_F(CApi, a_forked_child_is_told_that_the_handles_are_its_parents) {
  vd_writer* const out = writer("cam0/own", options());
  vd_reader* const in = reader("cam0/own");
  vd_events* events = nullptr;
  ASSERT_EQ(vd_events_open(&in, 1, &events), VD_OK);
  ASSERT_EQ(publish(out, 1, 1), VD_OK);
  Child child([&] {
    vd_record record;
    vd_slot slot;
    if (!says(vd_take_newest(in, &record), VD_UNAVAILABLE, "fork()")) return 1;
    if (!says(vd_loan(out, &slot), VD_UNAVAILABLE, "fork()")) return 2;
    if (!says(vd_events_rearm(events), VD_UNAVAILABLE, "fork()")) return 5;
    vd_events_close(events);
    vd_reader_close(in);
    vd_writer_close(out);
    vd_bus* bus = nullptr;
    vd_reader* own = nullptr;
    if (vd_bus_open(path_.c_str(), &bus) != VD_OK || vd_reader_open(bus, "cam0/own", nullptr, &own) != VD_OK) return 3;
    return vd_take_newest(own, &record) == VD_OK && value_of(record) == 1 ? 0 : 4;
  });
  EXPECT_EQ(child.exit_code(), 0);
  vd_record record;
  EXPECT_EQ(vd_take_newest(in, &record), VD_OK);
  EXPECT_EQ(publish(out, 2, 2), VD_OK);
  vd_events_close(events);
  vd_reader_close(in);
  vd_writer_close(out);
}

TEST_F(CApi, a_child_forked_while_other_threads_open_and_close_can_do_so_too) {
  std::atomic<bool> stop{false};
  const auto open_and_close = [this] {
    vd_bus* bus = nullptr;
    const bool opened = vd_bus_open(path_.c_str(), &bus) == VD_OK;
    vd_bus_close(bus);
    return opened;
  };
  std::vector<std::thread> others;
  for (int i = 0; i < 3; ++i)
    others.emplace_back([&] {
      while (!stop) open_and_close();
    });
  for (int i = 0; i < 400; ++i) ASSERT_EQ(Child([&] { return open_and_close() ? 0 : 1; }).exit_code(), 0);
  stop = true;
  for (std::thread& other : others) other.join();
}

TEST_F(CApi, errors_are_per_thread_statuses_have_words) {
  vd_bus* bus = nullptr;
  EXPECT_EQ(vd_bus_open(("/dev/shm/" + std::string(5000, 'x')).c_str(), &bus), VD_INVALID_ARGUMENT);
  EXPECT_LT(std::strlen(vd_last_error()), 1024u);
  std::thread([] { EXPECT_STREQ(vd_last_error(), ""); }).join();
  EXPECT_STRNE(vd_last_error(), "");
  for (vd_status status = VD_IO; status <= VD_TOO_SMALL; ++status) EXPECT_STRNE(vd_status_text(status), "unknown status");
  EXPECT_STREQ(vd_status_text(99), "unknown status");
  EXPECT_GT(vd_now_ns(), 0u);
}

}  // namespace
}  // namespace vedette::test
