// Capture's, or vedette-encode's, side of a log of packets, by hand. Thread-bound.
#pragma once

#include <cstdint>
#include <string>

#include "bus/log.h"
#include "schema/packet.h"

namespace vedette::test {

class PacketsWriter {
 public:
  PacketsWriter(const bus::BusDir& dir, Codec codec, const std::string& topic = "packets", const std::string& camera = "front");

  // Returns its frame id. A keyframe has kSets of H.264 as its configuration. `captured_at_ns` 0: now.
  std::uint64_t publish(bool key, const std::string& data, std::uint64_t captured_at_ns = 0);

  static inline const std::string kSets{"\0\0\0\1\x67\x64\x00\x28\xac\xd9\0\0\0\1\x68\xee\x3c\xb0", 18};

  bus::LogWriter log;
  std::uint64_t next_id = 1;
  std::uint32_t width = 1280, height = 720, stream = 1;

 private:
  const Codec codec_;
};

}  // namespace vedette::test
