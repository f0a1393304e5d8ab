// Clips and pictures of MJPEG for the benchmarks: the soft picture of bench/support/jpeg_picture.h. Thread-bound.
#pragma once

#include <string>

namespace vedette::bench {

struct Clip {
  int width = 1920, height = 1080;
  double fps = 30;
  double seconds = 1;
};

// Exit codes; what goes wrong is said on stderr.
int write_clip(const std::string& path, const Clip& clip);
int write_picture(const std::string& path, int width, int height);

}  // namespace vedette::bench
