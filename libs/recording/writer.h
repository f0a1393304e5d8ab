// RecordingWriter: appends topics and records to a new file (recording/format.h). Every call leaves a file that a reader accepts
// up to its last whole record; a killed process or a full disk costs at most the record at hand. Thread-bound.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "bus/ring.h"
#include "recording/format.h"
#include "recording/topic.h"

namespace vedette::recording {

struct WriterOptions {
  std::uint64_t index_every_bytes = 64u << 20;  // an index, and what it lists on the disk, at least so often
  bool overwrite = false;
};

class RecordingWriter {
 public:
  // kInvalidArgument if the file is there already and isn't to be overwritten.
  static Result<RecordingWriter> create(const std::string& path, const WriterOptions& options = {});

  // The number that its records name.
  Result<std::uint32_t> add_topic(const RecordedTopic& topic);
  Result<std::uint32_t> add_topic(const bus::TopicName& topic, const bus::RingOptions& options) {
    return add_topic({topic, options, std::nullopt});
  }
  // `fields.topic` is add_topic()'s. On failure (a full disk) the file is as it was before the call.
  Result<> add(const RecordFields& fields, std::span<const std::byte> payload);
  // Records that were lost after the last one of their topic.
  void count_missed(std::uint64_t missed) { missed_ += missed; }
  // Writes index and end, and waits for the disk. Without it the file is as readable, but opened more slowly.
  Result<> finish();

  std::uint64_t bytes() const { return end_; }
  std::uint64_t records() const { return records_; }
  std::uint64_t missed() const { return missed_; }

 private:
  RecordingWriter(std::string path, UniqueFd fd, const WriterOptions& options)
      : path_(std::move(path)), fd_(std::move(fd)), options_(options) {}
  Result<> append(ChunkKind kind, std::span<const std::byte> fields, std::span<const std::byte> rest,
                  std::span<const std::byte> more = {});
  Result<> write_index();
  Result<> sync();

  std::string path_;
  UniqueFd fd_;
  WriterOptions options_;
  std::uint64_t end_ = 0;
  std::uint64_t last_index_ = 0;
  std::uint64_t indexed_to_ = 0;
  std::uint64_t records_ = 0;
  std::uint64_t missed_ = 0;
  std::uint32_t topics_ = 0;
  std::vector<std::uint64_t> new_topics_;  // since the last index
  std::vector<IndexEntry> new_entries_;
};

}  // namespace vedette::recording
