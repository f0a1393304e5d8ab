// What the kernel says of a process: its name, processor time and memory. A process that is gone has none. Thread-safe.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

namespace vedette::look {

struct ProcessStats {
  std::string name;             // "vedette-capture"
  std::uint64_t cpu_ns = 0;     // user and system time of all threads since it began
  std::uint64_t began = 0;      // clock ticks since boot: tells a process from a later one of the same pid
  std::uint64_t rss_bytes = 0;  // in memory, what it shares with others included
};

std::optional<ProcessStats> process_stats(pid_t pid);

// The soft limit of RLIMIT_CORE as /proc shows it; none: not to be known.
std::optional<std::uint64_t> core_limit(pid_t pid);

}  // namespace vedette::look
