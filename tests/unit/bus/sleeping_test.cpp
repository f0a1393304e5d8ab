// Sleeping until there is news, a record under some id, or a demand: each is woken by what it waits for, and by nothing else.
// Watchdogs of an hour: a wake that is lost is a test that doesn't end (ctest's time limit).
#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>

#include <thread>

#include "bus/attachment.h"
#include "bus/ring.h"
#include "support/bus_fixture.h"

namespace vedette::bus {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using test::publish_value;
using test::value_of;

constexpr std::uint64_t kSchema = 7;

RingOptions options() {
  return {.schema_id = kSchema, .slot_bytes = 4096, .keep = 4, .writer_slots = 1, .readers = 3, .held_per_reader = 2};
}

long voluntary_switches() {
  rusage usage{};
  ::getrusage(RUSAGE_THREAD, &usage);
  return usage.ru_nvcsw;
}

class Sleeping : public test::BusFixture {
 protected:
  RingWriter writer(const RingOptions& o = options(), std::string_view name = "cam0/frames") {
    return std::move(RingWriter::open(dir_, topic(name), o)).value();
  }
  RingReader reader(std::string_view name = "cam0/frames") {
    return std::move(RingReader::attach(dir_, topic(name), kSchema)).value();
  }
};

TEST_F(Sleeping, demand_is_the_maximum_of_the_living) {
  auto w = writer();
  EXPECT_FALSE(w.demand().any());
  auto slow = reader();
  slow.set_demand(Demand::pixels_at(3));
  EXPECT_TRUE(w.wait_demand(std::chrono::seconds(10)));
  EXPECT_EQ(w.demand(), Demand::pixels_at(3));
  {
    auto fast = reader();
    fast.set_demand(Demand::every_pixel());
    EXPECT_EQ(w.demand(), Demand::every_pixel());
  }
  EXPECT_EQ(w.demand(), Demand::pixels_at(3));
}

TEST_F(Sleeping, a_sleeper_is_woken) {
  auto w = writer();
  std::atomic<bool> ready{false};
  std::thread sleeper([&] {
    auto r = reader();
    ready = true;
    while (r.wait(std::chrono::milliseconds(50)) != Wait::kNew) continue;
    EXPECT_TRUE(r.take_newest());
  });
  while (!ready) std::this_thread::yield();
  ASSERT_TRUE(publish_value(w, 1, 1));
  sleeper.join();
}

TEST_F(Sleeping, wait_any_sees_each_of_several_topics) {
  auto a = writer(options(), "cam0/frames");
  auto b = writer(options(), "cam1/frames");
  Subscriber sa(dir_, topic("cam0/frames"), kSchema), sb(dir_, topic("cam1/frames"), kSchema),
      absent(dir_, topic("cam2/frames"), kSchema);
  Subscriber* all[] = {&sa, &sb, &absent};
  EXPECT_FALSE(wait_any(all, std::chrono::milliseconds(1)));
  for (auto* w : {&a, &b}) {
    std::thread publisher([&] { ASSERT_TRUE(publish_value(*w, 1, 1)); });
    EXPECT_TRUE(wait_any(all, std::chrono::seconds(10)));
    publisher.join();
    EXPECT_TRUE((w == &a ? sa : sb).take_newest());
  }
}

TEST_F(Sleeping, find_waits_for_a_record_whatever_came_before) {
  auto w = writer();
  Subscriber s(dir_, topic("cam0/frames"), kSchema);
  ASSERT_TRUE(publish_value(w, 10, 1));  // not taken: for find() that is no news
  EXPECT_EQ(s.find(20, milliseconds(1)).status, Find::kNotYet);
  for (std::uint64_t id = 20; id < 220; ++id) {
    std::thread publisher([&] {
      if (id % 3 == 0) std::this_thread::sleep_for(std::chrono::microseconds(id));
      ASSERT_TRUE(publish_value(w, id, 2 * id));
    });
    const Found found = s.find(id, hours(1));
    ASSERT_EQ(found.status, Find::kFound);
    EXPECT_EQ(value_of(found.lease), 2 * id);
    publisher.join();
  }
  EXPECT_EQ(s.find(15, hours(1)).status, Find::kNever);
}

TEST_F(Sleeping, find_lasts_over_an_absent_topic_and_new_files) {
  Subscriber s(dir_, topic("cam0/frames"), kSchema);
  std::thread owner([&] {
    std::this_thread::sleep_for(milliseconds(20));
    auto w = writer();
    ASSERT_TRUE(publish_value(w, 1, 1));
    std::this_thread::sleep_for(milliseconds(120));
    RingOptions larger = options();
    larger.slot_bytes *= 2;
    ASSERT_TRUE(w.resize(larger));
    ASSERT_TRUE(publish_value(w, 2, 5));
  });
  const Found found = s.find(2, hours(1));
  ASSERT_EQ(found.status, Find::kFound);
  EXPECT_EQ(value_of(found.lease), 5u);
  owner.join();
}

TEST_F(Sleeping, find_sleeps_instead_of_looking) {
  auto w = writer();
  Subscriber s(dir_, topic("cam0/frames"), kSchema);
  ASSERT_TRUE(publish_value(w, 1, 1));
  const long before = voluntary_switches();
  EXPECT_EQ(s.find(2, milliseconds(500)).status, Find::kNotYet);
  EXPECT_LT(voluntary_switches() - before, 25) << "one each 400 ms, to see whether the files are still the topic's";
}

TEST_F(Sleeping, find_is_announced_and_woken_by_the_bell) {
  auto w = writer();
  const auto view = std::move(Attachment::attach_to_wait(dir_, topic("cam0/frames"), kSchema)).value();
  std::thread finder([&] {
    Subscriber s(dir_, topic("cam0/frames"), kSchema);
    EXPECT_EQ(s.find(1, hours(1)).status, Find::kFound);
  });
  while (view->waiters().load() == 0) std::this_thread::yield();
  const std::uint32_t rung = view->header().doorbell.load();
  ASSERT_TRUE(publish_value(w, 1, 1));
  EXPECT_EQ(view->header().doorbell.load(), rung + 1);
  finder.join();
  EXPECT_EQ(view->waiters().load(), 0u);
}

TEST_F(Sleeping, a_signal_does_not_end_a_wait_for_demand) {
  auto w = writer();
  auto r = reader();
  (void)w.wait_demand(milliseconds(0));
  struct sigaction action {
  }, previous{};
  action.sa_handler = [](int) {};  // and without SA_RESTART
  ::sigaction(SIGUSR1, &action, &previous);
  const pthread_t waiting = ::pthread_self();
  std::thread other([&] {
    for (int i = 0; i < 20; ++i) {
      std::this_thread::sleep_for(milliseconds(2));
      ::pthread_kill(waiting, SIGUSR1);
    }
    r.set_demand(Demand::pixels_at(3));
  });
  EXPECT_TRUE(w.wait_demand(hours(1)));
  EXPECT_EQ(w.demand(), Demand::pixels_at(3));
  other.join();
  ::sigaction(SIGUSR1, &previous, nullptr);
}

TEST_F(Sleeping, another_thread_than_the_writers_may_wait_for_demand) {
  auto w = writer();
  auto r = reader();
  for (int round = 1; round <= 50; ++round) {
    DemandWatch watch = w.watch_demand();
    std::thread asking([&] { r.set_demand(Demand::pixels_at(static_cast<float>(round))); });
    std::thread waiting([&] {
      while (w.demand() != Demand::pixels_at(static_cast<float>(round))) watch.wait(hours(1));
    });
    waiting.join();
    asking.join();
  }
}

}  // namespace
}  // namespace vedette::bus
