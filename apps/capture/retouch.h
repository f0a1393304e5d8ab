// Retouch: what a picture goes through in private memory before anybody may see it: masks and orientation. Thread-bound.
#pragma once

#include <vector>

#include "config/config.h"
#include "vision/orient.h"

namespace vedette::capture {

class Retouch {
 public:
  // The polygons are relative to the picture as the camera gives it.
  Retouch(const vision::Orientation& orientation, const std::vector<Polygon>& masks);

  bool none() const { return orientation_.none() && mask_.empty(); }
  // The size of a picture afterwards, or the size to ask for one.
  PictureSize turned(PictureSize size) const { return orientation_.turns() ? PictureSize{size.height, size.width} : size; }
  // The finished picture, valid until the next call.
  vision::ImageView apply(const vision::ImageView& in);

 private:
  const vision::Orientation orientation_;
  vision::Mask mask_;  // of the turned picture
  vision::Image image_;
};

// From `rotate` and `flip` of a camera's configuration.
vision::Orientation orientation_of(const CameraConfig& camera);

}  // namespace vedette::capture
