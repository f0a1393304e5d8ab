#include "recording/writer.h"

#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "base/clock.h"
#include "recording/hash.h"

namespace vedette::recording {
namespace {

template <typename T>
std::span<const std::byte> bytes_of(const T& value) {
  return std::as_bytes(std::span(&value, 1));
}

// All of the parts at `offset`, or errno.
int write_all(int fd, std::uint64_t offset, std::span<iovec> parts) {
  while (!parts.empty()) {
    const ssize_t written = ::pwritev(fd, parts.data(), static_cast<int>(parts.size()), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return written < 0 ? errno : ENOSPC;
    offset += static_cast<std::uint64_t>(written);
    auto left = static_cast<std::size_t>(written);
    while (!parts.empty() && left >= parts.front().iov_len) left -= parts.front().iov_len, parts = parts.subspan(1);
    if (!parts.empty()) parts.front() = {static_cast<std::byte*>(parts.front().iov_base) + left, parts.front().iov_len - left};
  }
  return 0;
}

iovec part_of(std::span<const std::byte> bytes) { return {const_cast<std::byte*>(bytes.data()), bytes.size()}; }

}  // namespace

Result<RecordingWriter> RecordingWriter::create(const std::string& path, const WriterOptions& options) {
  const int how = O_RDWR | O_CREAT | O_CLOEXEC | (options.overwrite ? O_TRUNC : O_EXCL);
  UniqueFd fd(::open(path.c_str(), how, 0640));
  if (!fd && errno == EEXIST) return Error{ErrorCode::kInvalidArgument, path + " is there already; --force overwrites it"};
  if (!fd) return errno_error(path);
  RecordingWriter writer(path, std::move(fd), options);
  const Preamble preamble{.began_at_ns = monotonic_ns(), .began_wall_ns = wall_ns()};
  std::array parts = {part_of(bytes_of(preamble))};
  if (const int error = write_all(writer.fd_.get(), 0, parts); error != 0) return errno_error(path + " can't be written", error);
  writer.end_ = writer.indexed_to_ = sizeof preamble;
  return writer;
}

Result<> RecordingWriter::append(ChunkKind kind, std::span<const std::byte> fields, std::span<const std::byte> rest,
                                 std::span<const std::byte> more) {
  static constexpr std::array<std::byte, 8> kZeros{};
  ChunkHeader header{.kind = kind, .body_bytes = fields.size() + rest.size() + more.size()};
  header.body_hash = hash_of(fields, rest, more);
  header.header_hash = hash_of(header, end_);
  const std::uint64_t padding = padded(header.body_bytes) - header.body_bytes;
  std::array parts = {part_of(bytes_of(header)), part_of(fields), part_of(rest), part_of(more),
                      part_of(std::span(kZeros).first(padding))};
  if (const int error = write_all(fd_.get(), end_, parts); error != 0) {
    // What of it came to the disk goes away again; a reader would ignore it too.
    if (::ftruncate(fd_.get(), static_cast<off_t>(end_)) != 0) return errno_error(path_ + " can't be written nor cut", error);
    return errno_error(path_ + " can't be written", error);
  }
  end_ += sizeof header + padded(header.body_bytes);
  return {};
}

Result<std::uint32_t> RecordingWriter::add_topic(const RecordedTopic& topic) {
  const std::string name = topic.name.text();
  const bus::RingOptions& options = topic.options;
  TopicFields fields{.id = topics_,
                     .name_bytes = static_cast<std::uint32_t>(name.size()),
                     .schema_id = options.schema_id,
                     .slot_bytes = options.slot_bytes,
                     .keep = options.keep,
                     .writer_slots = options.writer_slots,
                     .readers = options.readers,
                     .held_per_reader = options.held_per_reader,
                     .policy = static_cast<std::uint32_t>(options.policy),
                     .metadata_bytes = static_cast<std::uint32_t>(options.metadata.size())};
  if (topic.log) {
    fields.policy = kLogPolicy;
    fields.slot_bytes = topic.log->max_record_bytes;
    fields.keep = topic.log->index_entries;
    fields.writer_slots = static_cast<std::uint32_t>(topic.log->data_bytes / kLogUnit);
    fields.readers = topic.log->readers;
  }
  const std::uint64_t offset = end_;
  VD_TRY(append(ChunkKind::kTopic, bytes_of(fields), std::as_bytes(std::span(name)), std::as_bytes(std::span(options.metadata))));
  new_topics_.push_back(offset);
  return topics_++;
}

Result<> RecordingWriter::add(const RecordFields& fields, std::span<const std::byte> payload) {
  VD_ASSERT(fields.topic < topics_, "a record of a topic that wasn't added");
  const std::uint64_t offset = end_;
  VD_TRY(append(ChunkKind::kRecord, bytes_of(fields), payload));
  new_entries_.push_back({offset, payload.size(), fields});
  ++records_;
  missed_ += fields.missed;
  if (end_ - indexed_to_ >= options_.index_every_bytes) VD_TRY(write_index());
  return {};
}

// First what it lists, then the index: a reader needn't check the bytes in front of an index that it finds.
Result<> RecordingWriter::write_index() {
  VD_TRY(sync());
  const IndexFields fields{last_index_, static_cast<std::uint32_t>(new_topics_.size()),
                           static_cast<std::uint32_t>(new_entries_.size())};
  const std::uint64_t offset = end_;
  VD_TRY(
      append(ChunkKind::kIndex, bytes_of(fields), std::as_bytes(std::span(new_topics_)), std::as_bytes(std::span(new_entries_))));
  last_index_ = offset;
  indexed_to_ = end_;
  new_topics_.clear();
  new_entries_.clear();
  return {};
}

Result<> RecordingWriter::sync() {
  // Pipes and the like can't be synced, and needn't be.
  if (::fdatasync(fd_.get()) != 0 && errno != EINVAL && errno != EROFS) return errno_error(path_ + " can't be written");
  return {};
}

Result<> RecordingWriter::finish() {
  VD_TRY(write_index());
  const EndFields fields{last_index_, records_, missed_, monotonic_ns()};
  VD_TRY(append(ChunkKind::kEnd, bytes_of(fields), {}));
  return sync();
}

}  // namespace vedette::recording
