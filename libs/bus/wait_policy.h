// WaitPolicy: how a reader waits for the next record.
//   block         sleeps in the kernel; the writer wakes it (some 20 us later). Costs nothing. The default.
//   spin          looks at the topic's head all the time: sees a record within a fraction of a microsecond and costs the writer
//   no
//                 system call, but keeps a core at 100 %. Refused unless the thread has a core of its own: see may_spin().
//   hybrid(50us)  spins so long, then blocks: for records that come soon after one another, on any core.
// Plain value; may_spin() looks at the calling thread.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace vedette::bus {

struct WaitPolicy {
  enum class Kind { kBlock, kSpin, kHybrid };
  static constexpr Nanoseconds kLeastSpin = std::chrono::microseconds(1);
  static constexpr Nanoseconds kMostSpin = std::chrono::milliseconds(100);
  static constexpr std::string_view kExpected =
      "block, spin, or hybrid with a time from 1us to 100ms in whole us or ms, such as hybrid(50us)";

  Kind kind = Kind::kBlock;
  Nanoseconds spin{0};  // kHybrid: how long before it blocks

  static WaitPolicy blocking() { return {}; }
  static WaitPolicy spinning() { return {Kind::kSpin, Nanoseconds::zero()}; }
  static WaitPolicy hybrid(Nanoseconds spin) { return {Kind::kHybrid, spin}; }

  // "block", "spin", "hybrid(50us)", "hybrid(2ms)".
  static Result<WaitPolicy> parse(std::string_view text);
  std::string text() const;  // parse() makes the same of it, but for parts of a microsecond

  // How long one wait spins at most.
  Nanoseconds longest_spin() const { return kind == Kind::kSpin ? Nanoseconds::max() : spin; }
  bool operator==(const WaitPolicy&) const = default;
};

// May the calling thread spin? Only if it may run on exactly one core, the machine has another one, and no cgroup quota is below
// one core (the kernel would stop it for the rest of each period). That nobody else runs on that core is up to whoever chose it.
// The Error says what to do.
Result<> may_spin();

// Result of set_wait_policy(): may_spin() for spin, a time in range for hybrid.
Result<> check(const WaitPolicy& policy);

}  // namespace vedette::bus
