#include "supervise/backoff.h"

#include <gtest/gtest.h>

namespace vedette::supervise {
namespace {

using namespace std::chrono_literals;

TEST(Backoff, doubles_up_to_the_maximum_and_starts_over_after_a_healthy_run) {
  SuperviseConfig config;
  config.backoff_min = 200ms, config.backoff_max = 1000ms, config.healthy_after = 10s;
  Backoff backoff(config);
  EXPECT_EQ(backoff.next(1s), 200ms);
  EXPECT_EQ(backoff.next(1s), 400ms);
  EXPECT_EQ(backoff.next(9999ms), 800ms);
  EXPECT_EQ(backoff.next(0s), 1000ms);
  EXPECT_EQ(backoff.next(0s), 1000ms);
  EXPECT_EQ(backoff.next(10s), 200ms);
}

}  // namespace
}  // namespace vedette::supervise
