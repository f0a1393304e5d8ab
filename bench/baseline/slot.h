// The copy-based baseline's transport: one shared slot, overwritten by each message, with a sequence word that is odd while it is
// being written, and a POSIX message queue that tells the reader. Nothing keeps the writer from overwriting what a reader
// still reads; the reader looks at the sequence before and after.
// Given every chance: the slot is prefaulted memory (not a file in /tmp), the reader polls the queue without sleeping.
#pragma once

#include <fcntl.h>
#include <mqueue.h>

#include <cstring>
#include <span>
#include <string>

#include "bench/support/processes.h"

namespace vedette::baseline {

struct SlotHeader {
  alignas(64) std::atomic<std::uint64_t> sequence;  // even: whole
  std::uint64_t bytes;
};

class Slot {
 public:
  explicit Slot(std::size_t capacity)
      : header_(new (bench::shared_memory(sizeof(SlotHeader) + capacity)) SlotHeader), capacity_(capacity) {}

  void write(std::span<const std::uint8_t> message) {
    if (message.size() > capacity_) bench::fail("a message is larger than the slot");
    const std::uint64_t sequence = header_->sequence.load(std::memory_order_relaxed);
    header_->sequence.store(sequence + 1, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_release);
    std::memcpy(bytes(), message.data(), message.size());
    header_->bytes = message.size();
    header_->sequence.store(sequence + 2, std::memory_order_release);
  }
  // As if a message with this head and the same rest had been written.
  void rewrite_head(std::span<const std::uint8_t> head) {
    header_->sequence.fetch_add(1, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_release);
    std::memcpy(bytes(), head.data(), head.size());
    header_->sequence.fetch_add(1, std::memory_order_release);
  }
  std::uint64_t sequence() const { return header_->sequence.load(std::memory_order_acquire); }
  bool unchanged(std::uint64_t sequence) const {
    std::atomic_thread_fence(std::memory_order_acquire);
    return header_->sequence.load(std::memory_order_relaxed) == sequence;
  }
  // What the slot holds now: to be trusted only if unchanged() says so afterwards.
  std::span<const std::uint8_t> message() const { return {bytes(), header_->bytes < capacity_ ? header_->bytes : capacity_}; }

 private:
  std::uint8_t* bytes() const { return reinterpret_cast<std::uint8_t*>(header_) + sizeof(SlotHeader); }
  SlotHeader* header_;
  std::size_t capacity_;
};

// The reader's bell: a queue of ten empty messages, the kernel's limit for everybody.
class Bell {
 public:
  Bell() : name_("/vedette-baseline-" + std::to_string(::getpid())) {
    mq_attr attributes{};
    attributes.mq_maxmsg = 10;
    attributes.mq_msgsize = 1;
    queue_ = ::mq_open(name_.c_str(), O_CREAT | O_RDWR | O_NONBLOCK, 0600, &attributes);
    if (queue_ < 0) bench::fail("can't open a POSIX message queue");
    ::mq_unlink(name_.c_str());  // who is forked has it
  }
  void ring() const { ::mq_send(queue_, "", 0, 0); }
  bool rang() const {
    char nothing = 0;
    return ::mq_receive(queue_, &nothing, 1, nullptr) >= 0;
  }

 private:
  std::string name_;
  mqd_t queue_ = -1;
};

}  // namespace vedette::baseline
