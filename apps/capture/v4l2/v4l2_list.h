// What `vedette cameras` shows of V4L2: every camera that this machine has, and what each can do. Any thread; opens each device
// for a moment, starts none, so a camera that another program uses is listed too.
#pragma once

#include <string>
#include <vector>

#include "capture/v4l2/v4l2_controls.h"
#include "capture/v4l2/v4l2_node.h"

namespace vedette::capture {

struct V4l2DeviceInfo {
  std::string path;                // /dev/video0
  std::vector<std::string> by_id;  // links that lead there: names that stay over restarts
  std::vector<std::string> by_path;
  V4l2Identity identity;
  std::string driver;
  std::vector<std::string> inputs;
  std::vector<V4l2FormatInfo> formats;
  std::vector<V4l2Control> controls;
};

struct V4l2DeviceList {
  std::vector<V4l2DeviceInfo> devices;  // by number; nodes that give no pictures (metadata, outputs, codecs) are left out
  std::vector<std::string> refused;     // nodes that this user may not open
};

V4l2DeviceList list_v4l2_devices();

}  // namespace vedette::capture
