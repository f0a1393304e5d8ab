// What is removed when: events and continuous recordings that are too old or too many, the oldest first; favourites stay.
// Called by one thread now and then; reads and writes the store alone.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "store/store.h"

namespace vedette::record {

struct RetentionLimits {
  std::int64_t keep_ms = 0;
  std::uint64_t most = 0;  // bytes
  std::int64_t keep_continuous_ms = 0;
  std::uint64_t most_continuous = 0;
};

struct Removed {
  std::uint64_t events = 0;
  std::uint64_t segments = 0;
  std::string failed;  // why something is still there that is to go; "": nothing is
};

// What can't be removed is passed over, up to a hundred of each.
Removed enforce(store::Store& store, const RetentionLimits& limits, std::int64_t now_ms);

}  // namespace vedette::record
