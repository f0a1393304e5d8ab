#include "look/machine.h"

#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>

namespace vedette::look {
namespace {

// proc(5), /proc/stat: "cpu user nice system idle iowait irq softirq steal guest guest_nice"; guests are within user and nice.
void read_ticks(MachineSample& sample) {
  std::ifstream file("/proc/stat");
  std::string name;
  std::uint64_t user = 0, nice = 0, system = 0, idle = 0, waiting = 0, irq = 0, soft = 0, stolen = 0;
  file >> name >> user >> nice >> system >> idle >> waiting >> irq >> soft >> stolen;
  if (!file || name != "cpu") return;
  sample.busy_ticks = user + nice + system + irq + soft;
  sample.all_ticks = sample.busy_ticks + idle + waiting + stolen;
}

void read_memory(MachineSample& sample) {
  std::ifstream file("/proc/meminfo");
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string name;
    std::uint64_t kilobytes = 0;
    words >> name >> kilobytes;
    if (name == "MemTotal:") sample.memory_bytes = kilobytes * 1024;
    if (name == "MemAvailable:") sample.available_bytes = kilobytes * 1024;
  }
}

}  // namespace

MachineSample look_at_machine() {
  MachineSample sample;
  read_ticks(sample);
  read_memory(sample);
  const long cores = ::sysconf(_SC_NPROCESSORS_ONLN);
  sample.cores = cores > 0 ? static_cast<std::uint32_t>(cores) : 0;
  std::ifstream("/proc/loadavg") >> sample.load;
  double up = 0.0;
  if (std::ifstream("/proc/uptime") >> up) sample.up_seconds = static_cast<std::uint64_t>(up);
  return sample;
}

double cpu_percent(const MachineSample& before, const MachineSample& now) {
  if (now.all_ticks <= before.all_ticks || now.busy_ticks < before.busy_ticks) return -1.0;
  return 100.0 * static_cast<double>(now.busy_ticks - before.busy_ticks) / static_cast<double>(now.all_ticks - before.all_ticks);
}

}  // namespace vedette::look
