#include "supervise/log_relay.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/unique_fd.h"
#include "telemetry/log.h"

namespace vedette::supervise {
namespace {

class Relay : public ::testing::Test {
 protected:
  Relay() {
    int ends[2];
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    read_end_.reset(ends[0]), write_end_.reset(ends[1]);
  }
  // What reaches our stderr when the child has written `text`.
  std::string passed(const std::string& text) {
    EXPECT_EQ(::write(write_end_.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
    ::testing::internal::CaptureStderr();
    relay_.drain(read_end_.get());
    return ::testing::internal::GetCapturedStderr();
  }
  UniqueFd read_end_, write_end_;
  LogRelay relay_{"detect"};
};

TEST_F(Relay, log_lines_pass_unchanged) {
  const std::string line = "2026-11-21T05:00:00.123Z info    detect           model loaded\n";
  EXPECT_EQ(passed(line), line);
  EXPECT_EQ(relay_.last(), "model loaded");
}

TEST_F(Relay, other_lines_get_time_and_tag) {
  const std::string out = passed("terminate called\n");
  EXPECT_NE(out.find("Z error   detect           terminate called\n"), std::string::npos) << out;
  EXPECT_EQ(relay_.last(), "terminate called");
}

TEST_F(Relay, lines_in_pieces_are_put_together_and_the_last_needs_no_end) {
  EXPECT_EQ(passed("half "), "");
  EXPECT_NE(passed("a line\nand more").find("half a line\n"), std::string::npos);
  write_end_.reset();
  ::testing::internal::CaptureStderr();
  EXPECT_FALSE(relay_.drain(read_end_.get()));
  EXPECT_NE(::testing::internal::GetCapturedStderr().find("and more\n"), std::string::npos);
}

TEST_F(Relay, one_call_reads_a_part_of_a_flood) {
  ::fcntl(write_end_.get(), F_SETPIPE_SZ, 4 * LogRelay::kMostAtOnce);
  const std::string flood(2 * LogRelay::kMostAtOnce - 1, 'x');
  ASSERT_EQ(::write(write_end_.get(), (flood + "\n").data(), flood.size() + 1), static_cast<ssize_t>(flood.size() + 1));
  ::testing::internal::CaptureStderr();
  EXPECT_TRUE(relay_.drain(read_end_.get()));
  int left = 0;
  ASSERT_EQ(::ioctl(read_end_.get(), FIONREAD, &left), 0);
  EXPECT_EQ(left, static_cast<int>(LogRelay::kMostAtOnce));
  EXPECT_TRUE(relay_.drain(read_end_.get()));
  ASSERT_EQ(::ioctl(read_end_.get(), FIONREAD, &left), 0);
  EXPECT_EQ(left, 0);
  (void)::testing::internal::GetCapturedStderr();
}

TEST_F(Relay, secrets_are_hidden) {
  log::add_secret("hunter22");
  EXPECT_EQ(passed("2026-11-21T05:00:00.123Z info    detect           with hunter22 inside\n"),
            "2026-11-21T05:00:00.123Z info    detect           with *** inside\n");
}

}  // namespace
}  // namespace vedette::supervise
