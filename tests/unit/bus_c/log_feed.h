// A log with a writer, for tests of <vedette/log.hpp>, which can't be in one source with our own libraries' headers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace vedette::test {

class LogFeed {
 public:
  LogFeed();  // a bus of its own with cam0/packets, metadata "text"
  ~LogFeed();
  const std::string& path() const;
  // Record n (support/log_records.h).
  bool append(std::uint64_t n, std::size_t bytes, bool keyframe);
  static bool is_whole(std::uint64_t n, const void* data, std::size_t bytes);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace vedette::test
