// A child runs on whatever becomes of its output.
#include "supervise/child.h"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include "support/program.h"

namespace vedette::supervise {
namespace {

int exit_code_of_shell(const std::string& script) {
  auto child = Child::start({"test", "/bin/sh", {"-c", script}});
  if (!child.ok()) return -1;
  std::optional<int> status;
  test::wait_until([&] { return (status = child->ended()).has_value(); });
  if (!status) child->signal(SIGKILL);
  return status && WIFEXITED(*status) ? WEXITSTATUS(*status) : -1;
}

TEST(Child, EndsThoughNobodyReadsItsFullPipe) {
  // 4000 lines of 100 bytes: several pipes full.
  EXPECT_EQ(exit_code_of_shell("i=0; while [ $i -lt 4000 ]; do printf '%0100d\\n' $i 2>/dev/null; i=$((i+1)); done; exit 7"), 7);
}

TEST(Child, ThatCantBeStartedEndsWithTheConfigurationsCode) {
  auto child = Child::start({"test", "/nowhere/program", {}});
  ASSERT_TRUE(child.ok());
  std::optional<int> status;
  ASSERT_TRUE(test::wait_until([&] { return (status = child->ended()).has_value(); }));
  ASSERT_TRUE(WIFEXITED(*status));
  EXPECT_EQ(WEXITSTATUS(*status), 78);
}

}  // namespace
}  // namespace vedette::supervise
