#include "bus/inspect.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <filesystem>

#include "bus/attachment.h"
#include "bus/files.h"
#include "bus/handshake.h"
#include "bus/layout.h"
#include "bus/log_protocol.h"

namespace vedette::bus {
namespace {

constexpr int kGlimpseAttempts = 5;

// As many of `into`'s bytes as there are behind `offset`.
std::size_t read_at(int fd, std::uint64_t offset, std::span<std::byte> into) {
  std::size_t got = 0;
  while (got < into.size()) {
    const ssize_t more = ::pread(fd, into.data() + got, into.size() - got, static_cast<off_t>(offset + got));
    if (more <= 0) break;
    got += static_cast<std::size_t>(more);
  }
  return got;
}

// A struct of the layout, read from a file: what was there at about one time.
template <typename T>
class Copy {
 public:
  bool read(int fd, std::uint64_t offset) { return read_at(fd, offset, bytes_) == bytes_.size(); }
  const T& operator*() const { return *reinterpret_cast<const T*>(bytes_.data()); }
  const T* operator->() const { return &**this; }

 private:
  alignas(T) std::array<std::byte, sizeof(T)> bytes_{};
};

Alive lock_state(int fd, std::int64_t offset) {
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  lock.l_start = offset;
  lock.l_len = 1;
  if (::fcntl(fd, F_OFD_GETLK, &lock) != 0) return Alive::kUnknown;
  return lock.l_type == F_UNLCK ? Alive::kNo : Alive::kYes;
}

Alive writer_state(int camera_fd, const std::string& lock_name) {
  const auto fd = open_file(camera_fd, lock_name, O_RDONLY);
  if (fd.ok()) return lock_state(fd->get(), 0);
  return fd.error().code == ErrorCode::kNotFound ? Alive::kNo : Alive::kUnknown;
}

FileReport look_at(int camera_fd, const std::string& name) {
  FileReport report{.name = name};
  struct stat status {};
  if (::fstatat(camera_fd, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return report;
  report.exists = true;
  report.owner = status.st_uid;
  report.mode = status.st_mode & 07777;
  report.bytes = static_cast<std::uint64_t>(status.st_blocks) * 512;
  return report;
}

struct OpenTopic {
  UniqueFd camera_fd;
  UniqueFd payload_fd;
  std::uint64_t file_bytes = 0;
  Copy<Header> header;
  Geometry geometry;
  std::optional<LogGeometry> log;

  std::uint64_t records_offset() const { return log ? log->data_offset : geometry.slots_offset; }
};

Result<OpenTopic> open_topic(const BusDir& dir, const TopicName& topic) {
  OpenTopic open;
  VD_ASSIGN(open.camera_fd, dir.camera_dir(topic.camera, false));
  auto fd = open_file(open.camera_fd.get(), topic.topic, O_RDONLY);
  if (!fd.ok()) return std::move(fd).error().in(dir.path() + "/" + topic.camera);
  open.payload_fd = std::move(fd).value();
  struct stat status {};
  if (::fstat(open.payload_fd.get(), &status) != 0) return errno_error(topic.text());
  open.file_bytes = static_cast<std::uint64_t>(status.st_size);
  if (!open.header.read(open.payload_fd.get(), 0))
    return Error{ErrorCode::kCorrupt, topic.text() + ": a file of " + std::to_string(open.file_bytes) + " bytes is no topic"};
  Copy<LogHeader> log;
  if (open.header->magic != kLogMagic || !log.read(open.payload_fd.get(), sizeof(Header))) {
    VD_ASSIGN(open.geometry, checked_geometry(*open.header, open.file_bytes, topic));
    return open;
  }
  VD_ASSIGN(open.geometry, checked_geometry(*open.header, *log, open.file_bytes, topic, open.log.emplace()));
  return open;
}

// Empty if it lies outside its place.
std::string metadata_of(const OpenTopic& open) {
  const std::uint64_t offset = open.header->metadata_offset, bytes = open.header->metadata_bytes;
  if (bytes > kMaxMetadataBytes || offset + bytes > open.records_offset()) return {};
  std::string text(bytes, '\0');
  text.resize(read_at(open.payload_fd.get(), offset, std::as_writable_bytes(std::span(text))));
  return text;
}

std::vector<ReaderReport> readers_of(const OpenTopic& open, const std::string& lease_name) {
  std::vector<ReaderReport> readers;
  const auto fd = open_file(open.camera_fd.get(), lease_name, O_RDONLY);
  Copy<LeaseHeader> header;
  const Geometry& g = open.geometry;
  if (!fd.ok() || !header.read(fd->get(), 0) || header->magic != kLeaseMagic || header->instance != g.instance) return readers;
  const std::size_t stride = header->entry_stride;
  if (stride < sizeof(LeaseEntry) + g.held_per_reader * sizeof(std::uint32_t) || stride > 4096 || stride % 64 != 0)
    return readers;
  // Aligned as in the file: Hazards then reads it as it reads a mapping.
  std::vector<std::uint64_t> words(stride * g.readers / sizeof(std::uint64_t));
  const auto bytes = std::as_writable_bytes(std::span(words));
  if (read_at(fd->get(), sizeof(LeaseHeader), bytes) != bytes.size()) return readers;
  const Hazards entries(bytes.data(), static_cast<std::uint32_t>(stride), g.readers, g.held_per_reader);
  for (std::uint32_t i = 0; i < g.readers; ++i) {
    const LeaseEntry& entry = entries.entry(i);
    ReaderReport reader{.entry = i,
                        .pid = entry.pid.load(std::memory_order_relaxed),
                        .alive = lock_state(fd->get(), kEntryLockOffset + i),
                        .demand = Demand::unpack(entry.demand.load(std::memory_order_relaxed)),
                        .taken = entry.taken.load(std::memory_order_relaxed),
                        .missed = entry.missed.load(std::memory_order_relaxed)};
    for (std::uint32_t held = 0; held < g.held_per_reader; ++held)
      if (const std::uint32_t hazard = entries.word(i, held).load(std::memory_order_relaxed); hazard != 0)
        reader.holds.push_back(hazard - 1);
    if (reader.alive == Alive::kYes || reader.pid != 0 || !reader.holds.empty()) readers.push_back(std::move(reader));
  }
  return readers;
}

// A log's index, head and tail at about one time; entries of records given up meanwhile aren't used.
struct LogIndex {
  std::vector<LogRecord> records;  // oldest first
  std::uint64_t tail = 0;          // after they were read
};

std::uint64_t tail_of(const OpenTopic& open) {
  Copy<LogHeader> log;
  // Behind the entries or data read before, as still_there(): the fence keeps the kernel's copying, which this CPU does, in
  // order.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  return log.read(open.payload_fd.get(), sizeof(Header)) ? log->tail.load(std::memory_order_relaxed) : ~0ull;
}

LogIndex log_index(const OpenTopic& open) {
  LogIndex index;
  Copy<Header> header;
  const std::uint64_t entries = open.log->index_entries, tail = std::max<std::uint64_t>(1, tail_of(open));
  if (!header.read(open.payload_fd.get(), 0)) return index;
  const std::uint64_t head = head_sequence(header->head.load(std::memory_order_relaxed));
  std::atomic_thread_fence(std::memory_order_seq_cst);
  std::vector<LogEntry> copies(entries);
  const auto bytes = std::as_writable_bytes(std::span(copies));
  if (tail > head || head - tail >= entries || read_at(open.payload_fd.get(), open.log->index_offset, bytes) != bytes.size())
    return index;
  index.tail = tail_of(open);
  for (std::uint64_t sequence = std::max(tail, index.tail); sequence <= head; ++sequence)
    index.records.push_back(copy_entry(copies[sequence & (entries - 1)], sequence));
  return index;
}

LogSpan span_in(const LogIndex& index) {
  if (index.records.empty()) return {};
  const LogRecord &oldest = index.records.front(), &newest = index.records.back();
  LogSpan span{.records = index.records.size(),
               .bytes = newest.position + words_of(newest.bytes) * kWord - oldest.position,
               .newest_at_ns = newest.at_ns};
  const auto keyframe = std::find_if(index.records.begin(), index.records.end(), [](const auto& r) { return r.keyframe; });
  if (keyframe != index.records.end()) span.oldest_at_ns = keyframe->at_ns;
  return span;
}

Glimpse glimpse_of_log(const OpenTopic& open, std::size_t most) {
  const LogGeometry& log = *open.log;
  for (int attempt = 0; attempt < kGlimpseAttempts; ++attempt) {
    const LogIndex index = log_index(open);
    if (index.records.empty()) return {};
    const LogRecord& newest = index.records.back();
    Glimpse seen{newest.sequence, newest.frame_id, std::min(newest.bytes, log.max_record_bytes), {}};
    seen.bytes.resize(std::min<std::uint64_t>(most, seen.record_bytes));
    const std::uint64_t at = newest.position / kWord % (log.data_bytes / kWord) * kWord;
    const std::span<std::byte> all(seen.bytes), first = all.first(std::min<std::uint64_t>(all.size(), log.data_bytes - at));
    const std::span<std::byte> rest = all.subspan(first.size());
    if (read_at(open.payload_fd.get(), log.data_offset + at, first) != first.size() ||
        read_at(open.payload_fd.get(), log.data_offset, rest) != rest.size())
      return {};
    if (tail_of(open) <= newest.sequence) return seen;
  }
  return {};
}

}  // namespace

std::size_t TopicReport::held_slots() const {
  std::size_t held = 0;
  for (const ReaderReport& reader : readers) held += reader.holds.size();
  return held;
}

Result<TopicReport> inspect(const BusDir& dir, const TopicName& topic) {
  VD_ASSIGN(const OpenTopic open, open_topic(dir, topic));
  const Header& h = *open.header;
  const int camera_fd = open.camera_fd.get();
  TopicReport report{.topic = topic, .layout_version = h.layout_version};
  report.options = RingOptions{.schema_id = h.schema_id,
                               .slot_bytes = h.slot_bytes,
                               .keep = h.keep,
                               .writer_slots = h.writer_slots,
                               .readers = h.readers,
                               .held_per_reader = h.held_per_reader,
                               .policy = h.policy == 0 ? SlotPolicy::kLowestFree : SlotPolicy::kOldestFirst,
                               .metadata = metadata_of(open)};
  if (open.log) {
    report.log = LogOptions{.schema_id = h.schema_id,
                            .data_bytes = open.log->data_bytes,
                            .index_entries = open.log->index_entries,
                            .max_record_bytes = open.log->max_record_bytes,
                            .readers = h.readers,
                            .metadata = report.options.metadata};
    report.span = span_in(log_index(open));
  }
  report.file_bytes = open.file_bytes;
  report.retired = h.retired.load(std::memory_order_relaxed) != 0;
  report.stats = stats_of(h);
  report.sequence = head_sequence(h.head.load(std::memory_order_relaxed));
  const std::string lease_name = topic.topic + std::string(kLeaseSuffix), lock_name = topic.topic + std::string(kLockSuffix);
  report.payload = look_at(camera_fd, topic.topic);
  report.leases = look_at(camera_fd, lease_name);
  report.lock = look_at(camera_fd, lock_name);
  report.writer = writer_state(camera_fd, lock_name);
  report.readers = readers_of(open, lease_name);
  return report;
}

Result<Glimpse> glimpse(const BusDir& dir, const TopicName& topic, std::size_t most) {
  VD_ASSIGN(const OpenTopic open, open_topic(dir, topic));
  if (open.log) return glimpse_of_log(open, most);
  const int fd = open.payload_fd.get();
  for (int attempt = 0; attempt < kGlimpseAttempts; ++attempt) {
    Copy<Header> header;
    if (!header.read(fd, 0)) break;
    const std::uint32_t slot = head_slot(header->head.load(std::memory_order_relaxed));
    if (slot >= open.geometry.slots) break;
    Copy<Descriptor> before, after;
    const std::uint64_t at = sizeof(Header) + slot * sizeof(Descriptor);
    if (!before.read(fd, at)) break;
    const std::uint64_t generation = before->generation.load(std::memory_order_relaxed);
    if (generation == 0) break;
    if (being_written(generation)) continue;
    Glimpse seen{.sequence = sequence_of(generation)};
    // A sequence lock's reader: the copy is good if the generation is the same before and after. The fences keep the kernel's
    // copying, which this CPU does, between the two looks.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    seen.frame_id = before->frame_id.load(std::memory_order_relaxed);
    seen.record_bytes = std::min(before->bytes.load(std::memory_order_relaxed), open.geometry.slot_bytes);
    seen.bytes.resize(std::min<std::uint64_t>(most, seen.record_bytes));
    const std::uint64_t from = open.geometry.slots_offset + slot * open.geometry.slot_stride;
    if (read_at(fd, from, seen.bytes) != seen.bytes.size()) break;
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (after.read(fd, at) && after->generation.load(std::memory_order_relaxed) == generation) return seen;
  }
  return Glimpse{};
}

std::vector<std::string> stray_files(const BusDir& dir) {
  namespace fs = std::filesystem;
  std::vector<std::string> stray;
  std::error_code gone;
  for (fs::directory_iterator camera(dir.path(), gone), end; !gone && camera != end; camera.increment(gone)) {
    if (!camera->is_directory(gone) || camera->is_symlink(gone)) continue;
    for (fs::directory_iterator file(camera->path(), gone), last; !gone && file != last; file.increment(gone)) {
      std::string name = file->path().filename();
      const std::string shown = camera->path().filename().string() + "/" + name;
      for (const std::string_view suffix : {kLeaseSuffix, kLockSuffix})
        if (name.ends_with(suffix)) name.resize(name.size() - suffix.size());
      if (!file->is_regular_file(gone) || file->is_symlink(gone) || !TopicName::make("x", name).ok()) stray.push_back(shown);
    }
    gone.clear();
  }
  std::sort(stray.begin(), stray.end());
  return stray;
}

}  // namespace vedette::bus
