#include "recording/reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "bus/layout.h"
#include "recording/hash.h"

namespace vedette::recording {
namespace {

constexpr std::uint64_t kMaxBodyBytes = bus::kMaxSlotBytes + sizeof(RecordFields);
constexpr std::size_t kMaxNameBytes = 64;

template <typename T>
std::span<std::byte> bytes_of(T& value) {
  return std::as_writable_bytes(std::span(&value, 1));
}

template <typename T>
bool take(std::span<const std::byte>& from, T& value) {
  if (from.size() < sizeof value) return false;
  std::memcpy(&value, from.data(), sizeof value);
  from = from.subspan(sizeof value);
  return true;
}

std::string text_of(std::span<const std::byte> bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

}  // namespace

Error RecordingReader::corrupt(std::uint64_t offset, const std::string& what) const {
  return Error{ErrorCode::kCorrupt, path_ + ", byte " + std::to_string(offset) + ": " + what};
}

Result<RecordingReader> RecordingReader::open(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return errno_error(path);
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return errno_error(path);
  if (!S_ISREG(status.st_mode)) return Error{ErrorCode::kInvalidArgument, path + ": a recording is a regular file"};
  RecordingReader reader(path, std::move(fd));
  reader.file_bytes_ = static_cast<std::uint64_t>(status.st_size);
  if (!reader.read_at(0, bytes_of(reader.preamble_)))
    return Error{ErrorCode::kCorrupt, path + ": cut before its first record (" + std::to_string(reader.file_bytes_) + " bytes)"};
  if (reader.preamble_.magic != kFileMagic) return Error{ErrorCode::kCorrupt, path + ": not a bus recording"};
  if (reader.preamble_.version != kFormatVersion)
    return Error{ErrorCode::kIncompatible, path + ": a recording of format version " + std::to_string(reader.preamble_.version) +
                                               ", this program reads version " + std::to_string(kFormatVersion)};
  if (!reader.open_by_index()) reader.scan();
  return reader;
}

bool RecordingReader::read_at(std::uint64_t offset, std::span<std::byte> into) const {
  if (offset > file_bytes_ || into.size() > file_bytes_ - offset) return false;
  while (!into.empty()) {
    const ssize_t got = ::pread(fd_.get(), into.data(), into.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    into = into.subspan(static_cast<std::size_t>(got));
    offset += static_cast<std::uint64_t>(got);
  }
  return true;
}

// A whole chunk by its header and the file's size; its body isn't looked at.
bool RecordingReader::chunk_at(std::uint64_t offset, Chunk& chunk) const {
  chunk.offset = offset;
  if (offset % 8 != 0 || !read_at(offset, bytes_of(chunk.header))) return false;
  const ChunkHeader& h = chunk.header;
  return h.magic == kChunkMagic && h.header_hash == hash_of(h, offset) && h.body_bytes <= kMaxBodyBytes &&
         padded(h.body_bytes) <= file_bytes_ - offset - sizeof h;
}

bool RecordingReader::body_of(const Chunk& chunk, std::vector<std::byte>& body) const {
  body.resize(chunk.header.body_bytes);
  return read_at(chunk.offset + sizeof chunk.header, body) && hash_of(body) == chunk.header.body_hash;
}

bool RecordingReader::add_topic(std::span<const std::byte> body) {
  TopicFields fields;
  if (!take(body, fields) || fields.id != topics_.size() || fields.name_bytes > kMaxNameBytes ||
      fields.metadata_bytes > bus::kMaxMetadataBytes || body.size() != fields.name_bytes + fields.metadata_bytes)
    return false;
  auto name = bus::TopicName::parse(text_of(body.first(fields.name_bytes)));
  if (fields.policy == kLogPolicy)
    return name.ok() && add_log(std::move(name).value(), fields, text_of(body.subspan(fields.name_bytes)));
  const bool good = name.ok() && fields.slot_bytes >= 1 && fields.slot_bytes <= bus::kMaxSlotBytes && fields.keep >= 1 &&
                    fields.keep <= bus::kMaxSlots && fields.writer_slots >= 1 && fields.writer_slots <= bus::kMaxSlots &&
                    fields.readers >= 1 && fields.readers <= bus::kMaxReaders && fields.held_per_reader >= 1 &&
                    fields.held_per_reader <= bus::kMaxHeldPerReader && fields.policy <= 1;
  if (!good) return false;
  topics_.push_back({std::move(name).value(),
                     {.schema_id = fields.schema_id,
                      .slot_bytes = fields.slot_bytes,
                      .keep = fields.keep,
                      .writer_slots = fields.writer_slots,
                      .readers = fields.readers,
                      .held_per_reader = fields.held_per_reader,
                      .policy = fields.policy == 0 ? bus::SlotPolicy::kLowestFree : bus::SlotPolicy::kOldestFirst,
                      .metadata = text_of(body.subspan(fields.name_bytes))},
                     std::nullopt});
  return true;
}

bool RecordingReader::add_log(bus::TopicName name, const TopicFields& fields, std::string metadata) {
  const std::uint64_t data = fields.writer_slots * kLogUnit;
  const bool good = fields.slot_bytes >= 1 && fields.slot_bytes <= bus::kMaxSlotBytes && fields.slot_bytes <= data / 2 &&
                    data <= bus::kMaxLogBytes && fields.keep >= 1 && fields.keep <= bus::kMaxIndexEntries &&
                    fields.readers >= 1 && fields.readers <= bus::kMaxReaders && fields.held_per_reader == 0;
  if (!good) return false;
  const bus::LogOptions log{.schema_id = fields.schema_id,
                            .data_bytes = data,
                            .index_entries = fields.keep,
                            .max_record_bytes = fields.slot_bytes,
                            .readers = fields.readers,
                            .metadata = metadata};
  const bus::RingOptions common{.schema_id = fields.schema_id,
                                .keep = 0,
                                .writer_slots = 0,
                                .readers = fields.readers,
                                .held_per_reader = 0,
                                .metadata = std::move(metadata)};
  topics_.push_back({std::move(name), common, log});
  return true;
}

bool RecordingReader::accepts(const IndexEntry& entry) const {
  return entry.record.topic < topics_.size() && entry.payload_bytes <= topics_[entry.record.topic].longest();
}

// From the end chunk back along the indexes. False, with nothing kept: the file was cut, or it doesn't agree with itself.
bool RecordingReader::open_by_index() {
  constexpr std::uint64_t kEndBytes = sizeof(ChunkHeader) + sizeof(EndFields);
  if (file_bytes_ < sizeof(Preamble) + kEndBytes) return false;
  Chunk chunk;
  std::vector<std::byte> body;
  EndFields end;
  if (!chunk_at(file_bytes_ - kEndBytes, chunk) || chunk.header.kind != ChunkKind::kEnd || !body_of(chunk, body)) return false;
  std::span<const std::byte> rest = body;
  if (!take(rest, end)) return false;
  std::vector<std::vector<std::byte>> indexes;  // newest first
  for (std::uint64_t place = end.last_index, before = file_bytes_; place != 0;) {
    if (place >= before || !chunk_at(place, chunk) || chunk.header.kind != ChunkKind::kIndex || !body_of(chunk, body))
      return false;
    before = std::exchange(place, [&] {
      IndexFields fields;
      rest = body;
      return take(rest, fields) ? fields.previous : ~0ull;
    }());
    indexes.push_back(body);
  }
  std::vector<std::uint64_t> topic_offsets;
  std::vector<IndexEntry> entries;
  for (auto index = indexes.rbegin(); index != indexes.rend(); ++index) {
    IndexFields fields;
    rest = *index;
    const bool fits =
        take(rest, fields) && rest.size() == fields.topics * sizeof(std::uint64_t) + fields.entries * sizeof(IndexEntry);
    if (!fits) return false;
    for (std::uint32_t i = 0; i < fields.topics; ++i) (void)take(rest, topic_offsets.emplace_back());
    for (std::uint32_t i = 0; i < fields.entries; ++i) (void)take(rest, entries.emplace_back());
  }
  for (const std::uint64_t offset : topic_offsets)
    if (!chunk_at(offset, chunk) || chunk.header.kind != ChunkKind::kTopic || !body_of(chunk, body) || !add_topic(body))
      return topics_.clear(), false;
  if (!std::all_of(entries.begin(), entries.end(), [this](const IndexEntry& entry) { return accepts(entry); }))
    return topics_.clear(), false;
  records_ = std::move(entries);
  complete_ = true;
  missed_ = end.missed;
  return true;
}

// From the front, chunk by chunk, up to the first that isn't whole. Bodies in front of the last index were on the disk before it:
// they are read when somebody wants them; those behind it may be holes that a power cut left, and are checked now.
void RecordingReader::scan() {
  std::vector<Chunk> chunks;
  std::vector<std::byte> body;
  std::size_t trusted = 0;
  std::uint64_t end = sizeof(Preamble);
  for (Chunk chunk; chunk_at(end, chunk); end += sizeof chunk.header + padded(chunk.header.body_bytes)) {
    chunks.push_back(chunk);
    if (chunk.header.kind == ChunkKind::kIndex && body_of(chunk, body)) trusted = chunks.size();
  }
  end = sizeof(Preamble);
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    const Chunk& chunk = chunks[i];
    const bool is_record = chunk.header.kind == ChunkKind::kRecord;
    if ((i >= trusted || !is_record) && !body_of(chunk, body)) break;
    if (chunk.header.kind == ChunkKind::kTopic && !add_topic(body)) break;
    if (is_record) {
      IndexEntry entry{.offset = chunk.offset};
      if (chunk.header.body_bytes < sizeof entry.record || !read_at(chunk.offset + sizeof chunk.header, bytes_of(entry.record)))
        break;
      entry.payload_bytes = chunk.header.body_bytes - sizeof entry.record;
      if (!accepts(entry)) break;
      records_.push_back(entry);
      missed_ += entry.record.missed;
    }
    end = chunk.offset + sizeof chunk.header + padded(chunk.header.body_bytes);
  }
  ignored_bytes_ = file_bytes_ - end;
}

Result<std::span<std::byte>> RecordingReader::read(const IndexEntry& record, std::vector<std::byte>& buffer) const {
  Chunk chunk;
  if (!chunk_at(record.offset, chunk) || chunk.header.kind != ChunkKind::kRecord)
    return corrupt(record.offset, "no record, though the index names one here");
  if (!body_of(chunk, buffer)) return corrupt(record.offset, "the bytes of this record aren't those that were written");
  if (buffer.size() != sizeof(RecordFields) + record.payload_bytes ||
      std::memcmp(buffer.data(), &record.record, sizeof(RecordFields)) != 0)
    return corrupt(record.offset, "another record than the one that the index names");
  return std::span(buffer).subspan(sizeof(RecordFields));
}

}  // namespace vedette::recording
