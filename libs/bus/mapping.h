// Mapping: owns one shared mapping of a whole file. Not inherited by a forked child. Thread-bound; the memory itself is
// process-shared.
//
// A guarded mapping survives its file being truncated by somebody else (any group reader may do that to a lease file, the owner
// to any): the first access beyond the new end would be SIGBUS; the handler puts zero pages in its place and tripped() becomes
// true. Whoever relies on the contents asks tripped() after reading and gives the files up.
#pragma once

#include <atomic>
#include <cstddef>
#include <utility>

#include "base/result.h"

namespace vedette::bus {

class Mapping {
 public:
  enum class Access { kRead, kReadWrite };

  Mapping() = default;
  // Maps `bytes` of `fd` and prefaults them; from 2 MiB up at an address that lets huge pages of the file be mapped as such.
  static Result<Mapping> map(int fd, std::size_t bytes, Access access, bool guarded = false);
  Mapping(Mapping&& other) noexcept { *this = std::move(other); }
  Mapping& operator=(Mapping&& other) noexcept {
    if (this == &other) return *this;
    unmap();
    data_ = std::exchange(other.data_, nullptr);
    bytes_ = std::exchange(other.bytes_, 0);
    guard_ = std::exchange(other.guard_, -1);
    tripped_ = std::exchange(other.tripped_, nullptr);
    owner_ = other.owner_;
    return *this;
  }
  ~Mapping() { unmap(); }

  std::byte* data() const { return data_; }
  std::size_t size() const { return bytes_; }
  bool tripped() const { return tripped_ != nullptr && tripped_->load(std::memory_order_seq_cst); }

 private:
  void unmap();
  std::byte* data_ = nullptr;
  std::size_t bytes_ = 0;
  int guard_ = -1;                              // index into the table of guarded ranges
  const std::atomic<bool>* tripped_ = nullptr;  // there
  int owner_ = 0;                               // process that has it: at the same place a forked child may have something else
};

}  // namespace vedette::bus
