// One photo instead of cameras: `vedette-detect --image photo.jpg`.
#pragma once

#include <string>

#include "base/result.h"
#include "model/detector.h"

namespace vedette::detect {

// {"family":…,"width":…,"height":…,"boxes":[{"class":…,"score":…,"x":…,"y":…,"width":…,"height":…}]}: positions relative to the
// photo.
Result<std::string> look_at_photo(const std::string& path, model::Detector& detector);

}  // namespace vedette::detect
