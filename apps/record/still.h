// Still: one picture out of a camera's bitstream, by its capture time. Thread-bound; keeps its decoder's buffers no longer than
// a call.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "bus/log.h"
#include "libav/libav.h"
#include "vision/image_view.h"

namespace vedette::record {

struct Still {
  std::uint64_t frame_id = 0;
  std::uint64_t captured_at_ns = 0;
  vision::Image picture;        // I420
  std::vector<std::byte> jpeg;  // as the camera sent it; empty: it doesn't send JPEGs
};

// The picture nearest to `at_ns` of what `reader`, which stands at a keyframe not after it, has to come. kNotFound: there is none
// that can be decoded. Decodes from the keyframe on.
Result<Still> take_still(bus::LogReader& reader, std::uint64_t at_ns);

// A decoded picture in any format as I420, colours as they are; false: libav can't.
bool to_i420(const AVFrame& frame, vision::Image& out);

}  // namespace vedette::record
