// `vedette mot`: how well the tracker follows, on MOT Challenge files or on made-up scenes whose truth is known.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace vedette::tools {

struct MotOptions {
  std::string truth, detections;  // files; none: the made-up scenes
  std::string output;             // file for the tracks, or with `generate` the folder for a scene's two files
  std::string generate;           // a scene's name
  double fps = 0;                 // 0: 30; made-up scenes are measured at 3, 10 and 30
  std::string size;               // of the pictures, "1920x1080"; "": as far as boxes reach
  std::uint32_t seed = 1;
  std::string fit = "likelihood";
  std::vector<std::string> without;  // parts of the tracker
  bool json = false;
};

Result<> mot(const MotOptions& options);

}  // namespace vedette::tools
