// Nothing secret of a URL reaches a log line; a log that nobody reads holds nobody up.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "telemetry/log.h"

namespace vedette::log {
namespace {

using Words = std::vector<std::string>;

struct Case {
  std::string url, shown;
  Words secrets;
};
class Url : public testing::TestWithParam<Case> {};

TEST_P(Url, IsShownWithoutItsSecrets) {
  EXPECT_EQ(redact_url(GetParam().url), GetParam().shown);
  EXPECT_EQ(secrets_in_url(GetParam().url), GetParam().secrets);
}

INSTANTIATE_TEST_SUITE_P(
    Redact, Url,
    testing::Values(Case{"", "", {}}, Case{"/dev/video0", "/dev/video0", {}},
                    Case{"clips/password=1.mp4", "clips/password=1.mp4", {}}, Case{"rtsp://host/a", "rtsp://host/a", {}},
                    Case{"rtsp://u:secret@host:554/a", "rtsp://***@host:554/a", {"secret"}},
                    Case{"rtsp://u:s@cret@host", "rtsp://***@host", {"s@cret"}},
                    Case{"rtsp://u:a:b@host/", "rtsp://***@host/", {"a:b"}}, Case{"rtsp://user@host/a", "rtsp://***@host/a", {}},
                    Case{"http://host/a@b:c", "http://host/a@b:c", {}},
                    Case{"http://host/v?user=admin&pwd=one&fps=5", "http://host/v?user=admin&pwd=***&fps=5", {"one"}},
                    Case{"http://h?Password=one&access_token=two#f", "http://h?Password=***&access_token=***#f", {"one", "two"}},
                    Case{"http://h/?api_key=k%3D=1&auth=", "http://h/?api_key=***&auth=***", {"k%3D=1"}},
                    Case{"http://h/?loginuse=a&loginpas=b&psw=c", "http://h/?loginuse=a&loginpas=***&psw=***", {"b", "c"}},
                    Case{"http://h/?monkey=see&passage=do", "http://h/?monkey=see&passage=do", {}},
                    Case{"rtsp://h/user=admin_password=tl6_channel=1", "rtsp://h/user=admin_password=***", {"tl6_channel=1"}},
                    Case{"http://u:one@h/?token=two&pass=six", "http://***@h/?token=***&pass=***", {"one", "two", "six"}}));

TEST(Log, SecretsAreHiddenInLinesWhereverTheyStand) {
  for (const std::string& secret : secrets_in_url("http://u:first-secret@h/?token=second-secret")) add_secret(secret);
  start_log("test");
  testing::internal::CaptureStderr();
  info("got second-secret and http://u:first-secret@h/?token=second-secret");
  const std::string line = testing::internal::GetCapturedStderr();
  EXPECT_NE(line.find("got *** and http://u:***@h/?token=***"), std::string::npos) << line;
}

// A terminal that is stopped must not hold up a stage: its pipe is full, nobody reads, the end that it writes to is non-blocking.
TEST(Log, LinesThatAFullPipeDoesntTakeAreLost) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::alarm(60);  // watchdog: blocked for ever would be SIGALRM
    ::dup2(ends[1], STDERR_FILENO);
    start_log("test");
    for (int i = 0; i < 10'000; ++i)
      info("line {} of far more than a pipe takes", i), (void)forward("test", "a line of somebody else");
    ::_exit(0);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(pid, &status, 0), pid);
  EXPECT_EQ(status, 0);
  ::close(ends[0]), ::close(ends[1]);
}

TEST(Log, AClosedPipeIsNoError) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::signal(SIGPIPE, SIG_IGN);
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) ::_exit(1);
    ::dup2(ends[1], STDERR_FILENO);
    ::close(ends[0]);
    start_log("test");
    info("nobody reads this");
    (void)forward("test", "nor this");
    ::_exit(0);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(pid, &status, 0), pid);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace vedette::log
