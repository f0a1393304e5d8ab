// Beat: is a topic's writer alive now? Liveness: turns that into the two moments that people want to be told of: lost, and back.
// Pure logic, thread-bound.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "base/clock.h"
#include "bus/ring.h"

namespace vedette::control {

// No sign of life for so long: gone. A stage that restarts within it (its topic may be away meanwhile) isn't missed.
inline constexpr Nanoseconds kStale = std::chrono::seconds(2);

class Beat {
 public:
  bool fresh(const std::optional<bus::TopicStats>& stats, std::uint64_t now_ns) {
    if (stats) newest_ns_ = std::max(newest_ns_, std::min(stats->beat_at_ns, now_ns));
    return newest_ns_ != 0 && now_ns - newest_ns_ <= to_ns(kStale);
  }

 private:
  std::uint64_t newest_ns_ = 0;
};

class Liveness {
 public:
  enum class Edge { kNone, kLost, kBack };

  // At start nothing has been seen yet: lost only after `grace` (a model takes its time to load).
  Liveness(Nanoseconds grace, std::uint64_t now_ns) : unseen_until_ns_(now_ns + to_ns(grace)) {}

  // A predecessor has told already that it was lost.
  void resume_lost() { state_ = State::kLost; }

  Edge update(bool alive, std::uint64_t now_ns) {
    if (alive) {
      const bool back = state_ == State::kLost;
      state_ = State::kAlive;
      return back ? Edge::kBack : Edge::kNone;
    }
    if (state_ == State::kLost || (state_ == State::kUnseen && now_ns < unseen_until_ns_)) return Edge::kNone;
    state_ = State::kLost;
    return Edge::kLost;
  }

 private:
  enum class State { kUnseen, kAlive, kLost };
  State state_ = State::kUnseen;
  std::uint64_t unseen_until_ns_;
};

}  // namespace vedette::control
