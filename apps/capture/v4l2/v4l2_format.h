// Setting a device's format and rate, and what they mean for the bytes of a picture. Thread-bound, as the node.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/result.h"
#include "capture/v4l2/v4l2_choice.h"
#include "capture/v4l2/v4l2_node.h"
#include "schema/frame.h"

namespace vedette::capture {

// How the pictures of an open device lie in its buffers.
struct V4l2Layout {
  V4l2Format format = V4l2Format::kYuyv;
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  std::uint32_t bytes_per_line = 0;  // of the first plane (NV12: of both); MJPEG: 0
  std::size_t image_bytes = 0;       // a raw picture has so many, a JPEG at most so many
  double fps = 0;                    // that the device is set to; 0: it doesn't say
  ColorMatrix matrix = ColorMatrix::BT601;
  ColorRange range = ColorRange::Limited;
};

// Sets the format. kInvalidArgument: the driver made something else of it. kBusy. The layout's fps stays 0.
Result<V4l2Layout> set_v4l2_format(const V4l2Node& node, const V4l2Choice& choice);

// Sets the rate (0/0: leaves it); returns the one that the device has then, 0/0 where it doesn't say.
Result<V4l2Interval> set_v4l2_interval(const V4l2Node& node, const V4l2Interval& interval);

// Least bytes of a whole picture of a raw format; 1 for MJPEG.
std::size_t raw_image_bytes(const V4l2Layout& layout);

}  // namespace vedette::capture
