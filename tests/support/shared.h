// Shared<T>: anonymous memory that a test and its forked children share, for what they tell each other. T: atomics only. The
// children that get it by fork() may outlive it. SharedCount: how far somebody got.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>

namespace vedette::test {

template <typename T>
class Shared {
 public:
  Shared() : it_(new (::mmap(nullptr, sizeof(T), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)) T{}) {}
  Shared(const Shared&) = delete;
  ~Shared() { ::munmap(it_, sizeof(T)); }
  T& operator*() const { return *it_; }
  T* operator->() const { return it_; }

 private:
  T* it_;
};

class SharedCount : public Shared<std::atomic<std::uint64_t>> {
 public:
  void await(std::uint64_t least) const {  // ctest's time limit is the watchdog
    while (**this < least) ::usleep(200);
  }
};

}  // namespace vedette::test
