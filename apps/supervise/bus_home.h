// BusHome: the bus directory for the time that one supervisor uses it: one supervisor at a time, what a killed predecessor left
// is cleared at the start, and nothing is left at the end. Thread-bound.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "bus/directory.h"
#include "bus/lock_file.h"

namespace vedette::supervise {

class BusHome {
 public:
  // kBusy while another supervisor has it, or somebody else writes one of the topics `wanted` (a stage that runs by hand). Other
  // topics may live: a camera or a stage in somebody's own program. `path` "" means the default.
  // The stages of a supervisor that was killed are ending: waited for, a few seconds at most.
  static Result<BusHome> open(const std::string& path, const std::vector<bus::TopicName>& wanted);
  BusHome(BusHome&&) noexcept = default;
  BusHome& operator=(BusHome&&) noexcept = default;
  ~BusHome();

  // At an address of its own: bus readers keep a pointer to it.
  const bus::BusDir& dir() const { return *dir_; }
  // The supervisor before this one was killed.
  bool had_killed_predecessor() const { return had_killed_predecessor_; }

 private:
  BusHome(std::unique_ptr<bus::BusDir> dir, bus::LockFile lock, bool had_killed_predecessor)
      : dir_(std::move(dir)), lock_(std::move(lock)), had_killed_predecessor_(had_killed_predecessor) {}
  std::unique_ptr<bus::BusDir> dir_;
  bus::LockFile lock_;
  bool had_killed_predecessor_ = false;
};

}  // namespace vedette::supervise
