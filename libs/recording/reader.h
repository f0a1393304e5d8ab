// RecordingReader: the topics and records of a recording, also of one that was cut anywhere or is still being written. The bytes
// are not trusted: every length, number and hash is checked before it is used. Thread-bound.
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

class RecordingReader {
 public:
  // kCorrupt if the file is no recording, kIncompatible with both numbers for another format version.
  static Result<RecordingReader> open(const std::string& path);

  const std::vector<RecordedTopic>& topics() const { return topics_; }  // by number
  const std::vector<IndexEntry>& records() const { return records_; }   // in the order of the file
  std::uint64_t began_at_ns() const { return preamble_.began_at_ns; }
  std::uint64_t began_wall_ns() const { return preamble_.began_wall_ns; }
  bool complete() const { return complete_; }                     // it was ended in order
  std::uint64_t ignored_bytes() const { return ignored_bytes_; }  // behind the last whole chunk
  std::uint64_t file_bytes() const { return file_bytes_; }
  std::uint64_t missed() const { return missed_; }  // records that the dump was too slow for

  // The record's payload, in `buffer`, until the next read. kCorrupt if its bytes aren't those that were written.
  Result<std::span<std::byte>> read(const IndexEntry& record, std::vector<std::byte>& buffer) const;

 private:
  RecordingReader(std::string path, UniqueFd fd) : path_(std::move(path)), fd_(std::move(fd)) {}
  struct Chunk {
    ChunkHeader header;
    std::uint64_t offset = 0;
  };
  bool read_at(std::uint64_t offset, std::span<std::byte> into) const;
  bool chunk_at(std::uint64_t offset, Chunk& chunk) const;
  bool body_of(const Chunk& chunk, std::vector<std::byte>& body) const;
  Error corrupt(std::uint64_t offset, const std::string& what) const;
  bool add_topic(std::span<const std::byte> body);
  bool add_log(bus::TopicName name, const TopicFields& fields, std::string metadata);
  bool accepts(const IndexEntry& entry) const;
  bool open_by_index();
  void scan();

  std::string path_;
  UniqueFd fd_;
  std::uint64_t file_bytes_ = 0;
  Preamble preamble_;
  std::vector<RecordedTopic> topics_;
  std::vector<IndexEntry> records_;
  bool complete_ = false;
  std::uint64_t ignored_bytes_ = 0;
  std::uint64_t missed_ = 0;
};

}  // namespace vedette::recording
