// Stillness: is a camera's picture so still that the model can be spared? Looks at each frame where it moves and publishes that
// as <cam>/motion under the frame's id, so that no other stage has to find it out again. Owner: the Camera; thread-bound. Doesn't
// allocate while the pictures keep their size.
#pragma once

#include <cstdint>
#include <string>

#include "bus/ring.h"
#include "config/config.h"
#include "detect/gate.h"
#include "schema/motion.h"
#include "vision/motion.h"

namespace vedette::detect {

struct StillnessOptions {
  vision::MotionOptions motion;
  Nanoseconds hold{0};  // as of Gate
  Nanoseconds recheck{0};
};
StillnessOptions stillness_options(const MotionConfig& config, const std::vector<ZoneConfig>& zones);

class Stillness {
 public:
  // Creates (or takes over) <camera>/motion. `dir` outlives it.
  static Result<Stillness> open(const bus::BusDir& dir, const std::string& camera, const StillnessOptions& options,
                                const BusConfig& bus);

  // Of each frame, once. `on_guard`: something is being followed, or nobody knows whether: nothing is spared.
  struct Answer {
    bool spared = false;     // there is nothing to look for on this frame
    bool published = false;  // false: no free slot
  };
  Answer look(const FrameInfo& frame, const vision::ImageView& image, bool on_guard, std::uint64_t now_ns);

  // Other zones or thresholds, from the next frame on; what is usual is learnt anew.
  void set_motion(const vision::MotionOptions& options) { motion_ = vision::MotionGate(options); }
  // Another model: it sees the next frame.
  void forget() { gate_.reset(); }
  void beat() { topic_.beat(); }

 private:
  Stillness(const StillnessOptions& options, bus::RingWriter topic);
  bool publish(const FrameInfo& frame, const vision::MotionResult& seen, bool spared);

  vision::MotionGate motion_;
  Gate gate_;
  bus::RingWriter topic_;
};

}  // namespace vedette::detect
