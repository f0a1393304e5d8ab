// Which of a device's formats, sizes and rates to take. Pure functions of what the device offers; thread-safe.
//
// Size: the one asked for, else the largest up to 1920x1080 that any format in question has.
// Rate: the slowest that is at least what is asked for, else the fastest at that size.
// Format `auto`: of the formats that reach the rate at that size, the one that costs least CPU time from the kernel's copy to
// planes in memory (estimated_ns): raw is cheaper than JPEG wherever the bus carries it, and a camera doesn't offer a rate that
// its bus doesn't carry, which is why 1080p over USB 2 is MJPEG (YUYV has 5 fps there). A format with colour comes before one
// without. V4l2Device measures the candidates where there are several (rate that is really reached, CPU time that its user really
// takes) and overrules the estimate.
#pragma once

#include <vector>

#include "base/result.h"
#include "capture/v4l2/v4l2_node.h"

namespace vedette::capture {

struct V4l2Wanted {
  V4l2Format format = V4l2Format::kAuto;
  std::uint32_t width = 0;  // both 0: the largest up to 1920x1080
  std::uint32_t height = 0;
  double fps = 0;  // 0: the fastest at that size
};

struct V4l2Choice {
  V4l2Format format = V4l2Format::kYuyv;
  std::uint32_t fourcc = 0;
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  V4l2Interval interval;  // 0/0: the driver doesn't say which it has, it is left as it is

  bool operator==(const V4l2Choice&) const = default;
};

// Candidates, the best by estimate first; all have the same size and reach the same rate. kInvalidArgument: there is none, and
// the text says what the device has.
Result<std::vector<V4l2Choice>> v4l2_choices(const std::vector<V4l2FormatInfo>& formats, const V4l2Wanted& wanted);

// CPU time that a picture is expected to take, in nanoseconds.
double estimated_ns(V4l2Format format, std::uint32_t width, std::uint32_t height);

// Of one size's intervals the longest that gives at least `fps` (0: the shortest). None: not one of them is fast enough.
std::optional<V4l2Interval> fitting_interval(const V4l2Size& size, double fps);

}  // namespace vedette::capture
