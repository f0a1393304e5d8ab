// PacketTrail: the packets of inter-coded video since the keyframe before the newest, for all viewers that follow it. A viewer
// has no queue of its own, only a place in the trail: who reads slowly holds nobody up and takes no memory; who has fallen behind
// goes on at the newest keyframe, as does who comes anew.
//
// Thread-safe: a camera's feed pushes, viewers' outboxes take.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>

#include "gateway/picture.h"

namespace vedette::gateway {

class PacketTrail {
 public:
  // So far behind the newest packet, by time of capture, a viewer may be, once there is a newer keyframe to go on at.
  static constexpr std::uint64_t kMostBehindNs = 1'000'000'000;
  // A camera that never sends a keyframe must not take all memory: beyond this who is up to date stays so, who comes waits for
  // one.
  static constexpr std::size_t kMostBytes = 48u << 20;

  struct Place {
    bool begun = false;      // else at the newest keyframe
    std::uint64_t next = 0;  // number of the packet
  };
  struct Step {
    PicturePtr packet;          // null: none is to be had now
    std::uint64_t skipped = 0;  // packets passed over since the last step
  };

  // Belongs to the feed.
  void push(PicturePtr packet);
  void clear();

  Step step(Place& place) const;

 private:
  void forget(std::uint64_t before);
  const PicturePtr& at(std::uint64_t number) const { return packets_[static_cast<std::size_t>(number - first_)]; }

  mutable std::mutex mutex_;
  std::deque<PicturePtr> packets_;  // numbered first_, first_ + 1, …
  std::uint64_t first_ = 1;
  std::uint64_t end_ = 1;
  std::uint64_t keyframe_ = 0;  // the newest one; 0, or less than first_: there is none
  std::size_t bytes_ = 0;
};

}  // namespace vedette::gateway
