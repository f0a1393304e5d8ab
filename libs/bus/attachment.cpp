#include "bus/attachment.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <bit>
#include <thread>

#include "bus/files.h"
#include "bus/futex.h"

namespace vedette::bus {
namespace {

constexpr int kEntryAttempts = 5;
// No lease file is larger; mapping prefaults it, and any group reader may make it as long as it likes.
constexpr std::uint64_t kMaxLeaseFileBytes = 1u << 20;

Error bad_file(const TopicName& topic, const std::string& what) { return Error{ErrorCode::kCorrupt, topic.text() + ": " + what}; }

Result<> check_kind(const Header& header, TopicKind kind, const TopicName& topic) {
  if (header.magic != kPayloadMagic && header.magic != kLogMagic)
    return bad_file(topic, "not a topic of this bus (wrong magic number)");
  if (header.layout_version != kLayoutVersion)
    return Error{ErrorCode::kIncompatible, topic.text() + ": written with layout version " +
                                               std::to_string(header.layout_version) + ", this program reads version " +
                                               std::to_string(kLayoutVersion) + "; use programs of one release"};
  if (kind == TopicKind::kRing && header.magic == kLogMagic)
    return Error{ErrorCode::kIncompatible,
                 topic.text() + ": is a log (records copied out, with history); this program expects a ring"};
  if (kind == TopicKind::kLog && header.magic == kPayloadMagic)
    return Error{ErrorCode::kIncompatible, topic.text() + ": is a ring (records read in place); this program expects a log"};
  return {};
}

}  // namespace

Result<Geometry> checked_geometry(const Header& header, std::uint64_t file_bytes, const TopicName& topic) {
  VD_TRY(check_kind(header, TopicKind::kRing, topic));
  const Geometry g{header.slots,   header.slot_bytes,      header.slot_stride, header.slots_offset,
                   header.readers, header.held_per_reader, header.instance,    header.schema_id};
  const std::uint64_t descriptors_end = sizeof(Header) + std::uint64_t{g.slots} * sizeof(Descriptor);
  const bool good = g.slots >= 1 && g.slots <= kMaxSlots && g.slot_bytes >= 1 && g.slot_bytes <= kMaxSlotBytes &&
                    g.slot_stride >= g.slot_bytes && g.slot_stride <= 2 * kMaxSlotBytes && g.slot_stride % 64 == 0 &&
                    g.slots_offset >= descriptors_end && g.slots_offset % 64 == 0 && g.slots_offset <= file_bytes &&
                    g.slots * g.slot_stride <= file_bytes - g.slots_offset && g.readers >= 1 && g.readers <= kMaxReaders &&
                    g.held_per_reader >= 1 && g.held_per_reader <= kMaxHeldPerReader;
  if (!good)
    return bad_file(topic, "its header describes slots that do not fit its file of " + std::to_string(file_bytes) + " bytes");
  return g;
}

Result<Geometry> checked_geometry(const Header& header, const LogHeader& log, std::uint64_t file_bytes, const TopicName& topic,
                                  LogGeometry& checked) {
  VD_TRY(check_kind(header, TopicKind::kLog, topic));
  const LogGeometry l{log.max_record_bytes, log.data_bytes, log.data_offset, log.index_offset, log.index_entries};
  const Geometry g{.readers = header.readers, .instance = header.instance, .schema_id = header.schema_id};
  const bool index_good = l.index_entries >= kMinIndexEntries && l.index_entries <= kMaxIndexEntries &&
                          std::has_single_bit(l.index_entries) && l.index_offset >= sizeof(Header) + sizeof(LogHeader) &&
                          l.index_offset % 64 == 0 && l.index_offset <= l.data_offset &&
                          l.index_entries * sizeof(LogEntry) <= l.data_offset - l.index_offset;
  const bool data_good = l.data_bytes >= 64 && l.data_bytes <= kMaxLogBytes && l.data_bytes % 64 == 0 &&
                         l.max_record_bytes >= 1 && l.max_record_bytes <= kMaxSlotBytes &&
                         l.max_record_bytes <= l.data_bytes / 2 && l.data_offset % 64 == 0 && l.data_offset <= file_bytes &&
                         l.data_bytes <= file_bytes - l.data_offset;
  if (!index_good || !data_good || g.readers < 1 || g.readers > kMaxReaders || header.held_per_reader != 0)
    return bad_file(topic, "its header describes a log that does not fit its file of " + std::to_string(file_bytes) + " bytes");
  checked = l;
  return g;
}

std::int64_t slept_ns() { return static_cast<std::int64_t>(boottime_ns()) - static_cast<std::int64_t>(monotonic_ns()); }

Result<std::shared_ptr<Attachment>> Attachment::attach(const BusDir& dir, const TopicName& topic, std::uint64_t schema_id,
                                                       Demand demand, TopicKind kind) {
  VD_ASSIGN(auto made, map(dir, topic, schema_id, kind));
  VD_TRY(made->take_entry(topic));
  // Looked at last: after this, a retirement is seen by the next take.
  if (made->retired()) return Error{ErrorCode::kNotFound, topic.text() + ": being replaced"};
  made->attached_at_sequence = head_sequence(made->header().head.load(std::memory_order_acquire));
  made->set_demand(demand);
  return made;
}

Result<std::shared_ptr<Attachment>> Attachment::attach_to_wait(const BusDir& dir, const TopicName& topic, std::uint64_t schema_id,
                                                               TopicKind kind) {
  return map(dir, topic, schema_id, kind);
}

Result<std::shared_ptr<Attachment>> Attachment::map(const BusDir& dir, const TopicName& topic, std::uint64_t schema_id,
                                                    TopicKind kind) {
  auto made = std::make_shared<Attachment>(kind);
  VD_ASSIGN(made->camera_fd_, dir.camera_dir(topic.camera, false));
  VD_TRY(made->map_payload(made->camera_fd_.get(), topic, schema_id));
  VD_TRY(made->map_leases(made->camera_fd_.get(), topic));
  made->name_ = topic.topic;
  made->slept_ns = vedette::bus::slept_ns();
  return made;
}

Result<> Attachment::map_payload(int camera_fd, const TopicName& topic, std::uint64_t schema_id) {
  VD_ASSIGN(const UniqueFd fd, open_file(camera_fd, topic.topic, O_RDONLY));
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return errno_error(topic.text());
  const auto bytes = static_cast<std::uint64_t>(status.st_size);
  if (bytes < sizeof(Header)) return bad_file(topic, "a file of " + std::to_string(bytes) + " bytes is no topic");
  if (has_holes(status))
    return bad_file(topic, "its file has holes: reading it would take memory that the writer never paid for");
  VD_ASSIGN(payload_, Mapping::map(fd.get(), bytes, Mapping::Access::kRead, true));
  inode_ = status.st_ino;

  const Header& h = header();
  if (kind_ == TopicKind::kLog && bytes < sizeof(Header) + sizeof(LogHeader)) {
    VD_TRY(check_kind(h, kind_, topic));
    return bad_file(topic, "a file of " + std::to_string(bytes) + " bytes is no log");
  }
  VD_ASSIGN(geometry_, kind_ == TopicKind::kRing
                           ? checked_geometry(h, bytes, topic)
                           : checked_geometry(h, reinterpret_cast<const LogHeader&>(*(&h + 1)), bytes, topic, log_));
  if (schema_id != kAnySchema && geometry_.schema_id != schema_id)
    return Error{ErrorCode::kIncompatible, topic.text() + ": carries schema " + std::to_string(geometry_.schema_id) +
                                               ", this program expects schema " + std::to_string(schema_id)};
  const std::uint64_t metadata_offset = h.metadata_offset, metadata_bytes = h.metadata_bytes;
  const std::uint64_t records = kind_ == TopicKind::kRing ? geometry_.slots_offset : log_.data_offset;
  if (metadata_bytes > kMaxMetadataBytes || metadata_offset + metadata_bytes > records)
    return bad_file(topic, "its metadata lies outside its place");
  metadata_.assign(reinterpret_cast<const char*>(payload_.data() + metadata_offset), metadata_bytes);
  return {};
}

Result<> Attachment::map_leases(int camera_fd, const TopicName& topic) {
  const std::string name = topic.topic + std::string(kLeaseSuffix);
  VD_ASSIGN(const UniqueFd fd, open_file(camera_fd, name, O_RDWR));
  VD_ASSIGN(UniqueFd own, open_file(camera_fd, name, O_RDWR));
  struct stat status {
  }, own_status{};
  if (::fstat(fd.get(), &status) != 0 || ::fstat(own.get(), &own_status) != 0) return errno_error(topic.text());
  if (static_cast<std::uint64_t>(status.st_size) < sizeof(LeaseHeader)) return bad_file(topic, "its lease file is too short");
  if (static_cast<std::uint64_t>(status.st_size) > kMaxLeaseFileBytes) return bad_file(topic, "its lease file is too long");
  VD_ASSIGN(leases_, Mapping::map(fd.get(), static_cast<std::size_t>(status.st_size), Mapping::Access::kReadWrite, true));
  const LeaseHeader& h = lease_header();
  if (h.magic != kLeaseMagic || h.layout_version != kLayoutVersion)
    return bad_file(topic, "its lease file is not one of this bus");
  // The writer replaces both files one after the other: the pair may be mixed for a moment.
  if (h.instance != geometry_.instance || status.st_ino != own_status.st_ino)
    return Error{ErrorCode::kNotFound, topic.text() + ": being replaced"};
  const std::uint64_t stride = h.entry_stride;
  if (h.readers != geometry_.readers || h.held_per_reader != geometry_.held_per_reader || stride % 64 != 0 ||
      stride < sizeof(LeaseEntry) + geometry_.held_per_reader * sizeof(std::uint32_t) ||
      sizeof(LeaseHeader) + stride * geometry_.readers > leases_.size())
    return bad_file(topic, "its lease file does not fit its header");
  hazards_ = Hazards(leases_.data() + sizeof(LeaseHeader), static_cast<std::uint32_t>(stride), geometry_.readers,
                     geometry_.held_per_reader, &lease_header().entries_used);
  entry_lock_ = LockFile(std::move(own));
  return {};
}

Result<> Attachment::take_entry(const TopicName& topic) {
  // More than one round: the writer's sweep holds a dead reader's lock for a moment.
  for (int attempt = 0; attempt < kEntryAttempts; ++attempt) {
    for (reader_ = 0; reader_ < geometry_.readers; ++reader_) {
      if (!entry_lock_.try_lock(kEntryLockOffset + reader_)) continue;
      // What a dead predecessor held is free now: its lock has fallen, and it is ours.
      for (std::uint32_t i = 0; i < geometry_.held_per_reader; ++i) hazard(i).store(0, std::memory_order_release);
      hazards_.entry(reader_).missed.store(0, std::memory_order_relaxed);
      hazards_.entry(reader_).taken.store(0, std::memory_order_relaxed);
      hazards_.entry(reader_).pid.store(::getpid(), std::memory_order_relaxed);
      hazards_.use(reader_);
      has_entry_ = true;
      return {};
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return Error{ErrorCode::kResourceExhausted,
               topic.text() + ": all " + std::to_string(geometry_.readers) + " reader entries are taken; raise bus.readers"};
}

Attachment::~Attachment() {
  if (!has_entry_ || entry_lock_.fd() < 0) return;  // in a forked child the lock is not there
  set_demand({});
  hazards_.entry(reader_).pid.store(0, std::memory_order_release);
}

std::span<const std::byte> Attachment::slot_bytes(std::uint32_t slot, std::uint64_t bytes) const {
  return {payload_.data() + geometry_.slots_offset + slot * geometry_.slot_stride,
          static_cast<std::size_t>(std::min(bytes, geometry_.slot_bytes))};
}

std::uint32_t Attachment::free_hazard() const {
  std::uint32_t index = 0;
  // acquire: pairs with release(); the hazard was cleared before it is set again.
  while (index < geometry_.held_per_reader && used_hazards_[index].load(std::memory_order_acquire)) ++index;
  return index;
}

void Attachment::release(std::uint32_t index) {
  if (entry_lock_.fd() >= 0) unpin(hazard(index));  // in a forked child neither lock nor mapping is there
  used_hazards_[index].store(false, std::memory_order_release);
}

void Attachment::show_taken(std::uint64_t sequence, std::uint64_t missed) {
  LeaseEntry& entry = hazards_.entry(reader_);
  // relaxed: for people, no decision about memory depends on them; a reader is the one writer of its entry.
  if (missed != 0)
    entry.missed.store(entry.missed.load(std::memory_order_relaxed) + static_cast<std::uint32_t>(missed),
                       std::memory_order_relaxed);
  entry.taken.store(sequence, std::memory_order_relaxed);
}

void Attachment::set_demand(const Demand& demand) {
  const std::uint64_t word = demand.pack();
  if (hazards_.entry(reader_).demand.exchange(word, std::memory_order_acq_rel) == word) return;
  std::atomic<std::uint32_t>& sequence = lease_header().demand_sequence;
  sequence.fetch_add(1, std::memory_order_seq_cst);
  futex_wake_all(sequence);
}

bool Attachment::replaced() const {
  struct stat status {};
  return retired() || ::fstatat(camera_fd_.get(), name_.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0 || status.st_ino != inode_;
}

}  // namespace vedette::bus
