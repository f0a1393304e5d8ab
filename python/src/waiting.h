// What all waits of Python threads share: slices between looks at Python's signals, seconds, a lock that is fair. Thread-safe.
#pragma once

#include <algorithm>
#include <chrono>
#include <mutex>

#include "base/clock.h"

namespace vedette::python {

// How long a wait goes on without a look at Python's signals.
inline constexpr Nanoseconds kSlice = std::chrono::milliseconds(50);

// A million seconds at most: what a double holds and a clock can add.
inline Nanoseconds duration_of(double seconds) {
  return std::chrono::duration_cast<Nanoseconds>(std::chrono::duration<double>(seconds > 0 ? std::min(seconds, 1e6) : 0.0));
}

// Lets nobody in twice before who came in between: a thread that waits for news takes it again and again, others want it too.
class FairMutex {
 public:
  void lock() {
    const std::lock_guard at_the_door(door_);
    room_.lock();
  }
  void unlock() { room_.unlock(); }

 private:
  std::mutex door_, room_;
};

}  // namespace vedette::python
