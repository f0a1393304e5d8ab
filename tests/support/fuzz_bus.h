// What the bus's fuzz targets share: a bus directory of the process's own, a small sound topic's files as bytes, and an input
// read as a program of few bytes: patches and cuts of those files, each before or during use. Thread-bound.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <utility>

#include "base/check.h"
#include "base/unique_fd.h"
#include "bus/log.h"
#include "bus/ring.h"

namespace vedette::test {

// The input, number by number; zeros when it is used up.
class FuzzInput {
 public:
  FuzzInput(const std::uint8_t* data, std::size_t size) : rest_(data, size) {}
  bool empty() const { return rest_.empty(); }
  template <typename T>
  T number() {
    T value{};
    const std::size_t bytes = std::min(sizeof value, rest_.size());
    if (bytes > 0) std::memcpy(&value, rest_.data(), bytes);
    rest_ = rest_.subspan(bytes);
    return value;
  }
  std::string bytes(std::size_t most) {
    const auto taken = rest_.first(std::min(most, rest_.size()));
    rest_ = rest_.subspan(taken.size());
    return {taken.begin(), taken.end()};
  }

 private:
  std::span<const std::uint8_t> rest_;
};

class FuzzBus {
 public:
  static constexpr std::uint64_t kSchema = 7;
  // Two files of 8 and 4 KiB.
  static bus::RingOptions options() {
    return {.schema_id = kSchema, .slot_bytes = 64, .readers = 2, .held_per_reader = 2, .metadata = "person\ncar"};
  }

  // Files of 8 and 4 KiB.
  static bus::LogOptions log_options() {
    return {.schema_id = kSchema,
            .data_bytes = 4096,
            .index_entries = 16,
            .max_record_bytes = 800,
            .readers = 2,
            .metadata = "person\ncar"};
  }

  explicit FuzzBus(bus::TopicKind kind = bus::TopicKind::kRing)
      : path_("/dev/shm/vedette-test-" + std::to_string(::getpid()) + "-fuzz"),
        dir_(std::move(bus::BusDir::open(path_)).value()),
        topic_(std::move(bus::TopicName::parse("cam0/frames")).value()) {
    kind == bus::TopicKind::kRing ? make_ring() : make_log();
    payload_bytes_ = read(payload());
    lease_bytes_ = read(leases());
  }
  FuzzBus(const FuzzBus&) = delete;
  ~FuzzBus() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  const bus::BusDir& dir() const { return dir_; }
  const bus::TopicName& topic() const { return topic_; }
  std::string payload() const { return path_ + "/cam0/frames"; }
  std::string leases() const { return payload() + ".leases"; }

  // The sound topic's files, nobody's any more, as new files: mappings of before see nothing of it.
  void restore() const {
    std::filesystem::remove_all(path_ + "/cam0");
    std::filesystem::create_directory(path_ + "/cam0");
    ::chmod((path_ + "/cam0").c_str(), 0750);
    write(payload(), payload_bytes_, 0640);
    write(leases(), lease_bytes_, 0660);
  }
  // One change, as the input says: 16 bits of place, then up to 64 bytes; or a new length.
  void damage(FuzzInput& input, bool leases_only = false) const {
    const auto kind = input.number<std::uint8_t>();
    const UniqueFd fd(::open(leases_only || (kind & 1) != 0 ? leases().c_str() : payload().c_str(), O_WRONLY | O_CLOEXEC));
    if (!fd) return;
    const auto at = input.number<std::uint16_t>();
    if ((kind & 0xf0) == 0xf0) {
      (void)!::ftruncate(fd.get(), at);
    } else {
      const std::string bytes = input.bytes(kind >> 1 & 0x3f);
      if (at + bytes.size() <= kMostFileBytes) (void)!::pwrite(fd.get(), bytes.data(), bytes.size(), at);
    }
  }

  static bool publish(bus::RingWriter& writer, std::uint64_t id) {
    auto loan = writer.loan();
    if (!loan) return false;
    std::memcpy(loan->bytes().data(), &id, sizeof id);
    writer.publish(std::move(*loan), id, sizeof id);
    return true;
  }

  // A record of several words, whose every word is `id`.
  static bool append(bus::LogWriter& writer, std::uint64_t id) {
    const std::array<std::uint64_t, 20> words = [&] {
      std::array<std::uint64_t, 20> filled{};
      filled.fill(id);
      return filled;
    }();
    const std::array pieces{std::as_bytes(std::span(words)).first(8 * (id % 20) + 8)};
    return writer.append({.frame_id = id, .at_ns = id, .keyframe = id % 3 == 0}, pieces);
  }

 private:
  void make_ring() const {
    auto writer = std::move(bus::RingWriter::open(dir_, topic_, options())).value();
    for (std::uint64_t id = 1; id <= 5; ++id) VD_ASSERT(publish(writer, id), "the topic to start from");
  }
  void make_log() const {
    auto writer = std::move(bus::LogWriter::open(dir_, topic_, log_options())).value();
    for (std::uint64_t id = 1; id <= 70; ++id) VD_ASSERT(append(writer, id), "the topic to start from");
  }

  static constexpr std::size_t kMostFileBytes = 16384;
  static std::string read(const std::string& path) {
    std::ifstream stream(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  static void write(const std::string& path, const std::string& bytes, mode_t mode) {
    std::ofstream(path, std::ios::binary) << bytes;
    ::chmod(path.c_str(), mode);
  }

  std::string path_;
  bus::BusDir dir_;
  bus::TopicName topic_;
  std::string payload_bytes_, lease_bytes_;
};

// Every byte of it is read: AddressSanitizer and the kernel say whether they are there.
inline std::uint64_t sum_of(std::span<const std::byte> bytes) {
  std::uint64_t sum = 0;
  for (const std::byte byte : bytes) sum += std::to_integer<std::uint64_t>(byte);
  return sum;
}

}  // namespace vedette::test
