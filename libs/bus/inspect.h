// inspect: what a topic is like, for people and tools: its header, geometry, files, writer and readers, and a look at its newest
// record. Takes no reader entry, maps nothing and writes nothing: a writer or reader can't tell that somebody looks.
//
// Everything is read with pread(), so that no peer can make the looker fault; every number an offset is made of is checked first.
// Who is alive is asked of the kernel (F_OFD_GETLK on the locks); without permission to open a file the answer is unknown.
// Pids are those of their owners' pid namespaces: for people. Thread-safe (nothing is kept).
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "bus/demand.h"
#include "bus/directory.h"
#include "bus/log.h"
#include "bus/ring.h"

namespace vedette::bus {

enum class Alive { kNo, kYes, kUnknown };

struct ReaderReport {
  std::uint32_t entry = 0;
  std::int32_t pid = 0;
  Alive alive = Alive::kUnknown;
  Demand demand;
  std::uint64_t taken = 0;           // sequence of the record taken last
  std::uint32_t missed = 0;          // records it was too late for; wraps
  std::vector<std::uint32_t> holds;  // slots it has on lease
};

struct FileReport {
  std::string name;  // in the camera's folder
  bool exists = false;
  uid_t owner = 0;
  mode_t mode = 0;          // permission bits
  std::uint64_t bytes = 0;  // of memory that it takes
};

struct TopicReport {
  TopicName topic;
  std::uint32_t layout_version = 0;
  RingOptions options;            // the geometry as its writer asked for it; of a log: schema, readers, metadata, no slots
  std::optional<LogOptions> log;  // it is a log
  LogSpan span;                   // what that holds
  std::uint64_t file_bytes = 0;
  bool retired = false;
  TopicStats stats;
  std::uint64_t sequence = 0;  // of the newest record; 0: none yet
  Alive writer = Alive::kUnknown;
  FileReport payload, leases, lock;
  std::vector<ReaderReport> readers;  // entries that somebody has or that a dead reader left

  std::uint64_t bytes() const { return payload.bytes + leases.bytes + lock.bytes; }
  std::size_t held_slots() const;
};

// kNotFound while there is no payload file; kIncompatible, with both numbers, for another layout version; kCorrupt for a header
// that can't be; kPermissionDenied where the caller may not look. A missing or damaged lease file is no error: no readers, and
// `leases.exists` says so.
Result<TopicReport> inspect(const BusDir& dir, const TopicName& topic);

// A look at the newest record without a lease: at most `most` of its first bytes, copied, unchanged by its writer meanwhile.
struct Glimpse {
  std::uint64_t sequence = 0;  // 0: nothing published yet, or the writer was faster five times in a row
  std::uint64_t frame_id = 0;
  std::uint64_t record_bytes = 0;
  std::vector<std::byte> bytes;
};
Result<Glimpse> glimpse(const BusDir& dir, const TopicName& topic, std::size_t most);

// Files of the bus that belong to no topic: `<name>.new` of a writer that died while it named its files, and what nobody of ours
// made. Paths below the bus directory.
std::vector<std::string> stray_files(const BusDir& dir);

}  // namespace vedette::bus
