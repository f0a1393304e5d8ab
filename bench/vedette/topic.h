// The bus as a contestant uses it: a directory of its own below /dev/shm, topics of the products' geometry, and the two small
// classes that bench/support/one_way.h drives. Thread-bound.
#pragma once

#include <sys/types.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "bench/support/one_way.h"
#include "bus/ring.h"

namespace vedette::bench {

inline constexpr std::uint64_t kSchema = 1;

// As deploy/vedette.yaml has it: 16 readers, two leases each.
inline bus::RingOptions frames_of(std::size_t bytes, std::uint32_t readers = 16, std::uint32_t held = 2) {
  bus::RingOptions options;
  options.schema_id = kSchema;
  options.slot_bytes = bytes;
  options.readers = readers;
  options.held_per_reader = held;
  return options;
}

// A bus directory, gone at the end; what a killed benchmark left goes with the next one.
class Bus {
 public:
  Bus() : path_(kPrefix + std::to_string(::getpid())) {
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator("/dev/shm", ignored)) {
      const std::string path = entry.path().string();
      if (path.rfind(kPrefix, 0) != 0) continue;
      const int pid = std::atoi(path.c_str() + std::string_view(kPrefix).size());
      if (pid > 0 && ::kill(pid, 0) != 0 && errno == ESRCH) std::filesystem::remove_all(path, ignored);
    }
  }
  Bus(const Bus&) = delete;
  Bus& operator=(const Bus&) = delete;
  ~Bus() {
    std::error_code ignored;
    if (::getpid() == owner_) std::filesystem::remove_all(path_, ignored);
  }
  // Each process opens it for itself.
  bus::BusDir open() const { return must(bus::BusDir::open(path_)); }

 private:
  static constexpr const char* kPrefix = "/dev/shm/vedette-bench-";
  std::string path_;
  pid_t owner_ = ::getpid();
};

inline const bus::TopicName kTopic{"cam0", "frames"};

class Writer {
 public:
  Writer(const Bus& bus, const bus::RingOptions& options)
      : dir_(bus.open()), ring_(must(bus::RingWriter::open(dir_, kTopic, options))) {}
  std::span<std::byte> loan(std::size_t bytes) {
    loan_ = ring_.loan();
    if (!loan_) fail("no free slot");
    bytes_ = bytes;
    return loan_->bytes();
  }
  void publish() {
    ring_.publish(std::move(*loan_), ++frame_id_, bytes_);
    loan_.reset();
  }
  bus::RingWriter& ring() { return ring_; }

 private:
  bus::BusDir dir_;
  bus::RingWriter ring_;
  std::optional<bus::Loan> loan_;
  std::size_t bytes_ = 0;
  std::uint64_t frame_id_ = 0;
};

class Reader {
 public:
  explicit Reader(const Bus& bus, bool blocks = false) : dir_(bus.open()), topic_(dir_, kTopic, kSchema), blocks_(blocks) {
    (void)topic_.take_newest();
    if (!topic_.attached()) fail(topic_.error() ? topic_.error()->text : "the writer's topic isn't there");
  }
  std::span<const std::byte> take() {
    if (blocks_ && topic_.wait(std::chrono::milliseconds(100)) != bus::Wait::kNew) return {};
    bus::Taken taken = topic_.take_newest();
    if (!taken) return {};
    missed_ += taken.missed;
    lease_ = std::move(taken.lease);
    return lease_.bytes();
  }
  void release() { lease_.release(); }
  std::uint64_t missed() const { return missed_; }
  std::uint64_t sequence() const { return lease_.sequence(); }

 private:
  bus::BusDir dir_;
  bus::Subscriber topic_;
  bool blocks_;
  bus::Lease lease_;
  std::uint64_t missed_ = 0;
};

}  // namespace vedette::bench
