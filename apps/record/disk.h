// Disk: whether there is room to record. Shared by all cameras: thread-safe.
//
// Too little free space, or a write that failed, stops recording; it is looked at again once a second, after a failed write ten
// seconds later.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "base/result.h"

namespace vedette::record {

class Disk {
 public:
  Disk(std::string folder, std::uint64_t least_free) : folder_(std::move(folder)), least_free_(least_free) {}

  // Looks at the file system if the last look was a second ago.
  bool has_room();
  // Something could not be written, and not because of what it was.
  void failed(const Error& error);

  struct Change {
    bool stopped = false;  // else: recording goes on
    std::string why;
  };
  // What an earlier process of ours told last.
  void resume(bool stopped);
  // What became of it since the last call; none: nothing. For one caller.
  std::optional<Change> take_change();

 private:
  void look();

  const std::string folder_;
  const std::uint64_t least_free_;
  std::mutex mutex_;
  std::uint64_t next_look_ns_ = 0;
  bool room_ = true;
  bool told_room_ = true;
  std::string why_;
};

// The disk's fault: another disk would have taken it.
bool is_of_disk(const Error& error);

}  // namespace vedette::record
