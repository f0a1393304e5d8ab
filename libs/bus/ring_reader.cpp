#include <algorithm>

#include "bus/attachment.h"
#include "bus/ring.h"
#include "bus/wait.h"

namespace vedette::bus {
namespace {

// A head that stays though its slot doesn't hold its record can only be a hostile writer's (the newest slot is never claimed).
// Taken as seen, or waits would return at once for ever.
void skip_false_head(Attachment& a, std::uint64_t head) {
  if (a.header().head.load(std::memory_order_acquire) == head) a.last_sequence = head_sequence(head);
}

void count_taken(Attachment& a, Taken& taken) {
  const std::uint64_t sequence = taken.lease.sequence();
  const std::uint64_t before = a.last_sequence != 0 ? a.last_sequence : a.attached_at_sequence;
  taken.status = Take::kTaken;
  taken.missed = sequence > before ? sequence - before - 1 : 0;
  a.last_sequence = sequence;
  a.show_taken(sequence, taken.missed);
}

// kTaken: there is something newer, and `hazard` is free for it.
Take may_take(const Attachment& a, std::uint64_t head, std::uint32_t& hazard) {
  if (a.retired()) return Take::kRetired;
  if (head_sequence(head) <= a.last_sequence) return Take::kNothing;
  hazard = a.free_hazard();
  return hazard == a.geometry().held_per_reader ? Take::kShareUsed : Take::kTaken;
}

struct Candidate {
  std::uint32_t slot = 0;
  std::uint64_t generation = ~0ull;  // even; ~0: there is none
};

// The oldest kept record that is newer than the last taken.
Candidate oldest_newer(const Attachment& a, std::uint64_t head) {
  const std::uint32_t slots = a.geometry().slots;
  // Nothing can be older than the very next one. It is the newest, or lies behind the last one, if nothing was skipped there.
  const std::uint64_t very_next = 2 * (a.last_sequence + 1);
  for (const std::uint32_t slot : {head_slot(head), (a.last_slot + 1) % slots})
    if (slot < slots && a.descriptor(slot).generation.load(std::memory_order_acquire) == very_next) return {slot, very_next};
  Candidate oldest;
  for (std::uint32_t slot = 0; slot < slots; ++slot) {
    const std::uint64_t generation = a.descriptor(slot).generation.load(std::memory_order_acquire);
    if (!being_written(generation) && sequence_of(generation) > a.last_sequence && generation < oldest.generation)
      oldest = {slot, generation};
  }
  return oldest;
}

}  // namespace

Lease::Lease(Lease&& other) noexcept { *this = std::move(other); }
Lease& Lease::operator=(Lease&& other) noexcept {
  if (this == &other) return *this;
  release();
  attachment_ = std::move(other.attachment_);
  bytes_ = std::exchange(other.bytes_, {});
  frame_id_ = other.frame_id_;
  sequence_ = other.sequence_;
  hazard_ = other.hazard_;
  return *this;
}
Lease::~Lease() { release(); }

void Lease::release() {
  if (!attachment_) return;
  attachment_->release(hazard_);
  attachment_.reset();
  bytes_ = {};
}

RingReader::RingReader(std::shared_ptr<Attachment> attachment) : attachment_(std::move(attachment)) {}
RingReader::RingReader(RingReader&&) noexcept = default;
RingReader& RingReader::operator=(RingReader&&) noexcept = default;
RingReader::~RingReader() = default;

Result<RingReader> RingReader::attach(const BusDir& dir, const TopicName& topic, std::uint64_t schema_id, Demand demand) {
  VD_ASSIGN(auto attachment, Attachment::attach(dir, topic, schema_id, demand));
  return RingReader(std::move(attachment));
}

// Tries once to hold `slot`; false if the writer changed it meanwhile.
bool RingReader::lease_slot(std::uint32_t slot, std::uint32_t hazard, Lease& lease) {
  Attachment& a = *attachment_;
  const std::uint64_t generation = pin(a.hazard(hazard), a.descriptor(slot), slot);
  if (generation == kNotPinned) return false;
  a.use_hazard(hazard);
  lease.attachment_ = attachment_;
  lease.hazard_ = hazard;
  lease.sequence_ = sequence_of(generation);
  lease.frame_id_ = a.descriptor(slot).frame_id.load(std::memory_order_relaxed);
  lease.bytes_ = a.slot_bytes(slot, a.descriptor(slot).bytes.load(std::memory_order_relaxed));
  return true;
}

Taken RingReader::take_newest() {
  Attachment& a = *attachment_;
  Taken taken;
  for (;;) {
    const std::uint64_t head = a.header().head.load(std::memory_order_acquire);
    std::uint32_t hazard = 0;
    taken.status = may_take(a, head, hazard);
    if (taken.status != Take::kTaken) break;
    const std::uint32_t slot = head_slot(head);
    const bool leased = slot < a.geometry().slots && lease_slot(slot, hazard, taken.lease);
    if (leased && taken.lease.sequence() >= head_sequence(head)) {
      count_taken(a, taken);
      break;
    }
    taken.lease.release();
    skip_false_head(a, head);  // else overtaken: the head has moved on
  }
  return taken;
}

Taken RingReader::take_next() {
  Attachment& a = *attachment_;
  Taken taken;
  for (;;) {
    const std::uint64_t head = a.header().head.load(std::memory_order_acquire);
    std::uint32_t hazard = 0;
    taken.status = may_take(a, head, hazard);
    if (taken.status != Take::kTaken) break;
    const Candidate next = oldest_newer(a, head);
    if (next.generation == ~0ull) {  // all of them were rewritten behind the scan's back, or are being so
      skip_false_head(a, head);
      continue;
    }
    if (!lease_slot(next.slot, hazard, taken.lease)) continue;
    if (2 * taken.lease.sequence() == next.generation) {
      a.last_slot = next.slot;
      count_taken(a, taken);
      break;
    }
    taken.lease.release();  // rewritten between scan and pin: there may be an older one now
  }
  return taken;
}

Found RingReader::find(std::uint64_t frame_id) {
  Attachment& a = *attachment_;
  Found found;
  const std::uint32_t hazard = a.free_hazard();
  for (;;) {
    if (a.retired()) return Found{Find::kRetired, {}};
    // "Never" only by what was published before this look began: a newer record that came in behind the scan's back may have
    // come in right after the one asked for. seq_cst: R3 of bus/doorbell.h for who then waits.
    const std::uint64_t newest = head_sequence(a.header().head.load(std::memory_order_seq_cst));
    const std::uint32_t slots = a.geometry().slots;
    std::uint32_t match = slots;
    bool newer = false;
    for (std::uint32_t i = 0; i < slots && match == slots; ++i) {
      const Descriptor& descriptor = a.descriptor(i);
      const std::uint64_t generation = descriptor.generation.load(std::memory_order_acquire);
      if (being_written(generation) || generation == 0) continue;
      // acquire: pairs with publish_slot(); an id of a later generation shows that generation (or odd) in the look after it.
      const std::uint64_t id = descriptor.frame_id.load(std::memory_order_acquire);
      if (id == frame_id) match = i;
      if (id > frame_id && sequence_of(generation) <= newest)
        newer |= descriptor.generation.load(std::memory_order_relaxed) == generation;
    }
    if (match == slots) return Found{newer ? Find::kNever : Find::kNotYet, {}};
    if (hazard == a.geometry().held_per_reader) return Found{Find::kShareUsed, {}};
    if (lease_slot(match, hazard, found.lease) && found.lease.frame_id() == frame_id) {
      found.status = Find::kFound;
      return found;
    }
    found.lease.release();  // rewritten meanwhile
  }
}

void RingReader::set_demand(const Demand& demand) { attachment_->set_demand(demand); }
TopicStats RingReader::stats() const { return stats_of(attachment_->header()); }
const std::string& RingReader::metadata() const { return attachment_->metadata(); }
std::uint64_t RingReader::schema_id() const { return attachment_->geometry().schema_id; }
std::uint64_t RingReader::slot_bytes() const { return attachment_->geometry().slot_bytes; }
std::uint32_t RingReader::held_per_reader() const { return attachment_->geometry().held_per_reader; }

}  // namespace vedette::bus
