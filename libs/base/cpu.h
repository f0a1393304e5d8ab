// Cores: which there are, which the calling thread may use, how much of them its cgroup grants. Reads /proc and /sys;
// thread-safe.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace vedette {

std::vector<unsigned> online_cpus();                     // of the machine
std::vector<unsigned> allowed_cpus();                    // of the calling thread
std::string text_of(const std::vector<unsigned>& cpus);  // "0-3,8"

// From now on the calling thread, and those that it starts, run on this core only. kInvalidArgument if it isn't online, or not in
// the container's cpuset.
Result<> pin_thread(unsigned cpu);

// Cores' worth of time that the cgroups of the process may use (cpu.max of v2, cfs_quota_us of v1; the tightest of all above it);
// infinity without a limit. The arguments are for tests.
double cpu_quota(const std::string& membership = "/proc/self/cgroup", const std::string& root = "/sys/fs/cgroup");

}  // namespace vedette
