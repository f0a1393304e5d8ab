// Waiting for records of logs, alone and beside rings.
#include <gtest/gtest.h>
#include <poll.h>

#include <thread>

#include "bus/event_bridge.h"
#include "bus/log.h"
#include "support/bus_fixture.h"
#include "support/log_records.h"

namespace vedette::bus {
namespace {

using test::append_text;
using test::publish_value;
using test::text_of;

constexpr std::uint64_t kSchema = 7;
constexpr Nanoseconds kLong = std::chrono::hours(1), kNow{0};

LogOptions options(std::uint64_t data_bytes = 8192) {
  return {.schema_id = kSchema, .data_bytes = data_bytes, .max_record_bytes = 64, .readers = 4};
}

class LogWaiting : public test::BusFixture {
 protected:
  LogWriter writer(const LogOptions& o = options()) { return std::move(LogWriter::open(dir_, topic("cam0/packets"), o)).value(); }
  LogSubscriber subscriber(LogFrom from = LogFrom::kNewestKeyframe) {
    return LogSubscriber(dir_, topic("cam0/packets"), kSchema, {.packets = true}, from);
  }
  std::vector<std::byte> out_;
};

TEST_F(LogWaiting, a_reader_is_woken) {
  auto w = writer();
  auto r = std::move(LogReader::attach(dir_, topic("cam0/packets"), kSchema)).value();
  EXPECT_EQ(r.wait(kNow), Wait::kTimeout);
  std::thread appender([&] {
    for (std::uint64_t n = 1; n <= 200; ++n) {
      while (w.span().records < n && !append_text(w, n, std::to_string(n))) continue;
      std::this_thread::sleep_for(std::chrono::microseconds(n % 7 * 50));
    }
  });
  for (std::uint64_t n = 1; n <= 200;) {
    ASSERT_EQ(r.wait(kLong), Wait::kNew);
    while (r.take_next(out_)) ASSERT_EQ(text_of(out_), std::to_string(n++));
  }
  appender.join();
}

TEST_F(LogWaiting, policies_are_those_of_rings) {
  auto w = writer();
  auto s = subscriber();
  ASSERT_TRUE(append_text(w, 1, "x"));
  EXPECT_TRUE(s.set_wait_policy(WaitPolicy::hybrid(std::chrono::microseconds(50))).ok());
  EXPECT_FALSE(s.set_wait_policy(WaitPolicy::hybrid(Nanoseconds(1))).ok());
  EXPECT_EQ(s.wait(kLong), Wait::kNew);
  auto r = std::move(LogReader::attach(dir_, topic("cam0/packets"), kSchema)).value();
  EXPECT_TRUE(r.set_wait_policy(WaitPolicy::hybrid(std::chrono::milliseconds(1))).ok());
  EXPECT_EQ(r.wait(kLong), Wait::kNew);
}

TEST_F(LogWaiting, a_subscriber_comes_before_its_topic_and_stays_when_it_is_replaced) {
  auto s = subscriber();
  EXPECT_EQ(s.take_next(out_).status, LogTake::kNothing);
  EXPECT_FALSE(s.attached());
  EXPECT_FALSE(s.stats().has_value());
  EXPECT_FALSE(s.span().has_value());
  EXPECT_FALSE(s.seek_time(1));
  EXPECT_EQ(s.wait(std::chrono::milliseconds(1)), Wait::kTimeout);
  auto w = writer();
  ASSERT_TRUE(append_text(w, 1, "first"));
  ASSERT_EQ(s.wait(kLong), Wait::kNew);
  ASSERT_TRUE(s.take_next(out_));
  EXPECT_EQ(text_of(out_), "first");
  EXPECT_TRUE(w.demand().packets);
  EXPECT_EQ(s.span()->records, 1u);
  ASSERT_TRUE(append_text(w, 2, "unread"));
  ASSERT_TRUE(w.resize(options(16384)).ok());
  ASSERT_TRUE(append_text(w, 3, "third"));
  ASSERT_EQ(s.wait(kLong), Wait::kNew);
  ASSERT_TRUE(s.take_next(out_));
  EXPECT_EQ(text_of(out_), "unread") << "a log is read to its end";
  ASSERT_EQ(s.wait(kLong), Wait::kNew);
  ASSERT_TRUE(s.take_next(out_));
  EXPECT_EQ(text_of(out_), "third");
  EXPECT_TRUE(w.demand().packets);
}

TEST_F(LogWaiting, a_subscriber_begins_where_it_says) {
  auto w = writer();
  for (std::uint64_t n = 1; n <= 9; ++n) ASSERT_TRUE(append_text(w, n, std::to_string(n), n % 3 == 0));
  auto newest = subscriber(), oldest = subscriber(LogFrom::kOldestKeyframe), next = subscriber(LogFrom::kNext);
  ASSERT_TRUE(newest.take_next(out_));
  EXPECT_EQ(text_of(out_), "9");
  ASSERT_TRUE(oldest.take_next(out_));
  EXPECT_EQ(text_of(out_), "3");
  EXPECT_FALSE(next.take_next(out_));
  ASSERT_TRUE(oldest.seek_frame(5));
  ASSERT_TRUE(oldest.take_next(out_));
  EXPECT_EQ(text_of(out_), "5");
}

TEST_F(LogWaiting, what_cannot_be_attached_says_why) {
  auto ring = RingWriter::open(dir_, topic("cam0/packets"), {.schema_id = kSchema, .slot_bytes = 64});
  ASSERT_TRUE(ring.ok());
  auto s = subscriber();
  EXPECT_FALSE(s.take_next(out_));
  ASSERT_TRUE(s.error().has_value());
  EXPECT_EQ(s.error()->code, ErrorCode::kIncompatible);
}

TEST_F(LogWaiting, one_thread_sleeps_on_rings_and_logs_at_once) {
  auto w = writer();
  auto ring = std::move(RingWriter::open(dir_, topic("cam0/frames"), {.schema_id = kSchema, .slot_bytes = 64})).value();
  auto packets = subscriber();
  Subscriber frames(dir_, topic("cam0/frames"), kSchema);
  const std::array<Subscription*, 2> both{&packets, &frames};
  EXPECT_FALSE(wait_any(both, kNow));
  constexpr std::uint64_t kRounds = 100;
  std::thread writers([&] {
    for (std::uint64_t n = 1; n <= kRounds; ++n) {
      EXPECT_TRUE(append_text(w, n, std::to_string(n)));
      std::this_thread::sleep_for(std::chrono::microseconds(n % 5 * 100));
      EXPECT_TRUE(publish_value(ring, n, n));
      std::this_thread::sleep_for(std::chrono::microseconds(n % 3 * 100));
    }
  });
  std::uint64_t last_packet = 0, last_frame = 0;
  while (last_packet != kRounds || last_frame != kRounds) {
    ASSERT_TRUE(wait_any(both, kLong));
    while (packets.take_next(out_)) ASSERT_EQ(text_of(out_), std::to_string(++last_packet));
    if (const Taken taken = frames.take_newest()) last_frame = taken.lease.frame_id();
  }
  writers.join();
  LogSubscriber* const alone = &packets;
  EXPECT_FALSE(wait_any(std::span(&alone, 1), kNow));
}

bool readable(const EventBridge& bridge, int timeout_ms) {
  pollfd poll{bridge.fd(), POLLIN, 0};
  return ::poll(&poll, 1, timeout_ms) == 1;
}

TEST_F(LogWaiting, an_event_bridge_tells_of_logs_too) {
  auto w = writer();
  auto ring = std::move(RingWriter::open(dir_, topic("cam0/frames"), {.schema_id = kSchema, .slot_bytes = 64})).value();
  auto packets = subscriber();
  Subscriber frames(dir_, topic("cam0/frames"), kSchema);
  const std::array<Subscription*, 2> both{&packets, &frames};
  auto bridge = std::move(EventBridge::open(both)).value();
  EXPECT_FALSE(readable(*bridge, 20));
  ASSERT_TRUE(append_text(w, 1, "a"));
  ASSERT_TRUE(readable(*bridge, -1));
  ASSERT_TRUE(packets.take_next(out_));
  bridge->rearm();
  EXPECT_FALSE(readable(*bridge, 20));
  ASSERT_TRUE(publish_value(ring, 1, 1));
  ASSERT_TRUE(readable(*bridge, -1));
  ASSERT_TRUE(frames.take_newest());
  bridge->rearm();
  // What was appended just before the files were replaced is told of, then what comes after.
  ASSERT_TRUE(append_text(w, 2, "b"));
  ASSERT_TRUE(w.resize(options(16384)).ok());
  ASSERT_TRUE(readable(*bridge, -1));
  ASSERT_TRUE(packets.take_next(out_));
  EXPECT_EQ(text_of(out_), "b");
  bridge->rearm();
  ASSERT_TRUE(append_text(w, 3, "c"));
  for (;; bridge->rearm()) {
    ASSERT_TRUE(readable(*bridge, -1));
    if (packets.take_next(out_)) break;
  }
  EXPECT_EQ(text_of(out_), "c");
}

}  // namespace
}  // namespace vedette::bus
