#include "base/cpu.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <thread>

namespace vedette {
namespace {

class Quota : public testing::Test {
 protected:
  ~Quota() override {
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
  }
  void write(const std::string& file, const std::string& text) const {
    std::filesystem::create_directories(std::filesystem::path(root_ + file).parent_path());
    std::ofstream(root_ + file) << text;
  }
  double quota() const { return cpu_quota(root_ + "/membership", root_); }
  const std::string root_ = "/tmp/vedette-quota-" + std::to_string(::getpid());
};

TEST_F(Quota, is_the_tightest_of_all_groups_above) {
  write("/membership", "0::/pod/container\n");
  EXPECT_TRUE(std::isinf(quota())) << "no files: no limit";
  write("/pod/container/cpu.max", "max 100000\n");
  EXPECT_TRUE(std::isinf(quota()));
  write("/pod/cpu.max", "150000 100000\n");
  EXPECT_DOUBLE_EQ(quota(), 1.5);
  write("/cpu.max", "50000 100000\n");
  EXPECT_DOUBLE_EQ(quota(), 0.5);
}

TEST_F(Quota, of_version_1_counts_too) {
  write("/membership", "3:cpuset:/other\n2:cpu,cpuacct:/box\n0::/\n");
  write("/cpu/box/cpu.cfs_quota_us", "-1\n");
  write("/cpu/box/cpu.cfs_period_us", "100000\n");
  EXPECT_TRUE(std::isinf(quota()));
  write("/cpu/box/cpu.cfs_quota_us", "25000\n");
  EXPECT_DOUBLE_EQ(quota(), 0.25);
}

TEST(Cpus, are_told_as_the_kernel_does) {
  EXPECT_EQ(text_of({}), "");
  EXPECT_EQ(text_of({0}), "0");
  EXPECT_EQ(text_of({0, 1, 2, 5, 7, 8}), "0-2,5,7-8");
  EXPECT_FALSE(online_cpus().empty());
  for (const unsigned cpu : allowed_cpus()) {
    const auto online = online_cpus();
    EXPECT_NE(std::find(online.begin(), online.end(), cpu), online.end());
  }
}

TEST(Cpus, pin_the_calling_thread_alone) {
  const auto before = allowed_cpus();
  std::thread([&] {
    ASSERT_TRUE(pin_thread(before.back()));
    EXPECT_EQ(allowed_cpus(), std::vector<unsigned>{before.back()});
    const auto refused = pin_thread(8191);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().text, "this process can't run on cpu 8191; expected one that is online (" + text_of(online_cpus()) +
                                        ") and in its container's cpuset");
    EXPECT_FALSE(pin_thread(100'000));
  }).join();
  EXPECT_EQ(allowed_cpus(), before);
}

}  // namespace
}  // namespace vedette
