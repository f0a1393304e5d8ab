// Liveness by the kernel: an OFD byte-range lock that falls when its holder ends, however it ends, across pid namespaces too.
// Each LockFile is an open file description of its own: never mapped (a mapping would keep the lock), never dup'ed, closed in a
// forked child. Thread-bound; the registry behind it is thread-safe.
#pragma once

#include <cstdint>

#include "base/unique_fd.h"

namespace vedette::bus {

class LockFile {
 public:
  LockFile() = default;
  explicit LockFile(UniqueFd fd);
  LockFile(LockFile&& other) noexcept;
  LockFile& operator=(LockFile&& other) noexcept;
  ~LockFile();

  int fd() const { return fd_; }
  // Write-locks one byte without waiting. False: somebody else holds it.
  bool try_lock(std::int64_t offset) const;
  void unlock(std::int64_t offset) const;

 private:
  void enlist();
  void close();
  friend struct LockRegistry;
  int fd_ = -1;
};

}  // namespace vedette::bus
