// A camera through V4L2, by plain ioctls: opens the one that is asked for, sets it up, hands out its pictures as the driver wrote
// them.
//
// Thread-bound. Uses nothing else of the capture stage. The object outlives its camera: after an error close() and open() again,
// for ever; it remembers which camera it had, and open() refuses another one that got the same number (v4l2_find.h), so there is
// one V4l2Device a camera of the configuration. A camera that is pulled out ends in kUnavailable, never in a crash or a wait
// beyond the timeout.
//
// The queue is drained: next() hands out every buffer that is filled, oldest first, so nothing waits in the driver longer than
// the caller takes between two calls, whatever the rate that is asked of the caller. A caller that is later than the driver's
// four buffers loses the newest pictures; they are counted by their sequence numbers.
//
// Capture time is the driver's (CLOCK_MONOTONIC, UVC: start of exposure as far as the camera tells), the time of dequeuing where
// the driver's clock is another one or its stamp can't be right (before the stream's start, in the future, not after the last
// picture's).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "capture/v4l2/v4l2_choice.h"
#include "capture/v4l2/v4l2_format.h"
#include "capture/v4l2/v4l2_node.h"
#include "capture/v4l2/v4l2_queue.h"

namespace vedette::capture {

struct V4l2Frame {
  std::span<const std::byte> bytes;  // in the driver's buffer, or in the caller's
  std::uint64_t captured_at_ns = 0;  // strictly growing
  std::uint64_t sequence = 0;        // counts the device's pictures since open() or set_fps(), those that were lost included
  std::uint64_t cookie = 0;          // user buffers: queue_user()'s
  std::uint32_t buffer = 0;          // for release()
};

struct V4l2Counters {
  std::uint64_t frames = 0;     // handed out
  std::uint64_t lost = 0;       // gaps in the device's own numbering
  std::uint64_t damaged = 0;    // flagged by the driver, empty or shorter than a picture: not handed out
  std::uint64_t restamped = 0;  // got the time of dequeuing
};

struct V4l2Options {
  std::string device;  // /dev/video0, /dev/v4l/by-id/…, /dev/v4l/by-path/…, v4l2:NAME (card or bus)
  V4l2Wanted wanted;
  std::optional<std::uint32_t> input;  // none: as it stands
  std::vector<std::string> controls;   // "name=value", set in this order
  std::uint32_t buffers = 4;
  // Pictures go into the caller's memory (queue_user()) rather than into the driver's. kIncompatible if the driver can't: open()
  // again without. Makes sense for raw formats, whose layout() says how the driver lays them out.
  bool user_buffers = false;
  // What a picture costs in the end (decode it to planes, say). Given, `auto` measures the candidates when it opens the camera
  // first: up to a second each, least CPU time wins among those that reach the rate. Not given, the rate is measured and the cost
  // estimated.
  std::function<void(const V4l2Layout&, const V4l2Frame&)> consume;
  // Asked about ten times a second while that goes on; false: open() gives up (kUnavailable).
  std::function<bool()> idle;
};

class V4l2Device {
 public:
  explicit V4l2Device(V4l2Options options);
  ~V4l2Device();
  V4l2Device(const V4l2Device&) = delete;
  V4l2Device& operator=(const V4l2Device&) = delete;

  // Opens, sets up and starts the camera (user buffers: it starts with the first that is queued).
  // kNotFound: it isn't there. kUnavailable: it went away meanwhile. kBusy: another program has it. kPermissionDenied.
  // kInvalidArgument: it hasn't got the format, size, rate, input or control (the text says what it has), or is no camera.
  // kResourceExhausted: the USB bus is full. After any of them the device is closed.
  Result<> open();
  // Gives everything back. Frames handed out are no longer valid.
  void close();
  bool is_open() const { return queue_.has_value(); }
  bool lends_user_buffers() const { return options_.user_buffers; }

  // Waits until a picture is there and returns all that are, oldest first; none: the time is over. They are valid until the next
  // call of next(), set_fps() or close(), or until they are given to release(). kUnavailable: close() and open() again.
  Result<std::span<const V4l2Frame>> next(std::chrono::milliseconds timeout);
  // The driver may fill the frame's buffer again: for callers that take long over what next() returned. User buffers: the
  // caller's own again from next() on, this is not needed.
  Result<> release(const V4l2Frame& frame);

  // User buffers: lends memory of at least layout().image_bytes to the driver, until next() returns its cookie or
  // take_user_cookies() does. kResourceExhausted: the driver has as many as it takes. A damaged picture's memory is lent again by
  // itself.
  Result<> queue_user(std::span<std::byte> memory, std::uint64_t cookie);
  // Of the memory that the driver had when the stream was stopped by close(), set_fps() or a failed open().
  std::vector<std::uint64_t> take_user_cookies();

  // Another rate while the device runs (standby): the stream stops for a moment. Returns the rate that the device now has.
  // kInvalidArgument: it has no such rate at this size, and goes on as it was.
  Result<double> set_fps(double fps);

  const V4l2Layout& layout() const { return layout_; }
  const V4l2Counters& counters() const { return counters_; }                 // since the object was made
  const std::string& path() const { return path_; }                          // of the node that is or was open
  const std::optional<V4l2Identity>& identity() const { return identity_; }  // once it was open
  std::string description() const;                                           // "HD Pro Webcam C920: mjpeg 1920x1080, 30 fps"

 private:
  Result<> set_up();
  Result<V4l2Choice> choose();
  Result<> configure(const V4l2Choice& choice);
  Result<> start();
  // v4l2_measure.cpp
  struct Trial {
    double fps = 0;      // that was reached
    double cost_ns = 0;  // of a picture
  };
  Result<V4l2Choice> measure(const std::vector<V4l2Choice>& choices);
  Result<Trial> try_out(const V4l2Choice& choice);
  Result<> give_back_all();
  Result<bool> wait(std::chrono::milliseconds timeout);
  Result<> drain();
  void stamp(const V4l2Queue::Filled& filled, V4l2Frame& frame);
  bool is_whole(const V4l2Queue::Filled& filled) const;

  const V4l2Options options_;
  std::optional<V4l2Identity> identity_;
  std::optional<V4l2Choice> choice_;  // measured once, kept over reopens
  std::string path_;
  std::vector<V4l2FormatInfo> formats_;
  V4l2Layout layout_;
  V4l2Counters counters_;

  std::optional<V4l2Node> node_;
  std::optional<V4l2Queue> queue_;  // after the node: closed before it
  std::vector<V4l2Frame> frames_;
  std::vector<bool> handed_out_;
  std::vector<std::uint64_t> user_cookies_;
  std::uint64_t started_at_ns_ = 0;
  std::uint64_t last_stamp_ns_ = 0;
  std::uint64_t sequence_ = 0;
  std::optional<std::uint32_t> last_sequence_;
};

}  // namespace vedette::capture
