// A camera whose frames a benchmark publishes itself: the detailed test picture, 1080p I420, in <camera>/frames as capture would
// have it. A square wanders over it, so that something moves, or nothing does. Owner: the calling thread.
#pragma once

#include <string>

#include "bench/support/frame_in_slot.h"
#include "bench/support/picture_image.h"
#include "bus/ring.h"

namespace vedette::bench {

class Camera {
 public:
  Camera(const std::string& bus, const std::string& name);

  // Writes the next picture and publishes it; returns its frame id.
  std::uint64_t publish(bool moving);
  // CLOCK_MONOTONIC right before the last one was handed over: its pixels had been written by then.
  std::uint64_t published_at_ns() const { return published_at_ns_; }
  // Sign of life, every 250 ms.
  void beat() { frames_.beat(); }

  const bus::BusDir& dir() const { return dir_; }
  const std::string& name() const { return name_; }

 private:
  bus::BusDir dir_;
  std::string name_;
  bus::RingWriter frames_;
  vision::Image picture_ = picture_image(kDetailed);
  std::uint64_t number_ = 0;
  std::uint64_t published_at_ns_ = 0;
};

}  // namespace vedette::bench
