// OverridesWatch: may the overrides file (config/overrides.h) be another than the one that was loaded? For programs that go by it
// while they run. Thread-bound.
#pragma once

#include <cstdint>

#include "base/file.h"
#include "config/overrides.h"

namespace vedette {

class OverridesWatch {
 public:
  explicit OverridesWatch(const StorageConfig& storage) : path_(overrides_path(storage)) {}

  // Once for each time, and at first if there is one: it may have come after the configuration was loaded. Looks at most once in
  // two seconds.
  bool changed(std::uint64_t now_ns) {
    if (now_ns < next_look_ns_) return false;
    next_look_ns_ = now_ns + 2'000'000'000;
    const FileMark now = mark_of(path_);
    const bool other = now != seen_;
    seen_ = now;
    return other;
  }

 private:
  std::string path_;
  FileMark seen_;
  std::uint64_t next_look_ns_ = 0;
};

}  // namespace vedette
