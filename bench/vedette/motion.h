// Figures of the motion gate: a look at a 1080p I420 picture that stands still, with a camera's noise. One process.
#pragma once

#include "bench/support/result.h"

namespace vedette::bench {

// One look after the other, at pictures that lie in memory, not in the caches: more of them than those hold.
Value motion_1080p();
// Three a second, as in Standby.
Value motion_1080p_seldom();

}  // namespace vedette::bench
