// Gate: does the model look at a frame, or is it spared? On guard it looks at all of them; else at what moves, for a while after
// the last motion, and now and then whatever happens: at what has come without a motion.
// Pure logic, time passed in (monotonic ns); thread-bound.
#pragma once

#include <cstdint>

#include "base/clock.h"

namespace vedette::detect {

class Gate {
 public:
  // `hold`: open so long after the last motion; `recheck`: the longest time between two looks of the model.
  Gate(Nanoseconds hold, Nanoseconds recheck) : hold_ns_(to_ns(hold)), recheck_ns_(to_ns(recheck)) {}

  // Of each frame, once.
  bool opens(bool moving, bool on_guard, std::uint64_t now_ns) {
    if (moving) held_until_ns_ = now_ns + hold_ns_;
    const bool open = on_guard || moving || now_ns < held_until_ns_ || now_ns >= recheck_at_ns_;
    if (open) recheck_at_ns_ = now_ns + recheck_ns_;
    return open;
  }

  // It opens for the next frame, as it does for the first.
  void reset() { recheck_at_ns_ = 0; }

 private:
  std::uint64_t hold_ns_;
  std::uint64_t recheck_ns_;
  std::uint64_t held_until_ns_ = 0;
  std::uint64_t recheck_at_ns_ = 0;
};

}  // namespace vedette::detect
