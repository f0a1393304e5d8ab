#include "bus/segment.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>

#include "bus/doorbell.h"
#include "bus/files.h"
#include "bus/futex.h"

namespace vedette::bus {
namespace {

constexpr std::uint64_t kSweepEveryNs = 1'000'000'000;
constexpr std::uint64_t kPublicationsPerBeat = 8;  // at 30 a second it says so four times a second
constexpr std::uint64_t kShortSweepEveryNs = 1'000'000;
constexpr std::size_t kPage = 4096;
constexpr unsigned kPayloadMode = 0640, kLeaseMode = 0660;
constexpr std::size_t kHugePage = 2u << 20;
#ifndef MADV_COLLAPSE
constexpr int MADV_COLLAPSE = 25;  // Linux 6.1
#endif

constexpr std::uint64_t align_up(std::uint64_t bytes, std::uint64_t to) { return (bytes + to - 1) / to * to; }

std::uint32_t entry_stride(std::uint32_t held) {
  return static_cast<std::uint32_t>(align_up(sizeof(LeaseEntry) + held * sizeof(std::uint32_t), 64));
}

std::uint64_t lease_file_bytes(const RingOptions& options) {
  return align_up(sizeof(LeaseHeader) + std::uint64_t{options.readers} * entry_stride(options.held_per_reader), kPage);
}

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

// Are all values but `instance` equal?
bool same_geometry(const Header& a, const Header& b) {
  return a.magic == b.magic && a.layout_version == b.layout_version && a.slots == b.slots && a.schema_id == b.schema_id &&
         a.slot_bytes == b.slot_bytes && a.slot_stride == b.slot_stride && a.slots_offset == b.slots_offset &&
         a.file_bytes == b.file_bytes && a.metadata_offset == b.metadata_offset && a.metadata_bytes == b.metadata_bytes &&
         a.keep == b.keep && a.writer_slots == b.writer_slots && a.readers == b.readers &&
         a.held_per_reader == b.held_per_reader && a.policy == b.policy;
}

// Is it the lease file of the payload file with this `instance`?
bool fits(const LeaseHeader& header, const RingOptions& options, std::uint64_t instance) {
  return header.magic == kLeaseMagic && header.layout_version == kLayoutVersion && header.instance == instance &&
         header.readers == options.readers && header.held_per_reader == options.held_per_reader &&
         header.entry_stride == entry_stride(options.held_per_reader);
}

void retire_files(Header& header) {
  header.retired.store(1, std::memory_order_seq_cst);
  // Whatever `waiters` says: that is in the lease file, which may be damaged. A reader looks at `retired` as it does at the head.
  ring_doorbell(header.doorbell);
  futex_wake_all(header.doorbell);
}

Result<> check_options(const TopicName& topic, const RingOptions& options) {
  const auto bad = [&](const std::string& what) { return Error{ErrorCode::kInvalidArgument, topic.text() + ": " + what}; };
  if (options.slot_bytes == 0 || options.slot_bytes > kMaxSlotBytes)
    return bad("slots of " + std::to_string(options.slot_bytes) + " bytes; expected 1 to 2^30");
  if (options.readers == 0 || options.readers > kMaxReaders)
    return bad(std::to_string(options.readers) + " readers; expected 1 to 256");
  if (options.held_per_reader == 0 || options.held_per_reader > kMaxHeldPerReader)
    return bad(std::to_string(options.held_per_reader) + " leases per reader; expected 1 to 16");
  if (options.writer_slots == 0 || options.keep == 0) return bad("a ring keeps at least 1 record and lends at least 1 slot");
  if (options.slots() > kMaxSlots) return bad(std::to_string(options.slots()) + " slots; at most " + std::to_string(kMaxSlots));
  if (options.metadata.size() > kMaxMetadataBytes)
    return bad("metadata of " + std::to_string(options.metadata.size()) + " bytes; at most " + std::to_string(kMaxMetadataBytes));
  return {};
}

std::uint64_t random_word() {
  std::uint64_t word = 0;
  if (::getrandom(&word, sizeof word, 0) != sizeof word) word = monotonic_ns();
  return word | 1;
}

std::string megabytes(std::uint64_t bytes) { return std::to_string((bytes + (1u << 20) - 1) >> 20) + " MiB"; }

}  // namespace

std::uint64_t bytes_needed(const RingOptions& options) {
  Header wanted{};
  describe(options, wanted);
  return wanted.file_bytes + lease_file_bytes(options) + kPage;  // the lock file holds a pid
}

Result<std::shared_ptr<Segment>> Segment::open(const BusDir& dir, const TopicName& topic, const RingOptions& options,
                                               std::shared_ptr<LockFile> lock) {
  VD_TRY(check_options(topic, options));
  auto segment = std::make_shared<Segment>(topic, options, std::move(lock));
  VD_ASSIGN(segment->camera_fd_, dir.camera_dir(topic.camera, true));
  unlink_interim(segment->camera_fd_.get(), topic.topic);
  Mapping stale;
  VD_ASSIGN(segment->took_over, segment->take_over(stale));
  segment->last_frame_id = newest_frame_id(stale);
  if (!segment->took_over) VD_TRY(segment->create(dir));
  if (stale.data() != nullptr) segment->succeed(*reinterpret_cast<Header*>(stale.data()));
  segment->header().epoch.fetch_add(1, std::memory_order_relaxed);
  segment->start_epoch();
  return segment;
}

Result<std::shared_ptr<Segment>> Segment::replace(const BusDir& dir, const RingOptions& options, Segment& old) {
  VD_TRY(check_options(old.topic, options));
  auto segment = std::make_shared<Segment>(old.topic, options, old.lock);
  VD_ASSIGN(segment->camera_fd_, dir.camera_dir(old.topic.camera, true));
  segment->last_frame_id = old.last_frame_id;
  VD_TRY(segment->create(dir));
  segment->succeed(old.header());
  segment->start_epoch();
  return segment;
}

// The old files' counters go on in the new ones, which have the name by now: readers of the old may look for them.
void Segment::succeed(Header& old) {
  Header& h = header();
  last_frame_id = std::max(last_frame_id, old.frame_id.load(std::memory_order_relaxed));
  h.epoch.store(old.epoch.load(std::memory_order_relaxed), std::memory_order_relaxed);
  h.published.store(old.published.load(std::memory_order_relaxed), std::memory_order_relaxed);
  h.dropped.store(old.dropped.load(std::memory_order_relaxed), std::memory_order_relaxed);
  retire_files(old);
}

Result<bool> Segment::take_over(Mapping& stale) {
  const auto payload_fd = open_file(camera_fd_.get(), topic.topic, O_RDWR);
  if (!payload_fd.ok()) return false;
  struct stat payload_stat {};
  if (::fstat(payload_fd->get(), &payload_stat) != 0) return errno_error(topic.text());
  if (payload_stat.st_uid != ::geteuid())
    return Error{ErrorCode::kPermissionDenied, topic.text() + ": its files belong to another user"};
  Header wanted{};
  describe(options, wanted);
  if (static_cast<std::uint64_t>(payload_stat.st_size) < sizeof(Header) || has_holes(payload_stat)) return false;
  // A second name may be another topic's, with a writer of its own: neither used nor marked retired.
  if (!is_own_file(payload_stat, kPayloadMode) || payload_stat.st_nlink != 1) return false;
  VD_ASSIGN(Mapping payload,
            Mapping::map(payload_fd->get(), static_cast<std::size_t>(payload_stat.st_size), Mapping::Access::kReadWrite, true));
  Header& found = *reinterpret_cast<Header*>(payload.data());
  if (found.magic != kPayloadMagic || found.layout_version != kLayoutVersion) return false;
  const bool whole = same_geometry(found, wanted) && found.file_bytes == static_cast<std::uint64_t>(payload_stat.st_size) &&
                     std::memcmp(payload.data() + found.metadata_offset, options.metadata.data(), options.metadata.size()) == 0 &&
                     found.retired.load(std::memory_order_acquire) == 0 &&
                     is_sound(found, {reinterpret_cast<const Descriptor*>(&found + 1), wanted.slots});
  if (whole) {
    VD_ASSIGN(const bool adopted, take_over_leases(found.instance));
    if (adopted) {
      payload_ = std::move(payload);
      return true;
    }
  }
  stale = std::move(payload);
  return false;
}

// False: the lease file isn't there, was damaged, or doesn't belong to the payload file.
Result<bool> Segment::take_over_leases(std::uint64_t instance) {
  const std::string name = topic.topic + std::string(kLeaseSuffix);
  const auto leases_fd = open_file(camera_fd_.get(), name, O_RDWR);
  auto entry_fd = open_file(camera_fd_.get(), name, O_RDWR);
  struct stat status {};
  if (!leases_fd.ok() || !entry_fd.ok() || ::fstat(leases_fd->get(), &status) != 0) return false;
  if (static_cast<std::uint64_t>(status.st_size) != lease_file_bytes(options) || !is_own_file(status, kLeaseMode)) return false;
  VD_ASSIGN(Mapping leases, Mapping::map(leases_fd->get(), lease_file_bytes(options), Mapping::Access::kReadWrite, true));
  if (!fits(*reinterpret_cast<const LeaseHeader*>(leases.data()), options, instance)) return false;
  adopt_leases(std::move(leases), std::move(entry_fd).value());
  return true;
}

Result<> Segment::create(const BusDir& dir) {
  Header wanted{};
  describe(options, wanted);
  const std::uint64_t needed = bytes_needed(options);
  if (const std::uint64_t free = dir.free_bytes(); free < needed)
    return Error{ErrorCode::kResourceExhausted, topic.text() + ": needs " + megabytes(needed) + " in " + dir.path() +
                                                    ", but only " + megabytes(free) +
                                                    " are free; enlarge the tmpfs or the memory limit, or lower bus.readers"};
  VD_ASSIGN(const UniqueFd payload_fd, create_file(camera_fd_.get(), wanted.file_bytes, kPayloadMode));
  VD_ASSIGN(const UniqueFd leases_fd, create_file(camera_fd_.get(), lease_file_bytes(options), kLeaseMode));
  VD_ASSIGN(Mapping payload, Mapping::map(payload_fd.get(), wanted.file_bytes, Mapping::Access::kReadWrite, true));
  VD_ASSIGN(Mapping leases, Mapping::map(leases_fd.get(), lease_file_bytes(options), Mapping::Access::kReadWrite, true));
  // Huge pages, where the kernel grants them: a picture is copied in a sixth faster, readers map it in a thirtieth of the time.
  // A no changes nothing.
  if (wanted.file_bytes >= kHugePage) ::madvise(payload.data(), payload.size(), MADV_COLLAPSE);

  auto& header = *reinterpret_cast<Header*>(payload.data());
  describe(options, header);
  header.instance = random_word();
  // Before the files have their name: whoever takes them over, even if nothing is ever published here, goes on with these ids.
  header.frame_id.store(last_frame_id, std::memory_order_relaxed);
  if (!options.metadata.empty())
    std::memcpy(payload.data() + header.metadata_offset, options.metadata.data(), options.metadata.size());
  auto& lease_header = *reinterpret_cast<LeaseHeader*>(leases.data());
  lease_header.magic = kLeaseMagic;
  lease_header.layout_version = kLayoutVersion;
  lease_header.readers = options.readers;
  lease_header.instance = header.instance;
  lease_header.held_per_reader = options.held_per_reader;
  lease_header.entry_stride = entry_stride(options.held_per_reader);

  // Leases first: who finds the payload finds its leases.
  const std::string leases_name = topic.topic + std::string(kLeaseSuffix);
  VD_TRY(name_file(leases_fd.get(), camera_fd_.get(), leases_name));
  VD_TRY(name_file(payload_fd.get(), camera_fd_.get(), topic.topic));
  // Opened through the file itself, not its name: nobody can have put another there. A mapped description can't hold locks.
  VD_ASSIGN(UniqueFd entry_fd, [&]() -> Result<UniqueFd> {
    UniqueFd again(::open(("/proc/self/fd/" + std::to_string(leases_fd.get())).c_str(), O_RDWR | O_CLOEXEC));
    if (!again) return errno_error(topic.text() + ": lease file");
    return again;
  }());
  payload_ = std::move(payload);
  adopt_leases(std::move(leases), std::move(entry_fd));
  return {};
}

void Segment::adopt_leases(Mapping leases, UniqueFd lock_fd) {
  leases_ = std::move(leases);
  entry_locks_ = LockFile(std::move(lock_fd));
  hazards_ = Hazards(leases_.data() + sizeof(LeaseHeader), entry_stride(options.held_per_reader), options.readers,
                     options.held_per_reader, &lease_header().entries_used);
}

void Segment::start_epoch() {
  Header& h = header();
  const std::uint64_t head = h.head.load(std::memory_order_acquire);
  const Inheritance found =
      inherit(head, options.slots(), [&](std::uint32_t slot) -> const Descriptor& { return descriptor(slot); });
  sequence_ = found.sequence;
  last_frame_id = std::max(last_frame_id, h.frame_id.load(std::memory_order_relaxed));
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
  // Rings whatever `waiters` says: it may have died after it cleared that and before the wake.
  if (!announce_record(h.head, h.doorbell, lease_header().waiters, found.head)) ring_doorbell(h.doorbell);
  futex_wake_all(h.doorbell);
  h.writer_pid.store(::getpid(), std::memory_order_relaxed);
  h.beat_at_ns.store(monotonic_ns(), std::memory_order_relaxed);
  sweep();
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
  // For writers that publish and forget beat(): the clock costs as much as the rest of this function.
  if (sequence_ % kPublicationsPerBeat == 0) h.beat_at_ns.store(coarse_monotonic_ns(), std::memory_order_relaxed);
  announce(sequence_, slot);
}

void Segment::announce(std::uint64_t sequence, std::uint32_t slot) {
  Header& h = header();
  if (announce_record(h.head, h.doorbell, lease_header().waiters, pack_head(sequence, slot))) futex_wake_all(h.doorbell);
}

void Segment::sweep() {
  swept_at_ns_ = monotonic_ns();
  bool cleared = false;
  for (std::uint32_t reader = 0; reader < options.readers; ++reader) {
    LeaseEntry& entry = hazards_.entry(reader);
    bool used = entry.pid.load(std::memory_order_relaxed) != 0 || entry.demand.load(std::memory_order_relaxed) != 0;
    for (std::uint32_t i = 0; i < hazards_.held() && !used; ++i)
      used = hazards_.word(reader, i).load(std::memory_order_relaxed) != 0;
    // Under its lock only: a reader that comes to life right now must not lose its first lease.
    if (!used || !entry_locks_.try_lock(kEntryLockOffset + reader)) continue;
    clear_hazards(hazards_, reader);
    entry.demand.store(0, std::memory_order_relaxed);
    entry.pid.store(0, std::memory_order_release);
    entry_locks_.unlock(kEntryLockOffset + reader);
    cleared = true;
  }
  if (cleared) lease_header().demand_sequence.fetch_add(1, std::memory_order_seq_cst);
  // Scribbled over, or cut within a page: readers of now go on, but nobody could attach any more.
  struct stat status {};
  const bool whole =
      ::fstat(entry_locks_.fd(), &status) == 0 && static_cast<std::uint64_t>(status.st_size) == lease_file_bytes(options);
  if (!whole || !fits(lease_header(), options, header().instance)) damaged_ = true;
}

void Segment::beat() {
  const std::uint64_t now = monotonic_ns();
  header().beat_at_ns.store(now, std::memory_order_relaxed);
  if (now - swept_at_ns_ >= kSweepEveryNs) sweep();
}

void Segment::remove() {
  unlink_topic(camera_fd_.get(), topic.topic);
  retire_files(header());
}

Demand Segment::demand() const {
  Demand most;
  for (std::uint32_t reader = 0; reader < options.readers; ++reader)
    most = Demand::maximum(most, Demand::unpack(hazards_.entry(reader).demand.load(std::memory_order_acquire)));
  return most;
}

bool Segment::wait_demand(Nanoseconds timeout) {
  const std::atomic<std::uint32_t>& word = demand_sequence();
  const std::uint64_t start = monotonic_ns();
  Nanoseconds left = timeout;
  // More than once: a signal ends a futex's sleep.
  while (word.load(std::memory_order_seq_cst) == seen_demand_sequence_ &&
         futex_wait(word, seen_demand_sequence_, left) == FutexEnd::kWoken)
    left = timeout - Nanoseconds(age_ns(start));
  const std::uint32_t now = word.load(std::memory_order_seq_cst);
  return std::exchange(seen_demand_sequence_, now) != now;
}

}  // namespace vedette::bus
