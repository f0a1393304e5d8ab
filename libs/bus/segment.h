// Segment: the writer's side of one generation of a topic's files: mappings, the writer lock, slot bookkeeping.
// Internal to the bus. Kept alive by the RingWriter and by every Loan. Thread-bound but for release_slot().
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "bus/directory.h"
#include "bus/handshake.h"
#include "bus/layout.h"
#include "bus/lock_file.h"
#include "bus/mapping.h"
#include "bus/ring.h"
#include "bus/slot_book.h"

namespace vedette::bus {

class Segment {
 public:
  // Takes the topic's files over if their geometry is `options`'; else makes new ones, which take the name, and marks
  // the old retired then. `lock` is the topic's writer lock, held.
  static Result<std::shared_ptr<Segment>> open(const BusDir& dir, const TopicName& topic, const RingOptions& options,
                                               std::shared_ptr<LockFile> lock);
  // New files whatever the old ones are like; a failure leaves those as they are.
  static Result<std::shared_ptr<Segment>> replace(const BusDir& dir, const RingOptions& options, Segment& old);

  std::uint32_t claim_slot();  // or kNoSlot
  // The writer doesn't need the slot any more. Any thread.
  void release_slot(std::uint32_t slot) { writer_held_[slot].store(false, std::memory_order_release); }
  void publish(std::uint32_t slot, std::uint64_t frame_id, std::size_t bytes);

  void sweep();  // clears what dead readers left
  void beat();
  void remove();

  Demand demand() const;
  bool wait_demand(Nanoseconds timeout);
  std::atomic<std::uint32_t>& demand_sequence() const { return lease_header().demand_sequence; }
  // Somebody truncated a file, or scribbled over the lease file's header.
  bool damaged() const { return damaged_ || leases_.tripped() || payload_.tripped(); }

  Header& header() const { return *reinterpret_cast<Header*>(payload_.data()); }
  Descriptor& descriptor(std::uint32_t slot) const {
    return reinterpret_cast<Descriptor*>(payload_.data() + sizeof(Header))[slot];
  }
  std::span<std::byte> slot_bytes(std::uint32_t slot) const;
  const Hazards& hazards() const { return hazards_; }

  const TopicName topic;
  const RingOptions options;
  const std::shared_ptr<LockFile> lock;
  bool took_over = false;
  std::uint64_t last_frame_id = 0;  // newest of the topic so far, over all its files

  Segment(TopicName name, RingOptions wanted, std::shared_ptr<LockFile> held)
      : topic(std::move(name)),
        options(std::move(wanted)),
        lock(std::move(held)),
        writer_held_(options.slots()),
        book_(options.slots(), options.keep, options.policy),
        named_(options.slots()) {}

 private:
  // False: nothing there, or (left in `stale`) files that are of our version but don't fit.
  Result<bool> take_over(Mapping& stale);
  Result<bool> take_over_leases(std::uint64_t instance);
  Result<> create(const BusDir& dir);
  void adopt_leases(Mapping leases, UniqueFd lock_fd);
  void succeed(Header& old);
  void start_epoch();
  void announce(std::uint64_t sequence, std::uint32_t slot);  // head, doorbell, wake
  LeaseHeader& lease_header() const { return *reinterpret_cast<LeaseHeader*>(leases_.data()); }
  void inherit_slots();
  void look_at_hazards();
  bool sweep_for_slots();

  UniqueFd camera_fd_;
  Mapping payload_;
  Mapping leases_;
  LockFile entry_locks_;  // an open of the lease file of its own, for testing readers' locks
  Hazards hazards_;
  std::vector<std::atomic<bool>> writer_held_;
  SlotBook book_;
  SlotSet named_;  // slots that a hazard named at the last look, or at a claim that failed since
  bool any_named_ = true;
  std::uint64_t sequence_ = 0;  // of the newest publication
  std::uint64_t swept_at_ns_ = 0;
  std::uint64_t swept_for_slots_at_ns_ = 0;
  bool damaged_ = false;
  std::uint32_t seen_demand_sequence_ = 0;
};

}  // namespace vedette::bus
