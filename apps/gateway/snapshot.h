// A snapshot that isn't the camera's own file: drawn on, or smaller. Pure functions, thread-safe; take some 10 ms.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/result.h"
#include "gateway/camera_hub.h"

namespace vedette::gateway {

inline constexpr std::uint32_t kLeastSnapshotWidth = 16;

// What was asked for.
struct SnapshotWish {
  std::uint32_t width = 0;  // pixels; 0: the picture's own. Nothing is enlarged.
  bool boxes = false;       // what was detected is drawn

  bool as_it_is() const { return width == 0 && !boxes; }
};

// From ?width= and ?boxes=; the Error says what was expected.
Result<SnapshotWish> parse_snapshot_wish(const Target& target);

// `picture` is a JPEG; `found` may be null: nothing is drawn. kCorrupt: it can't be decoded.
Result<std::vector<std::byte>> render_snapshot(const Picture& picture, const DetectedFrame* found, const SnapshotWish& wish);

}  // namespace vedette::gateway
