// WriterFiles: the writer's side of one generation of a topic's files, whatever lies in them, ring or log: creating, taking over
// and replacing them, the writer lock, readers' entries, demand, signs of life. Internal to the bus. Base of Segment and
// LogSegment.
//
// Thread-bound. If a reader dies its lock falls, and sweep() clears what it left. If the writer dies, the next one's open() finds
// the files here.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "bus/directory.h"
#include "bus/doorbell.h"
#include "bus/futex.h"
#include "bus/handshake.h"
#include "bus/layout.h"
#include "bus/lock_file.h"
#include "bus/mapping.h"
#include "bus/ring.h"

namespace vedette::bus {

inline constexpr std::size_t kPage = 4096;
constexpr std::uint64_t align_up(std::uint64_t bytes, std::uint64_t to) { return (bytes + to - 1) / to * to; }

// Bytes of all files of a topic whose header is this one.
std::uint64_t bytes_of_files(const Header& header);

// What `readers` and `metadata` of a topic may be; says what isn't so.
Result<> check_common_options(const TopicName& topic, std::uint32_t readers, const std::string& metadata);

class WriterFiles {
 public:
  void sweep();  // clears what dead readers left
  void beat();
  void remove();

  Demand demand() const;
  bool wait_demand(Nanoseconds timeout);
  std::atomic<std::uint32_t>& demand_sequence() const { return lease_header().demand_sequence; }
  // Somebody truncated a file, or scribbled over the lease file's header.
  bool damaged() const { return damaged_ || leases_.tripped() || payload_.tripped(); }

  Header& header() const { return *reinterpret_cast<Header*>(payload_.data()); }
  const Hazards& hazards() const { return hazards_; }

  const TopicName topic;
  const std::shared_ptr<LockFile> lock;
  bool took_over = false;
  std::uint64_t last_frame_id = 0;  // newest of the topic so far, over all its files

  WriterFiles(const WriterFiles&) = delete;

 protected:
  // The immutable bytes of a payload file before its first record; they say its geometry.
  struct Plan {
    Header header{};                           // all that is fixed but `instance`
    std::span<const std::byte> behind_header;  // fixed too; of a log: its LogHeader's first part
    std::string_view metadata;
    const char* advice = "";  // what else to do when there is no room for it
  };

  WriterFiles(TopicName name, std::shared_ptr<LockFile> held) : topic(std::move(name)), lock(std::move(held)) {}
  virtual ~WriterFiles() = default;

  // Takes the topic's files over if they are as planned; else makes new ones, which take the name, and marks the old retired
  // then. begin_epoch() is due.
  Result<> open_files(const BusDir& dir);
  // New files whatever the old ones are like; a failure leaves those as they are.
  Result<> replace_files(const BusDir& dir, WriterFiles& old);
  // Says that the writer is there: `head` is the newest record.
  void begin_epoch(std::uint64_t head);
  void announce(std::uint64_t head) {  // head, doorbell, wake
    if (announce_to(head)) futex_wake_all(header().doorbell);
  }
  // For writers that publish and forget beat(): at every eighth record, for the clock costs as much as all the rest.
  void beat_with(std::uint64_t sequence) {
    if (sequence % kRecordsPerBeat == 0) header().beat_at_ns.store(coarse_monotonic_ns(), std::memory_order_relaxed);
  }

  // Can a writer have left this payload, whose fixed part is as planned, whatever it died in the middle of?
  virtual bool is_sound(const Mapping& payload) const = 0;

  LeaseHeader& lease_header() const { return *reinterpret_cast<LeaseHeader*>(leases_.data()); }

  Plan plan_;  // set by the derived class's constructor
  Mapping payload_;
  Hazards hazards_;

 private:
  static constexpr std::uint64_t kRecordsPerBeat = 8;  // at 30 a second it says so four times a second

  Result<bool> take_over(Mapping& stale);
  Result<bool> take_over_leases(std::uint64_t instance);
  Result<> create(const BusDir& dir);
  void adopt_leases(Mapping leases, UniqueFd lock_fd);
  void succeed(Header& old);
  bool announce_to(std::uint64_t head) { return announce_record(header().head, header().doorbell, lease_header().waiters, head); }

  UniqueFd camera_fd_;
  Mapping leases_;
  LockFile entry_locks_;  // an open of the lease file of its own, for testing readers' locks
  std::uint64_t swept_at_ns_ = 0;
  bool damaged_ = false;
  std::uint32_t seen_demand_sequence_ = 0;
};

}  // namespace vedette::bus
