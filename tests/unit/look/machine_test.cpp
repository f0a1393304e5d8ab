// What the kernel says of this machine and of this process.
#include "look/machine.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "look/process_stats.h"

namespace vedette::look {
namespace {

TEST(Machine, IsKnown) {
  const MachineSample sample = look_at_machine();
  EXPECT_GT(sample.cores, 0u);
  EXPECT_GT(sample.all_ticks, sample.busy_ticks);
  EXPECT_GT(sample.memory_bytes, sample.available_bytes);
  EXPECT_GT(sample.available_bytes, 0u);
}

TEST(Machine, ProcessorTimeBetweenTwoLooks) {
  MachineSample before, now;
  before.busy_ticks = 100, before.all_ticks = 1000;
  now.busy_ticks = 150, now.all_ticks = 1200;
  EXPECT_EQ(cpu_percent(before, now), 25.0);
  EXPECT_LT(cpu_percent(now, now), 0.0);
  EXPECT_LT(cpu_percent(now, before), 0.0);
}

TEST(Process, OurOwnIsKnown) {
  const auto stats = process_stats(::getpid());
  ASSERT_TRUE(stats);
  EXPECT_GT(stats->rss_bytes, 0u);
  EXPECT_FALSE(process_stats(0));
}

}  // namespace
}  // namespace vedette::look
