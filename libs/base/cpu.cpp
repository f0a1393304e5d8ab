#include "base/cpu.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <limits>
#include <sstream>

namespace vedette {
namespace {

constexpr unsigned kMaxCpus = 8192;  // what kernels are built for at most
constexpr unsigned kWordBits = 8 * sizeof(unsigned long);
using Mask = std::array<unsigned long, kMaxCpus / kWordBits>;  // cpu_set_t holds 1024 only

bool is_in(const Mask& mask, unsigned cpu) { return (mask[cpu / kWordBits] >> cpu % kWordBits & 1) != 0; }

// "0-3,8" as the kernel writes it.
std::vector<unsigned> parse_cpus(std::istream& stream) {
  std::vector<unsigned> cpus;
  for (std::string part; std::getline(stream, part, ',');) {
    std::istringstream range(part);
    unsigned first = 0;
    if (!(range >> first)) break;
    unsigned last = first;
    if (range.get() == '-') range >> last;
    for (unsigned cpu = first; cpu <= last && cpu < kMaxCpus; ++cpu) cpus.push_back(cpu);
  }
  return cpus;
}

// Quota / period of one group's folder.
double quota_of(const std::string& folder) {
  double quota = 0, period = 0;
  std::ifstream max(folder + "/cpu.max"), quota_us(folder + "/cpu.cfs_quota_us"), period_us(folder + "/cpu.cfs_period_us");
  const bool limited = (max >> quota >> period) || (quota_us >> quota && period_us >> period);  // "max" is no number, -1 no limit
  return limited && quota > 0 && period > 0 ? quota / period : std::numeric_limits<double>::infinity();
}

double tightest_quota(const std::string& root, std::string group) {
  double tightest = quota_of(root);
  for (; group.size() > 1; group.erase(group.rfind('/'))) tightest = std::min(tightest, quota_of(root + group));
  return tightest;
}

}  // namespace

std::vector<unsigned> online_cpus() {
  std::ifstream file("/sys/devices/system/cpu/online");
  std::vector<unsigned> cpus = parse_cpus(file);
  if (!cpus.empty()) return cpus;
  const long count = std::max(1L, ::sysconf(_SC_NPROCESSORS_ONLN));
  for (unsigned cpu = 0; cpu < static_cast<unsigned>(count); ++cpu) cpus.push_back(cpu);
  return cpus;
}

std::vector<unsigned> allowed_cpus() {
  Mask mask{};
  std::vector<unsigned> cpus;
  if (::sched_getaffinity(0, sizeof mask, reinterpret_cast<cpu_set_t*>(mask.data())) != 0) return online_cpus();
  for (unsigned cpu = 0; cpu < kMaxCpus; ++cpu)
    if (is_in(mask, cpu)) cpus.push_back(cpu);
  return cpus;
}

std::string text_of(const std::vector<unsigned>& cpus) {
  std::string text;
  for (std::size_t i = 0; i < cpus.size();) {
    std::size_t end = i + 1;
    while (end < cpus.size() && cpus[end] == cpus[end - 1] + 1) ++end;
    text += (text.empty() ? "" : ",") + std::to_string(cpus[i]);
    if (end > i + 1) text += "-" + std::to_string(cpus[end - 1]);
    i = end;
  }
  return text;
}

Result<> pin_thread(unsigned cpu) {
  Mask mask{};
  if (cpu < kMaxCpus) mask[cpu / kWordBits] = 1ul << cpu % kWordBits;
  if (cpu < kMaxCpus && ::sched_setaffinity(0, sizeof mask, reinterpret_cast<const cpu_set_t*>(mask.data())) == 0) return {};
  return Error{ErrorCode::kInvalidArgument, "this process can't run on cpu " + std::to_string(cpu) +
                                                "; expected one that is online (" + text_of(online_cpus()) +
                                                ") and in its container's cpuset"};
}

double cpu_quota(const std::string& membership, const std::string& root) {
  std::ifstream file(membership);
  double tightest = std::numeric_limits<double>::infinity();
  for (std::string line; std::getline(file, line);) {  // "id:controllers:/path"
    const std::size_t first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",", group = line.substr(second + 1);
    if (controllers == ",,")
      tightest = std::min(tightest, tightest_quota(root, group));
    else if (controllers.find(",cpu,") != std::string::npos)
      tightest = std::min(tightest, tightest_quota(root + "/cpu", group));
  }
  return tightest;
}

}  // namespace vedette
