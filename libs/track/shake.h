// Shake: did the camera jump? Objects don't all go the same unexpected way at once; a picture that was pushed does.
//
// Every pair of a predicted box and a seen one is a jump that may have been; the one that brings the most predictions to a seen
// box is it, if that is most of them and they weren't there without it. Thread-bound; allocates only while it meets more boxes.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "track/box.h"

namespace vedette::track {

struct Jump {
  double x = 0, y = 0;  // parts of the picture
};

class Shake {
 public:
  // `predicted`: objects whose velocity is known. Nothing if there are less than kLeastObjects, or no jump.
  std::optional<Jump> find(std::span<const Box> predicted, std::span<const Box> seen);

  static constexpr std::size_t kLeastObjects = 3;

 private:
  std::size_t agreeing(const Jump& jump, std::span<const Box> predicted, std::span<const Box> seen);

  std::vector<double> off_x_, off_y_;  // of those that agree: how far from where the jump brings them
};

}  // namespace vedette::track
