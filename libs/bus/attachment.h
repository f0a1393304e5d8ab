// Attachment: a reader's side of one generation of a topic's files: mappings and its entry. Internal to the bus.
// Kept alive by the RingReader or LogReader and by every Lease. Thread-bound but for release() and the end. If the writer dies,
// all that is attached stays readable.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <string>

#include "base/result.h"
#include "bus/directory.h"
#include "bus/handshake.h"
#include "bus/layout.h"
#include "bus/lock_file.h"
#include "bus/mapping.h"
#include "bus/ring.h"

namespace vedette::bus {

// A reader that sleeps or only polls looks up so often whether its files are still the topic's. No oftener than writers give
// signs of life: who wakes for those needs no further wake for this.
inline constexpr Nanoseconds kLookUpEvery = std::chrono::milliseconds(400);

// The immutable part of a header, copied out once and checked: what a hostile writer changes later changes nothing here. What is
// said of slots is 0 in a log.
struct Geometry {
  std::uint32_t slots = 0;
  std::uint64_t slot_bytes = 0;
  std::uint64_t slot_stride = 0;
  std::uint64_t slots_offset = 0;
  std::uint32_t readers = 0;
  std::uint32_t held_per_reader = 0;
  std::uint64_t instance = 0;
  std::uint64_t schema_id = 0;
};

struct LogGeometry {
  std::uint64_t max_record_bytes = 0;
  std::uint64_t data_bytes = 0;
  std::uint64_t data_offset = 0;
  std::uint64_t index_offset = 0;
  std::uint32_t index_entries = 0;
};

// Is it a topic of this layout version, and of the kind wanted (kCorrupt, kIncompatible)? Checks every number that an index or an
// address will be made of.
Result<Geometry> checked_geometry(const Header& header, std::uint64_t file_bytes, const TopicName& topic);
Result<Geometry> checked_geometry(const Header& header, const LogHeader& log, std::uint64_t file_bytes, const TopicName& topic,
                                  LogGeometry& checked);

class Attachment {
 public:
  static Result<std::shared_ptr<Attachment>> attach(const BusDir& dir, const TopicName& topic, std::uint64_t schema_id,
                                                    Demand demand, TopicKind kind = TopicKind::kRing);
  // Takes no entry: only for waiting, nothing can be leased.
  static Result<std::shared_ptr<Attachment>> attach_to_wait(const BusDir& dir, const TopicName& topic, std::uint64_t schema_id,
                                                            TopicKind kind = TopicKind::kRing);
  explicit Attachment(TopicKind kind) : kind_(kind) {}
  ~Attachment();

  const Header& header() const { return *reinterpret_cast<const Header*>(payload_.data()); }
  const Descriptor& descriptor(std::uint32_t slot) const {
    return reinterpret_cast<const Descriptor*>(payload_.data() + sizeof(Header))[slot];
  }
  std::span<const std::byte> slot_bytes(std::uint32_t slot, std::uint64_t bytes) const;
  const Geometry& geometry() const { return geometry_; }
  TopicKind kind() const { return kind_; }
  const LogGeometry& log() const { return log_; }
  const std::byte* payload() const { return payload_.data(); }
  const std::string& metadata() const { return metadata_; }

  std::atomic<std::uint32_t>& hazard(std::uint32_t index) const { return hazards_.word(reader_, index); }
  // An index of a hazard word that isn't in use, or held_per_reader.
  std::uint32_t free_hazard() const;
  void use_hazard(std::uint32_t index) { used_hazards_[index].store(true, std::memory_order_relaxed); }
  // Any thread.
  void release(std::uint32_t index);

  // What tools see of this reader. The entry's cache line is this reader's already: the hazard was stored there.
  void show_taken(std::uint64_t sequence, std::uint64_t missed);
  void set_demand(const Demand& demand);
  std::atomic<std::uint32_t>& waiters() const { return lease_header().waiters; }

  // Other files have the topic's name now, or none; or the lease file was damaged.
  bool retired() const { return header().retired.load(std::memory_order_acquire) != 0 || leases_.tripped() || damaged(); }
  // The payload was truncated: what was read since may be zeros.
  bool damaged() const { return payload_.tripped(); }
  // The same, asking the file system (a writer may have died before it could say so).
  bool replaced() const;

  std::uint64_t last_sequence = 0;         // newest that was taken
  std::uint32_t last_slot = 0;             // where take_next() found its last
  std::uint64_t attached_at_sequence = 0;  // newest there was when we came: not missed
  std::int64_t slept_ns = 0;               // slept_ns() when last looked at

 private:
  static Result<std::shared_ptr<Attachment>> map(const BusDir& dir, const TopicName& topic, std::uint64_t schema_id,
                                                 TopicKind kind);
  Result<> map_payload(int camera_fd, const TopicName& topic, std::uint64_t schema_id);
  Result<> map_leases(int camera_fd, const TopicName& topic);
  Result<> take_entry(const TopicName& topic);
  LeaseHeader& lease_header() const { return *reinterpret_cast<LeaseHeader*>(leases_.data()); }

  const TopicKind kind_;
  UniqueFd camera_fd_;
  std::string name_;
  std::uint64_t inode_ = 0;
  Mapping payload_;
  Mapping leases_;
  LockFile entry_lock_;
  Geometry geometry_;
  LogGeometry log_;
  std::string metadata_;
  Hazards hazards_;
  std::uint32_t reader_ = 0;
  bool has_entry_ = false;
  // Set by the reader's thread, which alone looks for free ones; cleared by whichever thread lets go of the lease.
  std::array<std::atomic<bool>, kMaxHeldPerReader> used_hazards_{};
};

// How long the machine has slept since it booted: CLOCK_BOOTTIME − CLOCK_MONOTONIC, give or take the time between two reads.
std::int64_t slept_ns();

}  // namespace vedette::bus
