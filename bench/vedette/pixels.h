// Figures of the pixel pass: a 1080p picture that lies in memory to a model's tensor, normalised planar floats. One process, hot.
#pragma once

#include "bench/support/jpeg_picture.h"
#include "bench/support/result.h"
#include "vision/pixel_pass.h"

namespace vedette::bench {

struct PixelWork {
  PixelFormat format = PixelFormat::I420;
  std::uint32_t side = 512;  // of the square tensor
  vision::Fit fit = vision::Fit::kLetterbox;
  vision::Filter filter = vision::Filter::kAntialiased;
};

Value pixels_1080p(const PixelWork& work);

}  // namespace vedette::bench
