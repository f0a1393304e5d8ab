// What the tests in the virtual machine share: kernel modules, what this process holds open, and reading a few pictures.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "capture/v4l2/v4l2_device.h"
#include "capture/v4l2/v4l2_find.h"

namespace vedette::test {

using namespace std::chrono_literals;

// Longer than anything takes here: a watchdog.
inline constexpr std::chrono::milliseconds kPatience{10'000};

// Three cameras of the kernel's virtual video driver: /dev/video0 (webcam and HDMI), 1 (webcam), 2 (webcam, multi-planar).
inline constexpr char kLoadVivid[] =
    "modprobe vivid n_devs=3 node_types=1,1,1 num_inputs=2,1,1 input_types=12,0,0 multiplanar=1,1,2 vid_cap_nr=0,1,2";

inline bool run(const std::string& command) { return std::system(command.c_str()) == 0; }

inline std::size_t open_files() {
  const std::filesystem::directory_iterator files("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(files), end(files)));
}

inline std::size_t mappings_of(const std::string& what) {
  std::ifstream maps("/proc/self/maps");
  std::size_t count = 0;
  for (std::string line; std::getline(maps, line);) count += line.find(what) != std::string::npos ? 1 : 0;
  return count;
}

// A picture with its bytes copied out.
struct Picture {
  capture::V4l2Frame frame;
  std::vector<std::byte> bytes;
  std::uint64_t taken_at_ns = 0;  // when next() handed it out
};

// At least `count` pictures, all that come with the last; fewer when the device fails (`error` says why) or gives none.
inline std::vector<Picture> read_pictures(capture::V4l2Device& device, std::size_t count, Error* error = nullptr) {
  std::vector<Picture> pictures;
  while (pictures.size() < count) {
    const auto frames = device.next(kPatience);
    if (!frames.ok()) {
      if (error != nullptr) *error = frames.error();
      break;
    }
    if (frames->empty()) break;
    const std::uint64_t now = monotonic_ns();
    for (const auto& frame : *frames) pictures.push_back({frame, {frame.bytes.begin(), frame.bytes.end()}, now});
  }
  return pictures;
}

inline capture::V4l2Options options_for(const std::string& device, capture::V4l2Format format, std::uint32_t width = 0,
                                        std::uint32_t height = 0, double fps = 0) {
  capture::V4l2Options options;
  options.device = device;
  options.wanted = {format, width, height, fps};
  return options;
}

// The error of opening it, or a made-up one that no test expects.
inline Error error_of(const capture::V4l2Options& options) {
  capture::V4l2Device device(options);
  auto opened = device.open();
  return opened.ok() ? Error{ErrorCode::kIo, "it opened: " + device.description()} : opened.error();
}

// Capture nodes of that card that are there now.
inline std::size_t cameras_called(const std::string& card) {
  std::size_t count = 0;
  for (const std::string& path : capture::v4l2_paths()) {
    const auto node = capture::V4l2Node::open(path);
    count += node.ok() && node->identity().card == card ? 1 : 0;
  }
  return count;
}
inline void wait_until_gone(const std::string& card) {
  for (int i = 0; i < 1000 && cameras_called(card) > 0; ++i) std::this_thread::sleep_for(20ms);
}

inline bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace vedette::test
