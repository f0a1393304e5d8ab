// A bus directory of the test's own below /dev/shm, gone with the test; what a crashed test left goes with the next one.
#pragma once

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>

#include "bus/ring.h"

namespace vedette::test {

class BusFixture : public ::testing::Test {
 protected:
  BusFixture() : dir_((remove_what_the_dead_left(), open(path_))) {}
  ~BusFixture() override {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  static constexpr std::string_view kPrefix = "/dev/shm/vedette-test-";

  static void remove_what_the_dead_left() {
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator("/dev/shm", ignored)) {
      const std::string path = entry.path().string();
      if (path.rfind(kPrefix, 0) != 0) continue;
      const int pid = std::atoi(path.c_str() + kPrefix.size());
      if (pid > 0 && ::kill(pid, 0) != 0 && errno == ESRCH) std::filesystem::remove_all(path, ignored);
    }
  }
  static std::string unique_path() {
    static std::atomic<int> number{0};
    return std::string(kPrefix) + std::to_string(::getpid()) + "-" + std::to_string(number++);
  }
  static bus::BusDir open(const std::string& path) { return std::move(bus::BusDir::open(path)).value(); }
  static bus::TopicName topic(std::string_view text) { return std::move(bus::TopicName::parse(text)).value(); }

  const std::string path_ = unique_path();
  bus::BusDir dir_;
};

// Loans a slot, fills it with `value`'s bytes, publishes. False: no free slot.
inline bool publish_value(bus::RingWriter& writer, std::uint64_t frame_id, std::uint64_t value) {
  auto loan = writer.loan();
  if (!loan) return false;
  std::memcpy(loan->bytes().data(), &value, sizeof value);
  writer.publish(std::move(*loan), frame_id, sizeof value);
  return true;
}

inline std::uint64_t value_of(const bus::Lease& lease) {
  std::uint64_t value = 0;
  if (lease.bytes().size() >= sizeof value) std::memcpy(&value, lease.bytes().data(), sizeof value);
  return value;
}

}  // namespace vedette::test
