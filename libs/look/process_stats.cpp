#include "look/process_stats.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <sstream>

#include "look/records.h"

namespace vedette::look {
namespace {

std::string whole_file(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// The kernel keeps 15 bytes of a program's name; the rest is looked up where one may.
std::string whole_name(pid_t pid, std::string name) {
  constexpr std::size_t kMost = 15;
  if (name.size() < kMost) return name;
  std::error_code error;
  const std::string program = std::filesystem::read_symlink("/proc/" + std::to_string(pid) + "/exe", error).filename();
  return program.starts_with(name) ? program.substr(0, program.find(" (deleted)")) : name;
}

}  // namespace

// proc(5), /proc/PID/stat: "pid (name) state …"; the name may hold anything, so from the last parenthesis on.
std::optional<ProcessStats> process_stats(pid_t pid) {
  if (pid <= 0) return std::nullopt;
  const std::string text = whole_file("/proc/" + std::to_string(pid) + "/stat");
  const auto begin = text.find('('), end = text.rfind(')');
  if (begin == std::string::npos || end == std::string::npos || end < begin) return std::nullopt;
  std::istringstream rest(text.substr(end + 1));
  std::string skipped;
  for (int field = 3; field < 14; ++field) rest >> skipped;
  std::uint64_t user = 0, system = 0, began = 0, rss = 0;
  rest >> user >> system;
  for (int field = 16; field < 22; ++field) rest >> skipped;
  rest >> began >> skipped >> rss;
  if (!rest) return std::nullopt;
  const auto tick_ns = 1'000'000'000 / static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
  return ProcessStats{.name = printable(whole_name(pid, text.substr(begin + 1, end - begin - 1))),
                      .cpu_ns = (user + system) * tick_ns,
                      .began = began,
                      .rss_bytes = rss * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE))};
}

std::optional<std::uint64_t> core_limit(pid_t pid) {
  std::istringstream limits(whole_file("/proc/" + std::to_string(pid) + "/limits"));
  for (std::string line; std::getline(limits, line);) {
    constexpr std::string_view kKey = "Max core file size";
    if (line.rfind(kKey, 0) != 0) continue;
    std::istringstream rest(line.substr(kKey.size()));
    std::string soft;
    rest >> soft;
    if (soft == "unlimited") return std::numeric_limits<std::uint64_t>::max();
    std::istringstream number(soft);
    std::uint64_t value = 0;
    if (number >> value) return value;
  }
  return std::nullopt;
}

}  // namespace vedette::look
