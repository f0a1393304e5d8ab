// How the C API waits: policies, and descriptors for event loops.
#include <poll.h>
#include <sched.h>

#include <thread>

#include "c_fixture.h"

namespace vedette::test {
namespace {

bool is_readable(int fd, int timeout_ms) {
  pollfd watched{fd, POLLIN, 0};
  return ::poll(&watched, 1, timeout_ms) == 1;
}

// The calling thread on one of the cores that it may use. False: there is one only.
bool pin_to_one_core() {
  cpu_set_t allowed, one;
  CPU_ZERO(&one);
  if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0 || CPU_COUNT(&allowed) < 2) return false;
  for (std::size_t core = 0; CPU_COUNT(&one) == 0; ++core)
    if (CPU_ISSET(core, &allowed)) CPU_SET(core, &one);
  return ::sched_setaffinity(0, sizeof one, &one) == 0;
}

TEST_F(CApi, spins_only_on_a_core_of_its_own) {
  vd_writer* const out = writer("cam0/own", options());
  vd_reader* const in = reader("cam0/own");
  EXPECT_TRUE(says(vd_reader_set_wait(in, 3, 0), VD_INVALID_ARGUMENT, "VD_WAIT_HYBRID"));
  EXPECT_EQ(vd_reader_set_wait(in, VD_WAIT_HYBRID, 0), VD_INVALID_ARGUMENT);
  EXPECT_EQ(vd_reader_set_wait(in, VD_WAIT_HYBRID, -1), VD_INVALID_ARGUMENT);
  EXPECT_EQ(vd_reader_set_wait(nullptr, VD_WAIT_BLOCK, 0), VD_INVALID_ARGUMENT);
  for (const std::uint32_t policy : {std::uint32_t{VD_WAIT_HYBRID}, std::uint32_t{VD_WAIT_BLOCK}}) {
    ASSERT_EQ(vd_reader_set_wait(in, policy, 50'000), VD_OK) << vd_last_error();
    std::thread publishes([&] { EXPECT_EQ(publish(out, 1, policy), VD_OK); });
    EXPECT_EQ(vd_wait(in, kWatchdogNs), VD_OK);
    publishes.join();
    vd_record record;
    ASSERT_EQ(vd_take_newest(in, &record), VD_OK);
    EXPECT_EQ(value_of(record), policy);
    EXPECT_EQ(vd_release(in, &record), VD_OK);
  }
  EXPECT_TRUE(says(vd_reader_set_wait(in, VD_WAIT_SPIN, 0), VD_INVALID_ARGUMENT, "spin"));
  std::thread([&] {
    // Refused for want of CPU quota too: then the sentence says so.
    if (!pin_to_one_core() || vd_reader_set_wait(in, VD_WAIT_SPIN, 0) != VD_OK) return;
    EXPECT_EQ(vd_wait(in, 1'000'000), VD_TIMEOUT);
    EXPECT_EQ(publish(out, 2, 2), VD_OK);
    EXPECT_EQ(vd_wait(in, kWatchdogNs), VD_OK);
  }).join();
  vd_reader_close(in);
  vd_writer_close(out);
}

TEST_F(CApi, an_event_loop_is_told_once_for_each_rearm) {
  vd_writer* const a = writer("cam0/a", options());
  vd_reader* const readers[] = {reader("cam0/a"), reader("cam0/later")};
  vd_events* events = nullptr;
  ASSERT_EQ(vd_events_open(readers, 2, &events), VD_OK) << vd_last_error();
  const int fd = vd_events_fd(events);
  ASSERT_GE(fd, 0);
  EXPECT_FALSE(is_readable(fd, 0));
  vd_record record;
  for (std::uint64_t i = 1; i < 20; ++i) {
    ASSERT_EQ(publish(a, i, i), VD_OK);
    ASSERT_TRUE(is_readable(fd, 60'000)) << i;
    ASSERT_EQ(vd_take_newest(readers[0], &record), VD_OK);
    EXPECT_EQ(value_of(record), i);
    ASSERT_EQ(vd_release(readers[0], &record), VD_OK);
    ASSERT_EQ(vd_events_rearm(events), VD_OK);
  }
  // A topic that appears; and a reader that is closed before its events.
  vd_writer* const later = writer("cam0/later", options());
  ASSERT_EQ(publish(later, 5, 55), VD_OK);
  ASSERT_TRUE(is_readable(fd, 60'000));
  vd_reader_close(readers[0]);
  EXPECT_EQ(vd_events_rearm(events), VD_OK);
  vd_events_close(events);
  EXPECT_TRUE(says(vd_events_rearm(events), VD_INVALID_ARGUMENT, "closed"));
  EXPECT_EQ(vd_events_fd(events), -1);
  ASSERT_EQ(vd_take_newest(readers[1], &record), VD_OK);
  EXPECT_EQ(value_of(record), 55u);
  vd_reader_close(readers[1]);
  vd_writer_close(a);
  vd_writer_close(later);
}

TEST_F(CApi, events_of_nothing_are_refused) {
  vd_reader* const in = reader("cam0/own");
  vd_reader* const none = nullptr;
  vd_events* events = nullptr;
  for (const vd_status status : {vd_events_open(nullptr, 1, &events), vd_events_open(&in, 0, &events),
                                 vd_events_open(&in, 1, nullptr), vd_events_open(&none, 1, &events), vd_events_rearm(nullptr)})
    EXPECT_EQ(status, VD_INVALID_ARGUMENT);
  EXPECT_EQ(vd_events_fd(nullptr), -1);
  EXPECT_EQ(events, nullptr);
  vd_events_close(nullptr);
  vd_reader_close(in);
}

}  // namespace
}  // namespace vedette::test
