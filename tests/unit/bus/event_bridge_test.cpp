// The descriptor that says when subscribers have news.
#include "bus/event_bridge.h"

#include <gtest/gtest.h>
#include <poll.h>

#include "bus/attachment.h"
#include "support/bus_fixture.h"

namespace vedette::bus {
namespace {

using test::publish_value;
using test::value_of;

constexpr std::uint64_t kSchema = 7;

RingOptions options() {
  return {.schema_id = kSchema, .slot_bytes = 64, .keep = 8, .writer_slots = 1, .readers = 1, .held_per_reader = 1};
}

bool readable(const EventBridge& bridge, int timeout_ms) {
  pollfd poll{bridge.fd(), POLLIN, 0};
  return ::poll(&poll, 1, timeout_ms) == 1;
}
bool becomes_readable(const EventBridge& bridge) { return readable(bridge, -1); }  // ctest's time limit is the watchdog

class Bridge : public test::BusFixture {
 protected:
  RingWriter writer(std::string_view name, const RingOptions& o = options()) {
    return std::move(RingWriter::open(dir_, topic(name), o)).value();
  }
  std::unique_ptr<EventBridge> bridge(std::initializer_list<Subscriber*> all) {
    return std::move(EventBridge::open(std::span(all.begin(), all.size()))).value();
  }
};

TEST_F(Bridge, is_readable_from_a_record_until_it_was_taken_and_rearmed) {
  auto wa = writer("cam0/frames"), wb = writer("cam1/frames");
  Subscriber a(dir_, topic("cam0/frames"), kSchema), b(dir_, topic("cam1/frames"), kSchema);
  const auto events = bridge({&a, &b});
  EXPECT_FALSE(readable(*events, 20));
  for (std::uint64_t round = 1; round <= 50; ++round) {
    auto& w = round % 2 == 0 ? wa : wb;
    auto& s = round % 2 == 0 ? a : b;
    ASSERT_TRUE(publish_value(w, round, round));
    ASSERT_TRUE(becomes_readable(*events));
    events->rearm();
    ASSERT_TRUE(readable(*events, 0)) << "not taken yet";
    const Taken taken = s.take_next();
    ASSERT_TRUE(taken);
    EXPECT_EQ(value_of(taken.lease), round);
    events->rearm();
    ASSERT_FALSE(readable(*events, 0));
  }
}

TEST_F(Bridge, takes_no_reader_entry_and_costs_no_wake_until_rearmed) {
  auto w = writer("cam0/frames");  // one entry, the subscriber's
  Subscriber s(dir_, topic("cam0/frames"), kSchema);
  ASSERT_TRUE(publish_value(w, 1, 1));
  ASSERT_TRUE(s.take_next());
  const auto events = bridge({&s});
  ASSERT_TRUE(becomes_readable(*events)) << "at first it doesn't know what was taken";
  const auto view = std::move(Attachment::attach_to_wait(dir_, topic("cam0/frames"), kSchema)).value();
  const std::uint32_t rung = view->header().doorbell.load();
  for (std::uint64_t i = 2; i < 100; ++i) ASSERT_TRUE(publish_value(w, i, i));
  EXPECT_LE(view->header().doorbell.load(), rung + 1) << "one announcement may have stood";
  while (s.take_next()) continue;
  events->rearm();
  ASSERT_TRUE(publish_value(w, 100, 100));
  ASSERT_TRUE(becomes_readable(*events));
  EXPECT_TRUE(s.take_next());
}

TEST_F(Bridge, follows_a_topic_that_appears_is_replaced_and_returns) {
  Subscriber s(dir_, topic("cam0/frames"), kSchema);
  const auto events = bridge({&s});
  std::uint64_t expected = 0;
  const auto takes_it = [&] {
    for (;;) {
      if (!becomes_readable(*events)) return false;
      const Taken taken = s.take_newest();
      const bool right = taken && value_of(taken.lease) == expected;
      events->rearm();
      if (right) return true;
    }
  };
  for (int round = 0; round < 3; ++round) {
    EXPECT_FALSE(s.take_newest()) << "looked for in vain just before it comes";
    auto w = writer("cam0/frames");
    ++expected;
    ASSERT_TRUE(publish_value(w, expected, expected));
    ASSERT_TRUE(takes_it()) << "appeared";
    RingOptions larger = options();
    larger.slot_bytes = 4096u << round;
    ASSERT_TRUE(w.resize(larger).ok());
    ++expected;
    ASSERT_TRUE(publish_value(w, expected, expected));
    ASSERT_TRUE(takes_it()) << "replaced";
    w.remove();
  }
}

TEST_F(Bridge, one_that_never_rearms_or_rearms_too_often_does_no_harm) {
  auto w = writer("cam0/frames");
  Subscriber s(dir_, topic("cam0/frames"), kSchema);
  const auto events = bridge({&s});
  for (std::uint64_t i = 1; i <= 2000; ++i) {
    ASSERT_TRUE(publish_value(w, i, i));
    events->rearm();
    if (i % 3 == 0) (void)s.take_newest();
    if (i % 5 == 0) events->rearm();
  }
  while (s.take_newest()) continue;
  events->rearm();
  ASSERT_TRUE(publish_value(w, 2001, 2001));
  ASSERT_TRUE(becomes_readable(*events));
}

TEST_F(Bridge, ends_at_once_in_every_state) {
  auto w = writer("cam0/frames");
  Subscriber s(dir_, topic("cam0/frames"), kSchema), absent(dir_, topic("cam1/frames"), kSchema);
  for (int i = 0; i < 20; ++i) {
    const auto armed = bridge({&s, &absent});
    const auto told = bridge({&s});
    ASSERT_TRUE(publish_value(w, w.next_frame_id(), 1));
    ASSERT_TRUE(becomes_readable(*told));
  }
  const auto empty = bridge({});
}

}  // namespace
}  // namespace vedette::bus
