// One open V4L2 node: who it is, what pictures it has, and its errors in our words. Plain ioctls, no libv4l.
//
// Thread-bound. Knows nothing of streaming (v4l2_queue.h) or of what is asked for (v4l2_choice.h). A camera that is pulled out
// makes every call fail with kUnavailable; the node is then good for nothing but being closed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace vedette::capture {

// The formats that the capture stage takes. kAuto: whichever costs least (v4l2_choice.h).
enum class V4l2Format { kAuto, kMjpeg, kYuyv, kNv12, kGrey };
std::string_view to_string(V4l2Format format);                           // as in the config: "mjpeg"
std::optional<V4l2Format> v4l2_format_of(std::string_view config_word);  // none: no such word
std::optional<V4l2Format> v4l2_format_of(std::uint32_t fourcc);          // none: not one of ours
std::string fourcc_text(std::uint32_t fourcc);                           // "YUYV"

// What tells one camera from another. USB cameras of one model differ in `bus` (the port); the nodes of one camera in `index`.
struct V4l2Identity {
  std::string card;  // "HD Pro Webcam C920", at most 31 bytes
  std::string bus;   // "usb-0000:00:14.0-2"
  std::uint32_t index = 0;

  bool operator==(const V4l2Identity&) const = default;
};
std::string to_text(const V4l2Identity& identity);  // "HD Pro Webcam C920" (usb-0000:00:14.0-2)

// Time from picture to picture in seconds, as V4L2 has it.
struct V4l2Interval {
  std::uint32_t numerator = 0;
  std::uint32_t denominator = 0;

  double fps() const { return numerator == 0 ? 0.0 : static_cast<double>(denominator) / numerator; }
  bool operator==(const V4l2Interval&) const = default;
};

struct V4l2Size {
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  std::vector<V4l2Interval> intervals;  // shortest first; empty: the driver doesn't say
  bool any_interval = false;            // everything between the first and the last, too
};

struct V4l2FormatInfo {
  std::uint32_t fourcc = 0;
  std::string description;
  std::vector<V4l2Size> sizes;  // of a driver with a range of sizes: its smallest, 1920x1080 if within, its largest
  // A driver with a range: every size between the smallest and the largest in these steps; 0: only the sizes listed.
  std::uint32_t step_width = 0;
  std::uint32_t step_height = 0;
};

// "MJPG 1280x720 (30, 15 fps), 640x480 (30 fps); YUYV 640x480 (30 fps); not taken: H264"
std::string to_text(const std::vector<V4l2FormatInfo>& formats);

// ioctl, again when a signal came between. 0 or errno.
int v4l2_ioctl(int fd, unsigned long request, void* argument);
// kUnavailable when the device is gone, kBusy when another program has it, kResourceExhausted when the USB bus is full.
Error v4l2_error(const std::string& what, int errno_value);

class V4l2Node {
 public:
  // kNotFound: no such node. kInvalidArgument: not a V4L2 capture device that streams. kPermissionDenied, kUnavailable.
  static Result<V4l2Node> open(const std::string& path);

  int fd() const { return fd_.get(); }
  const std::string& path() const { return path_; }
  const V4l2Identity& identity() const { return identity_; }
  const std::string& driver() const { return driver_; }
  std::uint32_t buffer_type() const { return buffer_type_; }  // V4L2_BUF_TYPE_VIDEO_CAPTURE or …_MPLANE
  bool multiplanar() const;

  // All pixel formats with their sizes and rates, of the input that is selected.
  std::vector<V4l2FormatInfo> formats() const;
  // Names of the inputs, by number.
  std::vector<std::string> inputs() const;
  // kInvalidArgument names those that there are; kBusy.
  Result<> select_input(std::uint32_t input);

 private:
  V4l2Node() = default;

  UniqueFd fd_;
  std::string path_;
  V4l2Identity identity_;
  std::string driver_;
  std::uint32_t buffer_type_ = 0;
};

}  // namespace vedette::capture
