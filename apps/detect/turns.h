// Turns: which camera the model looks at next when several have a frame for it. What is shared is time, not turns: a camera whose
// frames take longer, or come more often, gets no more of it than the others, and one that wants less than its share gets what it
// wants. Start-time fair queueing (Goyal, Vin, Cheng 1996): a look begins, in virtual time, where the camera's last one ended or
// where the look under way began, whichever is later, so that nobody saves up time while it wants none.
// Pure logic; thread-bound.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

namespace vedette::detect {

class Turns {
 public:
  explicit Turns(std::size_t cameras) : end_(cameras), order_(cameras) {
    std::iota(order_.begin(), order_.end(), std::size_t{0});
  }

  // All cameras, the one whose turn it is first; good until the next call.
  std::span<const std::size_t> order() {
    std::sort(order_.begin(), order_.end(),
              [this](std::size_t a, std::size_t b) { return end_[a] != end_[b] ? end_[a] < end_[b] : a < b; });
    return order_;
  }

  // A frame of `camera` took so long.
  void spend(std::size_t camera, std::uint64_t ns) {
    now_ = std::max(now_, end_[camera]);
    end_[camera] = now_ + ns;
  }

 private:
  std::uint64_t now_ = 0;           // virtual: where the last look began
  std::vector<std::uint64_t> end_;  // virtual: where each camera's last look ended
  std::vector<std::size_t> order_;
};

}  // namespace vedette::detect
