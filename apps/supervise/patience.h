// How long a new supervisor waits for the stages of one that was killed: the kernel kills them too, but a big process dies
// slowly.
#pragma once

#include <chrono>

namespace vedette::supervise {

inline constexpr std::chrono::seconds kPatience{5};
inline constexpr std::chrono::milliseconds kLookAgain{20};

}  // namespace vedette::supervise
