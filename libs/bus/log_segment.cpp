#include "bus/log_segment.h"

#include <algorithm>
#include <bit>

namespace vedette::bus {
namespace {

constexpr std::size_t kFixedBytes = offsetof(LogHeader, tail);

// The immutable part of both headers for these options, which are rounded; the geometry follows from them alone.
void describe(const LogOptions& options, Header& header, LogHeader& log) {
  header.magic = kLogMagic;
  header.layout_version = kLayoutVersion;
  header.schema_id = options.schema_id;
  header.readers = options.readers;
  log.max_record_bytes = options.max_record_bytes;
  log.data_bytes = options.data_bytes;
  log.index_offset = sizeof(Header) + sizeof(LogHeader);
  log.index_entries = options.index_entries;
  const std::uint64_t index_end = log.index_offset + log.index_entries * sizeof(LogEntry);
  header.metadata_offset = static_cast<std::uint32_t>(index_end);
  header.metadata_bytes = static_cast<std::uint32_t>(options.metadata.size());
  log.data_offset = align_up(index_end + header.metadata_bytes, kPage);
  header.file_bytes = log.data_offset + log.data_bytes;
}

Result<> check_options(const TopicName& topic, const LogOptions& options) {
  const auto bad = [&](const std::string& what) { return Error{ErrorCode::kInvalidArgument, topic.text() + ": " + what}; };
  if (options.data_bytes == 0 || options.data_bytes > kMaxLogBytes)
    return bad("a log of " + std::to_string(options.data_bytes) + " bytes; expected 1 to 2^36");
  if (options.max_record_bytes == 0 || options.max_record_bytes > kMaxSlotBytes)
    return bad("records of up to " + std::to_string(options.max_record_bytes) + " bytes; expected 1 to 2^30");
  if (const std::uint64_t data = align_up(options.data_bytes, kPage); options.max_record_bytes > data / 2)
    return bad("records of up to " + std::to_string(options.max_record_bytes) + " bytes in a log of " + std::to_string(data) +
               "; expected at most half of it");
  if (options.index_entries == 0 || options.index_entries > kMaxIndexEntries)
    return bad("a log of " + std::to_string(options.index_entries) + " records; expected 1 to 2^20");
  return check_common_options(topic, options.readers, options.metadata);
}

}  // namespace

LogOptions rounded(LogOptions options) {
  options.data_bytes = align_up(options.data_bytes, kPage);
  options.index_entries = std::bit_ceil(std::max(options.index_entries, kMinIndexEntries));
  return options;
}

std::uint64_t bytes_needed(const LogOptions& options) {
  Header header{};
  LogHeader log{};
  describe(rounded(options), header, log);
  return bytes_of_files(header);
}

LogSegment::LogSegment(TopicName name, LogOptions wanted, std::shared_ptr<LockFile> held)
    : WriterFiles(std::move(name), std::move(held)), options(rounded(std::move(wanted))), fixed_(std::make_unique<LogHeader>()) {
  describe(options, plan_.header, *fixed_);
  plan_.behind_header = {reinterpret_cast<const std::byte*>(fixed_.get()), kFixedBytes};
  plan_.metadata = options.metadata;
  plan_.advice = "let it hold less";
}

Result<std::shared_ptr<LogSegment>> LogSegment::open(const BusDir& dir, const TopicName& topic, const LogOptions& options,
                                                     std::shared_ptr<LockFile> lock) {
  VD_TRY(check_options(topic, options));
  auto segment = std::make_shared<LogSegment>(topic, options, std::move(lock));
  VD_TRY(segment->open_files(dir));
  segment->start_epoch();
  return segment;
}

Result<std::shared_ptr<LogSegment>> LogSegment::replace(const BusDir& dir, const LogOptions& options, LogSegment& old) {
  VD_TRY(check_options(old.topic, options));
  auto segment = std::make_shared<LogSegment>(old.topic, options, old.lock);
  VD_TRY(segment->replace_files(dir, old));
  segment->start_epoch();
  return segment;
}

LogWords<std::byte> LogSegment::words_in(std::byte* payload) const {
  return {payload, fixed_->index_offset, fixed_->index_entries, fixed_->data_offset, fixed_->data_bytes};
}

bool LogSegment::is_sound(const Mapping& payload) const {
  const auto& found = *reinterpret_cast<const Header*>(payload.data());
  const std::uint64_t head = found.head.load(std::memory_order_acquire);
  LogEnds ends;
  return head_slot(head) == 0 && inherit_log(words_in(payload.data()), head_sequence(head), options.max_record_bytes, ends);
}

void LogSegment::start_epoch() {
  words_ = words_in(payload_.data());
  const std::uint64_t head = header().head.load(std::memory_order_acquire);
  // Only of a file that another process of this user changed since is_sound(); then what it says is nothing's.
  if (!inherit_log(words_, head_sequence(head), options.max_record_bytes, ends_)) ends_.tail = ends_.sequence + 1;
  begin_epoch(head);
}

bool LogSegment::append(const LogStamp& stamp, std::span<const std::span<const std::byte>> pieces) {
  std::uint64_t bytes = 0;
  for (const auto piece : pieces) bytes += piece.size();
  if (bytes > options.max_record_bytes) {
    add_one(header().dropped);
    return false;
  }
  const LogWords<std::byte> words = words_;  // a copy of its own: the compiler may keep it in registers
  make_room(words, ends_, bytes);
  LogAppender appender(words, ends_.end);
  for (const auto piece : pieces) appender.append(piece);
  appender.finish();
  write_entry(words, ends_, bytes, stamp.keyframe, stamp.frame_id, stamp.at_ns);
  if (stamp.frame_id > last_frame_id) {
    last_frame_id = stamp.frame_id;
    // Before the head: who takes the files over goes on after it. relaxed: the lock orders it for him, for others it is a number.
    header().frame_id.store(last_frame_id, std::memory_order_relaxed);
  }
  add_one(header().published);
  beat_with(ends_.sequence);
  announce(pack_head(ends_.sequence, 0));
  return true;
}

LogSpan LogSegment::span() const {
  const LogWords<const std::byte> words(payload_.data(), fixed_->index_offset, fixed_->index_entries, fixed_->data_offset,
                                        fixed_->data_bytes);
  return span_of(words, header());
}

LogSpan span_of(const LogWords<const std::byte>& log, const Header& header) {
  const std::uint64_t head = head_sequence(header.head.load(std::memory_order_acquire));
  const std::uint64_t tail = std::max<std::uint64_t>(1, log.tail().load(std::memory_order_relaxed));
  LogRecord newest, oldest;
  // Bounded, whatever a hostile writer says.
  if (head == 0 || tail > head || head - tail >= log.entries() || !read_entry(log, head, newest)) return {};
  LogSpan span{.newest_at_ns = newest.at_ns};
  for (std::uint64_t sequence = tail; sequence <= head; ++sequence) {
    LogRecord record;
    if (!read_entry(log, sequence, record)) continue;  // gone since
    if (span.records++ == 0) oldest = record;
    if (!record.keyframe) continue;
    span.oldest_at_ns = record.at_ns;
    span.records = head - oldest.sequence + 1;
    break;
  }
  if (span.records != 0) span.bytes = newest.position + words_of(newest.bytes) * kWord - oldest.position;
  return span;
}

}  // namespace vedette::bus
