// Logs through <vedette/log.hpp>.
#include <gtest/gtest.h>

#include <vedette/log.hpp>

#include "log_feed.h"

namespace vedette::test {
namespace {

using std::chrono::nanoseconds;

TEST(LogHpp, reads_waits_seeks_and_tells) {
  LogFeed feed;
  const Bus bus(feed.path());
  LogSubscriber in = subscribe_log(bus, "cam0/packets");
  Subscriber frames = bus.subscribe("cam0/frames");
  EXPECT_EQ(in.metadata(), "text");
  EXPECT_FALSE(in.wait(nanoseconds(0)));
  EXPECT_FALSE(in.next().has_value());
  for (std::uint64_t n = 1; n <= 4; ++n) ASSERT_TRUE(feed.append(n, 500 * n, n == 2));
  EXPECT_TRUE(wait_any({&frames}, {&in}, std::chrono::seconds(60)));
  ASSERT_TRUE(in.seek(VD_LOG_OLDEST_KEYFRAME));
  LogRecord record;
  for (std::uint64_t n = 2; n <= 4; ++n) {
    ASSERT_TRUE(in.next(record));
    EXPECT_EQ(record.about.frame_id, 10 * n);
    EXPECT_EQ(record.about.keyframe, n == 2 ? 1u : 0u);
    ASSERT_EQ(record.bytes.size(), 500 * n);
    EXPECT_TRUE(LogFeed::is_whole(n, record.bytes.data(), record.bytes.size()));
  }
  EXPECT_FALSE(in.next(record));
  EXPECT_TRUE(record.bytes.empty());
  EXPECT_FALSE(in.seek_frame(999));
  EXPECT_TRUE(in.seek_time(~0ull));
  EXPECT_EQ(in.next()->about.sequence, 2u);
  ASSERT_TRUE(in.seek_frame(30));
  const auto third = in.next();
  ASSERT_TRUE(third.has_value());
  EXPECT_EQ(third->about.sequence, 3u);
  try {
    (void)third->packet();
    ADD_FAILURE() << "that is no packet";
  } catch (const Error& error) {
    EXPECT_EQ(error.status(), VD_CORRUPT);
  }
  EXPECT_EQ(in.about()->records, 4u);
  EXPECT_EQ(in.stats()->published, 4u);
}

TEST(LogHpp, mistakes_are_thrown_and_absence_is_none) {
  LogFeed feed;
  const Bus bus(feed.path());
  LogSubscriber absent = subscribe_log(bus, "cam1/packets");
  EXPECT_FALSE(absent.about().has_value());
  EXPECT_FALSE(absent.stats().has_value());
  EXPECT_FALSE(absent.seek(VD_LOG_NEXT));
  EXPECT_EQ(absent.metadata(), "");
  EXPECT_THROW(absent.seek(9), Error);
  EXPECT_THROW(subscribe_log(bus, "no topic"), Error);
  EXPECT_THROW(bus.subscribe("cam0/packets"), Error);
}

}  // namespace
}  // namespace vedette::test
