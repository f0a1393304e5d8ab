// Log: a topic that is a circular byte log of records of any length, with history, one writer, many readers, copied out:
// bitstream packets (<cam>/packets). Append; take the next, or go back to a keyframe.
//
// The writer waits for nobody: old records are overwritten, a reader that is too slow is told how many it missed and goes on at
// the oldest keyframe that is left. A record that a reader gets was never torn (the protocol and its argument:
// bus/log_protocol.h). Files, locks, entries, demand and doorbell of a topic are those of a ring (bus/segment.h, bus/layout.h).
//
// If a reader dies, the kernel drops its lock; nothing of it is in the writer's way. If the writer dies, what it had finished
// stays readable, and the next LogWriter::open() of the topic goes on in the same files (epoch + 1): nothing past the head
// exists. If the geometry changes, new files take the name and readers see kRetired: attach again (LogSubscriber does).
//
// Each object is thread-bound (one thread at a time).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "bus/ring.h"

namespace vedette::bus {

struct LogOptions {
  std::uint64_t schema_id = 0;
  std::uint64_t data_bytes = 0;        // of the circular log; rounded up to a page
  std::uint32_t index_entries = 8192;  // records it holds at most, 32 bytes each; rounded up to a power of two
  std::uint64_t max_record_bytes = 0;  // a longer record is refused; at most half of data_bytes, and 2^30
  std::uint32_t readers = 16;
  std::string metadata;  // fixed text for readers; at most 4000 bytes
  bool operator==(const LogOptions&) const = default;
};

// Bytes of the tmpfs that a log with these options takes, all its files together.
std::uint64_t bytes_needed(const LogOptions& options);

// What a record is looked up by.
struct LogStamp {
  std::uint64_t frame_id = 0;
  std::uint64_t at_ns = 0;  // CLOCK_MONOTONIC; of what is in it
  bool keyframe = false;    // a reader may begin here
};

struct LogSpan {  // what the log holds now
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;
  std::uint64_t oldest_at_ns = 0;  // of its oldest keyframe, 0: none
  std::uint64_t newest_at_ns = 0;
};

class LogWriter {
 public:
  // As RingWriter::open(): creates the topic, or takes it over from a dead writer whose options were the same. kBusy,
  // kResourceExhausted as there.
  static Result<LogWriter> open(const BusDir& dir, const TopicName& topic, const LogOptions& options);
  LogWriter(LogWriter&&) noexcept;
  LogWriter& operator=(LogWriter&&) noexcept;
  ~LogWriter();

  // Appends one record, the pieces one behind the other, and wakes who waits. False: longer than max_record_bytes, counted as
  // dropped. Never blocks, allocates nothing.
  bool append(const LogStamp& stamp, std::span<const std::span<const std::byte>> pieces);

  // Sign of life; also sweeps dead readers once a second. Call at least every 400 ms.
  void beat();
  Demand demand() const;
  DemandWatch watch_demand() const;
  TopicStats stats() const;  // frame_id: the largest ever appended, over all writers
  LogSpan span() const;
  const LogOptions& options() const;
  bool took_over() const;
  // New files of another geometry, same topic; the old records are gone, frame ids and counters go on. A failure changes nothing.
  Result<> resize(const LogOptions& options);
  void remove();

 private:
  class Impl;
  explicit LogWriter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

enum class LogTake {
  kTaken,
  kNothing,  // nothing newer
  kTooLong,  // never from a writer of ours: a record longer than the log's own maximum; it was skipped
  kRetired,  // the topic has new files (or none): attach again
};

struct LogTaken {
  LogTake status = LogTake::kNothing;
  LogStamp stamp;
  std::uint64_t sequence = 0;  // 1, 2, 3, … in order of appending
  std::uint64_t missed = 0;    // records that were overwritten, or skipped to the next keyframe, since the one taken before
  explicit operator bool() const { return status == LogTake::kTaken; }
};

// Where a reader goes on.
enum class LogFrom {
  kNext,            // only what is appended from now on
  kNewestKeyframe,  // the newest keyframe, so that decoding can begin at once; without one as kNext
  kOldestKeyframe,  // all that is there; without a keyframe the oldest record
};

class LogReader {
 public:
  // Errors as RingReader::attach(). A topic that is a ring: kIncompatible.
  static Result<LogReader> attach(const BusDir& dir, const TopicName& topic, std::uint64_t schema_id, Demand demand = {},
                                  LogFrom from = LogFrom::kNewestKeyframe);
  LogReader(LogReader&&) noexcept;
  LogReader& operator=(LogReader&&) noexcept;
  ~LogReader();

  // The next record, copied to `out` (resized; no allocation once it is large enough). After an overrun it goes on at the oldest
  // keyframe left (or the newest record, if there is no keyframe); where the writer is faster than the copy, at the newest one.
  // A retired log is read to its end, then it is kRetired.
  LogTaken take_next(std::vector<std::byte>& out);

  void seek(LogFrom from);
  // To the newest keyframe not after `at_ns`, or the oldest there is; false: the log has no keyframe (nothing changes).
  bool seek_time(std::uint64_t at_ns);
  // To the record of this frame; false: it isn't there (any more).
  bool seek_frame(std::uint64_t frame_id);

  Wait wait(Nanoseconds timeout);  // until there is something to take; kRetired: nor will there be
  Result<> set_wait_policy(const WaitPolicy& policy);
  void set_demand(const Demand& demand);
  TopicStats stats() const;
  LogSpan span() const;
  const std::string& metadata() const;
  std::uint64_t schema_id() const;
  std::uint64_t max_record_bytes() const;

 private:
  class Impl;
  friend class LogSubscriber;
  explicit LogReader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// A LogReader that attaches when its topic appears and again when it is replaced, as Subscriber does for rings: what a stage
// uses. At each attachment it begins at `from`. What isn't here is of Subscription: wait(), set_demand(), stats(), metadata(), …
class LogSubscriber : public Subscription {
 public:
  LogSubscriber(const BusDir& dir, TopicName topic, std::uint64_t schema_id, Demand demand = {},
                LogFrom from = LogFrom::kNewestKeyframe);
  LogSubscriber(LogSubscriber&&) noexcept;
  LogSubscriber& operator=(LogSubscriber&&) noexcept;
  ~LogSubscriber() override;

  LogTaken take_next(std::vector<std::byte>& out);  // kNothing while there is no topic
  void seek(LogFrom from);                          // these as of LogReader; without a topic nothing changes: false
  bool seek_time(std::uint64_t at_ns);
  bool seek_frame(std::uint64_t frame_id);
  std::optional<LogSpan> span();
  std::uint64_t max_record_bytes() const;  // 0 while it isn't attached

 private:
  LogReader* reader();
  Result<std::shared_ptr<Attachment>> attach() override;
  void let_go() override;
  LogFrom from_;
  std::optional<LogReader> reader_;
};

// As for several subscriptions, which may be of both kinds: std::array<Subscription*, 2>{&frames, &packets}.
bool wait_any(std::span<LogSubscriber* const> subscribers, Nanoseconds timeout);

}  // namespace vedette::bus
