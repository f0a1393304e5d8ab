// For tests with one side of the bus stopped or killed at every single machine instruction of a window: a child is single-stepped
// n instructions into it, for n = 0, 1, 2, … up to its end; what the test then does is thus interleaved with the child in every
// way that there is at instruction level (on one CPU: reordering is the torture's).
#pragma once

#include <cstdio>
#include <functional>
#include <string>

#include "support/bus_fixture.h"
#include "support/stepped_child.h"

namespace vedette::test {

class EveryInstructionFixture : public BusFixture {
 protected:
  static constexpr std::size_t kMaxWindow = 100'000;
  EveryInstructionFixture() { stay_on_one_cpu(); }

  // Runs `round` with a child that is n instructions into its window, for every n.
  void at_every_instruction(const std::function<int()>& body, const std::function<void(SteppedChild&)>& round) {
    for (std::size_t n = 0; n < kMaxWindow; ++n) {
      SCOPED_TRACE("after " + std::to_string(n) + " instructions");
      SteppedChild child(body);
      bool inside = true;
      for (std::size_t i = 0; i < n && inside; ++i) inside = child.step();
      round(child);
      if (HasFailure()) return;
      if (!inside) {
        RecordProperty("instructions", static_cast<int>(n));
        std::printf("window of %zu instructions\n", n);
        EXPECT_GT(n, 100u) << "a window that short holds no publication";
        return;
      }
    }
    FAIL() << "the window doesn't end";
  }
};

}  // namespace vedette::test
