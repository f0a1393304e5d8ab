// A camera that isn't there: vision's test pattern, whose frame number and time can be read from the pixels, for measuring
// latency and for tests.
//
//   synthetic:                                          1280x720, 30 fps, I420
//   synthetic:?size=1920x1080&fps=60&format=mjpeg       format: i420, nv12, yuyv, gray8, or mjpeg (a JPEG of each picture)
#pragma once

#include <optional>

#include "capture/source.h"
#include "vision/jpeg.h"

namespace vedette::capture {

struct SyntheticOptions {
  std::uint32_t width = 1280;
  std::uint32_t height = 720;
  float fps = 30.0f;
  PixelFormat format = PixelFormat::I420;
  bool jpeg = false;
};

// kInvalidArgument names the part that isn't understood, and what was expected.
Result<SyntheticOptions> parse_synthetic(const std::string& url);

class SyntheticSource final : public Source {
 public:
  static Result<std::unique_ptr<Source>> open(const SourceOptions& options, Idle idle);

  Read read() override;
  void write_picture(const vision::MutableImageView& out) override;

 private:
  SyntheticSource(const SyntheticOptions& options, Idle idle);

  const SyntheticOptions options_;
  Idle idle_;
  std::uint64_t number_ = 0;
  std::uint64_t next_ns_ = 0;
  vision::Image picture_;
  vision::JpegEncoder encoder_;
};

}  // namespace vedette::capture
