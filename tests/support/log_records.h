// Records whose bytes tell whether they are whole: what record number n, of whatever length, is filled with.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "bus/log.h"

namespace vedette::test {

inline std::uint64_t mixed(std::uint64_t seed) {
  seed ^= seed >> 33, seed *= 0xff51afd7ed558ccd, seed ^= seed >> 33;
  return seed;
}

// Word i of record n is made of both, so that words of two records, or from two places, don't match. `out` is reused.
inline void fill_record(std::uint64_t n, std::size_t bytes, std::vector<std::byte>& out) {
  out.resize(bytes);
  for (std::size_t at = 0; at < bytes; at += 8) {
    const std::uint64_t word = mixed(n * 0x9e3779b97f4a7c15 + at);
    std::memcpy(out.data() + at, &word, std::min<std::size_t>(8, bytes - at));
  }
}

// True: all of it is record n's.
inline bool is_whole(std::uint64_t n, std::span<const std::byte> record) {
  for (std::size_t at = 0; at < record.size(); at += 8) {
    const std::uint64_t word = mixed(n * 0x9e3779b97f4a7c15 + at);
    if (std::memcmp(record.data() + at, &word, std::min<std::size_t>(8, record.size() - at)) != 0) return false;
  }
  return true;
}

inline bool append_record(bus::LogWriter& writer, const bus::LogStamp& stamp, std::span<const std::byte> bytes) {
  return writer.append(stamp, std::array{bytes});
}

// Appends record n: frame id 10 n, time 1000 n.
inline bool append_number(bus::LogWriter& writer, std::uint64_t n, std::size_t bytes, bool keyframe) {
  std::vector<std::byte> record;
  fill_record(n, bytes, record);
  return append_record(writer, {.frame_id = 10 * n, .at_ns = 1000 * n, .keyframe = keyframe}, record);
}

inline std::string text_of(std::span<const std::byte> record) {
  return std::string(reinterpret_cast<const char*>(record.data()), record.size());
}
inline bool append_text(bus::LogWriter& writer, std::uint64_t frame_id, std::string_view text, bool keyframe = true) {
  return append_record(writer, {.frame_id = frame_id, .at_ns = frame_id, .keyframe = keyframe},
                       std::as_bytes(std::span(text.data(), text.size())));
}

}  // namespace vedette::test
