// Liveness: turns "alive now?" into the two moments that people want to be told of: lost, and back. Pure logic, thread-bound.
#pragma once

#include <cstdint>

#include "base/clock.h"

namespace vedette::control {

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
