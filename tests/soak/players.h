// The soak's writers and readers, each a process of its own that may be killed or stopped at any instruction. What they see goes
// into a Report in memory that all of them share; nothing else connects them but the bus.
#pragma once

#include <sys/mman.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <new>

#include "bus/ring.h"

namespace vedette::soak {

inline constexpr std::size_t kTopics = 2;
inline constexpr std::size_t kWriters = 4;  // two to a topic: one writes, one waits for its death
inline constexpr std::size_t kReaders = 8;
inline constexpr std::size_t kPlayers = kWriters + kReaders;

// One writer each, counted by all who are there.
struct Report {
  std::atomic<bool> stop{false};
  std::array<std::atomic<std::uint64_t>, kPlayers> progress{};  // readers: records received; writers: turns of their loop
  std::array<std::atomic<std::uint64_t>, kTopics> published{};
  std::atomic<std::uint64_t> checked{0}, torn{0}, disordered{0};
  std::atomic<std::uint64_t> no_slot{0};  // a loan refused: with this many readers there must always be a slot
  std::atomic<std::uint64_t> resizes{0}, removals{0}, takeovers{0};
  std::atomic<std::uint64_t> refused{0};  // attach() or open() failed for no good reason
  std::array<char, 256> refusal{};        // the last one's sentence
};

class SharedReport {
 public:
  SharedReport()
      : report_(new (::mmap(nullptr, sizeof(Report), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)) Report) {}
  SharedReport(const SharedReport&) = delete;
  ~SharedReport() { ::munmap(report_, sizeof(Report)); }
  Report& operator*() const { return *report_; }

 private:
  Report* report_;
};

// What a topic's writers choose from: frames (cache-warm slots of up to 96 pages) and notes (a history of small records).
bus::RingOptions options_of(std::size_t topic, unsigned size);
bus::TopicName name_of(std::size_t topic);

// Until report.stop. `player` is the place in Report::progress.
int write_topic(const bus::BusDir& dir, std::size_t topic, std::size_t player, unsigned seed, Report& report);
int read_topics(const bus::BusDir& dir, std::size_t player, unsigned seed, Report& report);
// The negative control: holds slots without looking again whether they are still the same.
int read_without_recheck(const bus::BusDir& dir, std::size_t player, unsigned seed, Report& report);

}  // namespace vedette::soak
