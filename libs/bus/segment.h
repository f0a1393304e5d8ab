// Segment: the writer's side of one generation of a ring's files: slots, which of them are free, publishing.
// Internal to the bus. Kept alive by the RingWriter and by every Loan. Thread-bound but for release_slot().
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "bus/slot_book.h"
#include "bus/writer_files.h"

namespace vedette::bus {

class Segment : public WriterFiles {
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

  Descriptor& descriptor(std::uint32_t slot) const {
    return reinterpret_cast<Descriptor*>(payload_.data() + sizeof(Header))[slot];
  }
  std::span<std::byte> slot_bytes(std::uint32_t slot) const;

  const RingOptions options;

  Segment(TopicName name, RingOptions wanted, std::shared_ptr<LockFile> held);

 private:
  bool is_sound(const Mapping& payload) const override;
  void start_epoch();
  void inherit_slots();
  void look_at_hazards();
  bool sweep_for_slots();

  std::vector<std::atomic<bool>> writer_held_;
  SlotBook book_;
  SlotSet named_;  // slots that a hazard named at the last look, or at a claim that failed since
  bool any_named_ = true;
  std::uint64_t sequence_ = 0;  // of the newest publication
  std::uint64_t swept_for_slots_at_ns_ = 0;
};

}  // namespace vedette::bus
