// How readers wait: policies as text, who may spin, what waiting costs writer and kernel (counted, not timed).
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/resource.h>

#include <cstdlib>
#include <thread>

#include "base/cpu.h"
#include "bus/attachment.h"
#include "bus/ring.h"
#include "support/bus_fixture.h"

namespace vedette::bus {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using test::publish_value;

constexpr std::uint64_t kSchema = 7;

TEST(WaitPolicyText, is_parsed_and_printed) {
  const std::pair<const char*, WaitPolicy> all[] = {{"block", WaitPolicy::blocking()},
                                                    {"spin", WaitPolicy::spinning()},
                                                    {"hybrid(50us)", WaitPolicy::hybrid(microseconds(50))},
                                                    {"hybrid(1us)", WaitPolicy::hybrid(microseconds(1))},
                                                    {"hybrid(2ms)", WaitPolicy::hybrid(milliseconds(2))},
                                                    {"hybrid(100ms)", WaitPolicy::hybrid(milliseconds(100))}};
  for (const auto& [text, policy] : all) {
    const auto parsed = WaitPolicy::parse(text);
    ASSERT_TRUE(parsed) << text;
    EXPECT_EQ(*parsed, policy) << text;
    EXPECT_EQ(policy.text(), text);
  }
  EXPECT_EQ(*WaitPolicy::parse("hybrid(3000us)"), WaitPolicy::hybrid(milliseconds(3)));
  EXPECT_EQ(WaitPolicy{}, WaitPolicy::blocking()) << "the default";
}

TEST(WaitPolicyText, anything_else_is_refused) {
  for (const char* text :
       {"", "Block", "spin ", "hybrid", "hybrid()", "hybrid(50)", "hybrid(50us", "hybrid(0us)", "hybrid(-5us)", "hybrid(5s)",
        "hybrid(101ms)", "hybrid(1.5ms)", "hybrid(50us)x", "hybrid( 50us)", "hybrid(99999999999999999999us)"}) {
    const auto parsed = WaitPolicy::parse(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().text,
              "\"" + std::string(text) +
                  "\"; expected block, spin, or hybrid with a time from 1us to 100ms in whole us or ms, such "
                  "as hybrid(50us)");
  }
}

RingOptions options() {
  return {.schema_id = kSchema, .slot_bytes = 64, .keep = 1, .writer_slots = 1, .readers = 4, .held_per_reader = 1};
}

long voluntary_switches() {
  rusage usage{};
  ::getrusage(RUSAGE_THREAD, &usage);
  return usage.ru_nvcsw;
}

// Since there were `before` of them. Under an emulator nothing is known: its own locks sleep too.
void expect_no_switch_since(long before, const char* why = "") {
  if (std::getenv("VEDETTE_EMULATED") != nullptr) return;
  EXPECT_EQ(voluntary_switches(), before) << why;
}

class Waiting : public test::BusFixture {
 protected:
  RingWriter writer(std::string_view name = "cam0/frames") {
    return std::move(RingWriter::open(dir_, topic(name), options())).value();
  }
  // Anybody's view of a topic's waiters word.
  std::shared_ptr<Attachment> look_at(std::string_view name = "cam0/frames") {
    return std::move(Attachment::attach_to_wait(dir_, topic(name), kSchema)).value();
  }
  static void await(const std::function<bool()>& condition) {  // ctest's time limit is the watchdog
    while (!condition()) std::this_thread::yield();
  }
  // In a thread of its own, pinned, so that it may spin if this machine lets anybody.
  static void on_a_core(const std::function<void()>& body) {
    std::thread([&] {
      ASSERT_TRUE(pin_thread(allowed_cpus().back()));
      body();
    }).join();
  }
  static bool spinning_possible() {
    bool possible = false;
    on_a_core([&] { possible = may_spin().ok(); });
    return possible;
  }
};

TEST_F(Waiting, spin_needs_a_core_of_its_own) {
  if (allowed_cpus().size() < 2) GTEST_SKIP() << "this process may use one core only";
  auto w = writer();
  auto r = std::move(RingReader::attach(dir_, topic("cam0/frames"), kSchema)).value();
  const auto refused = r.set_wait_policy(WaitPolicy::spinning());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(
      refused.error().text,
      "spin: needs a core of its own, but this thread may run on cpus " + text_of(allowed_cpus()) +
          "; pin it to one that nothing else uses (key cpu of the stage, taskset -c N, pthread_setaffinity_np); or choose block "
          "or hybrid(50us)");
  Subscriber s(dir_, topic("cam0/frames"), kSchema);
  EXPECT_FALSE(s.set_wait_policy(WaitPolicy::spinning()));
  EXPECT_FALSE(s.set_wait_policy(WaitPolicy::hybrid(Nanoseconds(999))));
  EXPECT_FALSE(s.set_wait_policy(WaitPolicy::hybrid(milliseconds(101))));
  EXPECT_TRUE(s.set_wait_policy(WaitPolicy::hybrid(milliseconds(1))));
  on_a_core([&] {
    if (cpu_quota() >= 1.0) {
      EXPECT_TRUE(r.set_wait_policy(WaitPolicy::spinning()));
    } else {
      EXPECT_NE(r.set_wait_policy(WaitPolicy::spinning()).error().text.find("raise cpu.max"), std::string::npos);
    }
  });
}

TEST_F(Waiting, who_spins_gets_frames_without_being_announced_or_asleep) {
  if (!spinning_possible()) GTEST_SKIP() << "nobody may spin here";
  auto w = writer();
  const auto view = look_at();
  const std::uint32_t rung = view->header().doorbell.load();
  std::atomic<std::uint64_t> waits{0};
  std::thread reader([&] {
    ASSERT_TRUE(pin_thread(allowed_cpus().back()));
    auto r = std::move(RingReader::attach(dir_, topic("cam0/frames"), kSchema)).value();
    ASSERT_TRUE(r.set_wait_policy(WaitPolicy::spinning()));
    const long before = voluntary_switches();
    for (; waits < 200; ++waits) {
      ASSERT_EQ(r.wait(hours(1)), Wait::kNew);
      ASSERT_TRUE(r.take_newest());
    }
    expect_no_switch_since(before);
    EXPECT_EQ(r.wait(milliseconds(1)), Wait::kTimeout) << "not past the deadline";
  });
  std::uint64_t announced = 0;
  for (std::uint64_t i = 0; i < 200; ++i) {
    ASSERT_TRUE(publish_value(w, i + 1, i));
    await([&] { return waits > i; });
    announced += view->waiters().load();
  }
  reader.join();
  EXPECT_EQ(announced, 0u);
  EXPECT_EQ(view->header().doorbell.load(), rung) << "the bell was never rung";
}

TEST_F(Waiting, hybrid_spins_first_and_blocks_then) {
  auto w = writer();
  const auto view = look_at();
  std::thread reader([&] {
    auto r = std::move(RingReader::attach(dir_, topic("cam0/frames"), kSchema)).value();
    ASSERT_TRUE(r.set_wait_policy(WaitPolicy::hybrid(milliseconds(100))));
    const long before = voluntary_switches();
    EXPECT_EQ(r.wait(milliseconds(10)), Wait::kTimeout) << "not past the deadline";
    expect_no_switch_since(before, "all of it was spinning");
    EXPECT_EQ(view->waiters().load(), 0u);
    ASSERT_TRUE(r.set_wait_policy(WaitPolicy::hybrid(microseconds(50))));
    EXPECT_EQ(r.wait(hours(1)), Wait::kNew);
    EXPECT_GT(voluntary_switches(), before) << "it slept";
  });
  await([&] { return view->waiters().load() == 1; });
  std::this_thread::sleep_for(milliseconds(20));  // most likely asleep by now
  ASSERT_TRUE(publish_value(w, 1, 1));
  reader.join();
}

TEST_F(Waiting, of_several_policies_the_most_eager_holds) {
  if (!spinning_possible()) GTEST_SKIP() << "nobody may spin here";
  auto a = writer("cam0/frames"), b = writer("cam1/frames");
  const auto view_a = look_at("cam0/frames"), view_b = look_at("cam1/frames");
  std::atomic<std::uint64_t> waits{0};
  std::thread reader([&] {
    ASSERT_TRUE(pin_thread(allowed_cpus().back()));
    Subscriber sa(dir_, topic("cam0/frames"), kSchema), sb(dir_, topic("cam1/frames"), kSchema),
        absent(dir_, topic("cam2/frames"), kSchema);
    ASSERT_TRUE(sa.set_wait_policy(WaitPolicy::hybrid(microseconds(1))));
    ASSERT_TRUE(sb.set_wait_policy(WaitPolicy::spinning()));
    Subscriber* all[] = {&sa, &sb, &absent};
    const long before = voluntary_switches();
    for (; waits < 50; ++waits) {
      ASSERT_TRUE(wait_any(all, hours(1)));
      ASSERT_TRUE(sa.take_newest() || sb.take_newest());
    }
    expect_no_switch_since(before);
  });
  for (std::uint64_t i = 0; i < 50; ++i) {
    ASSERT_TRUE(publish_value(i % 2 == 0 ? a : b, i + 1, i));
    await([&] { return waits > i; });
    EXPECT_EQ(view_a->waiters().load() + view_b->waiters().load(), 0u);
  }
  reader.join();
}

TEST_F(Waiting, a_timeout_of_zero_is_a_look_that_announces_nobody) {
  auto w = writer();
  auto r = std::move(RingReader::attach(dir_, topic("cam0/frames"), kSchema)).value();
  Subscriber s(dir_, topic("cam0/frames"), kSchema);
  EXPECT_EQ(r.wait(Nanoseconds(0)), Wait::kTimeout);
  EXPECT_EQ(s.wait(Nanoseconds(-1)), Wait::kTimeout);
  EXPECT_EQ(look_at()->waiters().load(), 0u);
  ASSERT_TRUE(publish_value(w, 1, 1));
  EXPECT_EQ(r.wait(Nanoseconds(0)), Wait::kNew);
  EXPECT_EQ(s.wait(Nanoseconds(0)), Wait::kNew);
}

TEST_F(Waiting, more_topics_than_one_call_takes) {
  constexpr int kTopics = 200;
  std::vector<RingWriter> writers;
  std::vector<std::unique_ptr<Subscriber>> subscribers;
  std::vector<Subscriber*> all;
  for (int i = 0; i < kTopics; ++i) {
    const std::string name = "cam0/t" + std::to_string(i);
    writers.push_back(writer(name));
    all.push_back(subscribers.emplace_back(std::make_unique<Subscriber>(dir_, topic(name), kSchema)).get());
  }
  EXPECT_FALSE(wait_any(all, milliseconds(1)));
  for (const std::size_t i : {199u, 0u, 126u, 127u, 128u, 199u}) {
    const auto view = look_at("cam0/t" + std::to_string(i));
    std::thread publisher([&] {
      await([&] { return view->waiters().load() == 1; });
      ASSERT_TRUE(publish_value(writers[i], writers[i].next_frame_id(), 1));
    });
    EXPECT_TRUE(wait_any(all, hours(1)));
    publisher.join();
    EXPECT_TRUE(all[i]->take_newest());
  }
}

}  // namespace
}  // namespace vedette::bus
