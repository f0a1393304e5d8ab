// Records on their way from the bus to the disk: a queue of one reader's and one writer's thread, bounded by bytes. Its buffers
// are used again. Thread-safe.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "recording/format.h"
#include "recording/topic.h"

namespace vedette::tools {

struct QueuedRecord {
  std::optional<recording::RecordedTopic> topic;  // a topic that begins, instead of a record
  recording::RecordFields fields;
  std::vector<std::byte> payload;
};

class RecordQueue {
 public:
  explicit RecordQueue(std::size_t most_bytes) : most_bytes_(most_bytes) {}

  // False: no room. A topic always has room. An empty queue takes a record of any size.
  bool push(const recording::RecordFields& fields, std::span<const std::byte> payload) {
    std::unique_lock lock(mutex_);
    if (!queue_.empty() && bytes_ + payload.size() > most_bytes_) return false;
    std::vector<std::byte> buffer;
    if (!spare_.empty()) buffer = std::move(spare_.back()), spare_.pop_back();
    bytes_ += payload.size();
    lock.unlock();  // the copy below is the long part
    buffer.assign(payload.begin(), payload.end());
    lock.lock();
    queue_.push_back({std::nullopt, fields, std::move(buffer)});
    filled_.notify_one();
    return true;
  }
  void push(const recording::RecordedTopic& topic) {
    const std::lock_guard lock(mutex_);
    queue_.push_back({topic, {}, {}});
    filled_.notify_one();
  }
  // Blocks; none: closed and empty.
  std::optional<QueuedRecord> pop() {
    std::unique_lock lock(mutex_);
    filled_.wait(lock, [this] { return closed_ || !queue_.empty(); });
    if (queue_.empty()) return std::nullopt;
    QueuedRecord record = std::move(queue_.front());
    queue_.pop_front();
    return record;
  }
  // The record is on the disk: its room is free again.
  void done(QueuedRecord record) {
    const std::lock_guard lock(mutex_);
    bytes_ -= record.payload.size();
    if (spare_.size() < kMostSpare) spare_.push_back(std::move(record.payload));
  }
  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    filled_.notify_one();
  }

 private:
  static constexpr std::size_t kMostSpare = 16;
  const std::size_t most_bytes_;
  std::mutex mutex_;
  std::condition_variable filled_;
  std::deque<QueuedRecord> queue_;
  std::vector<std::vector<std::byte>> spare_;
  std::size_t bytes_ = 0;
  bool closed_ = false;
};

}  // namespace vedette::tools
