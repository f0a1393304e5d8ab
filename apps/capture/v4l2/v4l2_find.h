// Where the camera that was asked for is now, and waiting for it to come back.
//
// A device is asked for by a path (/dev/video0, /dev/v4l/by-id/…, /dev/v4l/by-path/…) or as "v4l2:NAME", NAME being its card or
// its bus as `vedette cameras` shows them. Numbers of /dev/video* are given out anew whenever a camera is plugged in, so a camera
// asked for by number is looked for by what it was when it was opened first. Nothing here ever picks a camera that only resembles
// the one meant. find_v4l2: any thread. V4l2Watch: thread-bound.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "capture/v4l2/v4l2_node.h"

namespace vedette::capture {

inline constexpr std::string_view kV4l2NamePrefix = "v4l2:";

// Every /dev/video*, by number, whatever it is.
std::vector<std::string> v4l2_paths();

// The node of the device asked for, open; `known`: what it was the last time. kNotFound: it isn't there now, says what is.
// kInvalidArgument: the name fits several, or it isn't a camera.
Result<V4l2Node> find_v4l2(const std::string& device, const std::optional<V4l2Identity>& known);

// Tells when device nodes or their links come, go or change their permissions.
class V4l2Watch {
 public:
  static Result<V4l2Watch> create();
  // True as soon as something has changed since create() or the last call; false after `timeout`.
  bool changed(std::chrono::milliseconds timeout);

 private:
  explicit V4l2Watch(UniqueFd fd) : fd_(std::move(fd)) {}
  void watch_folders();

  UniqueFd fd_;
};

// Until the device can be opened (true) or the time is over.
bool wait_for_device(const std::string& device, const std::optional<V4l2Identity>& known, std::chrono::milliseconds timeout);

}  // namespace vedette::capture
