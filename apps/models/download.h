// One file over HTTP(S): resumable, checked, there whole or not at all. What came so far lies beside `path` as `path`.part, with
// where it came from in `path`.part.from; only one process at a time writes there. Proxies are those of the environment
// (https_proxy, no_proxy, …). Thread-bound.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "base/result.h"

namespace vedette::models {

struct Download {
  std::string url;
  std::string path;
  std::uint64_t bytes = 0;                                                     // that it has; 0: not known
  std::string sha256;                                                          // "": not known
  std::chrono::seconds stall{60};                                              // without a byte for so long: given up
  std::function<void(std::uint64_t done, std::uint64_t total)> progress = {};  // total 0: not known
  std::function<bool()> stopped = [] { return false; };
};

// A connection that breaks after it brought something is made anew, where the server can go on in the middle from there. One
// sentence that names the URL or the path: what the server said (404, …), nobody there, a broken connection (what came stays:
// calling again goes on), too little room, another size or checksum than expected (what came is removed). kUnavailable,
// "stopped", kBusy if somebody else is at it.
Result<> download(const Download& wanted);

}  // namespace vedette::models
