#include "bus/segment.h"

#include <algorithm>

#include "bus/files.h"

namespace vedette::bus {
namespace {

constexpr std::uint64_t kShortSweepEveryNs = 1'000'000;

// The immutable part of a header for these options; the geometry follows from them alone.
void describe(const RingOptions& options, Header& header) {
  header.magic = kPayloadMagic;
  header.layout_version = kLayoutVersion;
  header.slots = options.slots();
  header.schema_id = options.schema_id;
  header.slot_bytes = options.slot_bytes;
  // Slots of a page or more start on a page: a picture's planes are then aligned for any SIMD and any device.
  header.slot_stride = align_up(options.slot_bytes, options.slot_bytes >= kPage ? kPage : 64);
  header.metadata_offset = static_cast<std::uint32_t>(sizeof(Header) + header.slots * sizeof(Descriptor));
  header.metadata_bytes = static_cast<std::uint32_t>(options.metadata.size());
  header.slots_offset = align_up(header.metadata_offset + header.metadata_bytes, kPage);
  header.file_bytes = align_up(header.slots_offset + header.slots * header.slot_stride, kPage);
  header.keep = options.keep;
  header.writer_slots = options.writer_slots;
  header.readers = options.readers;
  header.held_per_reader = options.held_per_reader;
  header.policy = static_cast<std::uint32_t>(options.policy);
}

Result<> check_options(const TopicName& topic, const RingOptions& options) {
  const auto bad = [&](const std::string& what) { return Error{ErrorCode::kInvalidArgument, topic.text() + ": " + what}; };
  if (options.slot_bytes == 0 || options.slot_bytes > kMaxSlotBytes)
    return bad("slots of " + std::to_string(options.slot_bytes) + " bytes; expected 1 to 2^30");
  VD_TRY(check_common_options(topic, options.readers, options.metadata));
  if (options.held_per_reader == 0 || options.held_per_reader > kMaxHeldPerReader)
    return bad(std::to_string(options.held_per_reader) + " leases per reader; expected 1 to 16");
  if (options.writer_slots == 0 || options.keep == 0) return bad("a ring keeps at least 1 record and lends at least 1 slot");
  if (options.slots() > kMaxSlots) return bad(std::to_string(options.slots()) + " slots; at most " + std::to_string(kMaxSlots));
  return {};
}

}  // namespace

std::uint64_t bytes_needed(const RingOptions& options) {
  Header wanted{};
  describe(options, wanted);
  return bytes_of_files(wanted);
}

Segment::Segment(TopicName name, RingOptions wanted, std::shared_ptr<LockFile> held)
    : WriterFiles(std::move(name), std::move(held)),
      options(std::move(wanted)),
      writer_held_(options.slots()),
      book_(options.slots(), options.keep, options.policy),
      named_(options.slots()) {
  describe(options, plan_.header);
  plan_.metadata = options.metadata;
  plan_.advice = "lower bus.readers";
}

Result<std::shared_ptr<Segment>> Segment::open(const BusDir& dir, const TopicName& topic, const RingOptions& options,
                                               std::shared_ptr<LockFile> lock) {
  VD_TRY(check_options(topic, options));
  auto segment = std::make_shared<Segment>(topic, options, std::move(lock));
  VD_TRY(segment->open_files(dir));
  segment->start_epoch();
  return segment;
}

Result<std::shared_ptr<Segment>> Segment::replace(const BusDir& dir, const RingOptions& options, Segment& old) {
  VD_TRY(check_options(old.topic, options));
  auto segment = std::make_shared<Segment>(old.topic, options, old.lock);
  VD_TRY(segment->replace_files(dir, old));
  segment->start_epoch();
  return segment;
}

bool Segment::is_sound(const Mapping& payload) const {
  const auto& header = *reinterpret_cast<const Header*>(payload.data());
  return bus::is_sound(header, {reinterpret_cast<const Descriptor*>(&header + 1), options.slots()});
}

void Segment::start_epoch() {
  Header& h = header();
  const std::uint64_t head = h.head.load(std::memory_order_acquire);
  const Inheritance found =
      inherit(head, options.slots(), [&](std::uint32_t slot) -> const Descriptor& { return descriptor(slot); });
  sequence_ = found.sequence;
  for (std::uint32_t slot = 0; slot < options.slots(); ++slot) {
    const std::uint64_t generation = descriptor(slot).generation.load(std::memory_order_relaxed);
    if (being_written(generation) || generation == 0) continue;
    last_frame_id = std::max(last_frame_id, descriptor(slot).frame_id.load(std::memory_order_relaxed));
  }
  inherit_slots();
  // A predecessor died between a slot's even generation and the head. The head must name the newest before any slot is
  // claimed: only the `keep` newest are safe, and readers that found the head's slot odd would find nothing.
  const std::uint32_t newest = head_slot(found.head);
  if (found.head != head)
    h.frame_id.store(descriptor(newest).frame_id.load(std::memory_order_relaxed), std::memory_order_relaxed);
  begin_epoch(found.head);
}

std::span<std::byte> Segment::slot_bytes(std::uint32_t slot) const {
  return {payload_.data() + header().slots_offset + slot * header().slot_stride, static_cast<std::size_t>(options.slot_bytes)};
}

// The book of a predecessor's slots, oldest record first.
void Segment::inherit_slots() {
  std::vector<std::pair<std::uint64_t, std::uint32_t>> whole;  // sequence, slot
  for (std::uint32_t slot = 0; slot < options.slots(); ++slot) {
    const std::uint64_t generation = descriptor(slot).generation.load(std::memory_order_relaxed);
    if (!being_written(generation) && generation != 0) whole.emplace_back(sequence_of(generation), slot);
  }
  std::sort(whole.begin(), whole.end());
  for (const auto& [sequence, slot] : whole) book_.publish(slot, sequence);
}

// What to leave out when choosing. relaxed: a guess, claim() has the last word.
void Segment::look_at_hazards() {
  named_.clear();
  any_named_ = false;
  const Hazards hazards = hazards_;  // a copy of its own: the compiler may keep it in registers
  const std::uint32_t readers = hazards.readers();
  for (std::uint32_t reader = 0; reader < readers; ++reader)
    for (std::uint32_t index = 0; index < hazards.held(); ++index) {
      const std::uint32_t word = hazards.word(reader, index).load(std::memory_order_relaxed);
      if (word == 0 || word > options.slots()) continue;  // anybody may write anything there
      named_.insert(word - 1);
      any_named_ = true;
    }
}

// A sweep costs a system call for each reader: while slots stay short, one a millisecond will do.
bool Segment::sweep_for_slots() {
  const std::uint64_t now = monotonic_ns();
  if (now - swept_for_slots_at_ns_ < kShortSweepEveryNs) return false;
  swept_for_slots_at_ns_ = now;
  sweep();
  return true;
}

std::uint32_t Segment::claim_slot() {
  const Hazards hazards = hazards_;
  // acquire: pairs with release_slot(); who let go of it (a decoder's thread) is done reading.
  const auto is_free = [this](std::uint32_t slot) {
    return !named_.contains(slot) && !writer_held_[slot].load(std::memory_order_acquire);
  };
  for (bool swept = false;; swept = true) {
    // Nothing was leased at the last look: then claim() alone finds out what has been since.
    if (any_named_ || swept) look_at_hazards();
    for (std::uint32_t slot; (slot = book_.best(is_free)) != kNoSlot;) {
      const bool claimed = claim(descriptor(slot), slot, hazards);
      if (claimed) book_.claim(slot);
      if (damaged()) return kNoSlot;  // the hazards just read may be the zeros of a truncated file
      if (claimed) {
        writer_held_[slot].store(true, std::memory_order_relaxed);
        return slot;
      }
      named_.insert(slot);
      any_named_ = true;
    }
    if (swept || damaged() || !sweep_for_slots()) return kNoSlot;
  }
}

void Segment::publish(std::uint32_t slot, std::uint64_t frame_id, std::size_t bytes) {
  VD_ASSERT(bytes <= options.slot_bytes && writer_held_[slot].load(std::memory_order_relaxed), "publishing what isn't on loan");
  Header& h = header();
  publish_slot(descriptor(slot), ++sequence_, frame_id, bytes);
  book_.publish(slot, sequence_);
  last_frame_id = std::max(last_frame_id, frame_id);
  h.frame_id.store(frame_id, std::memory_order_relaxed);
  add_one(h.published);
  beat_with(sequence_);
  announce(pack_head(sequence_, slot));
}

}  // namespace vedette::bus
