#include "bench/vedette/pixels.h"

#include "bench/support/one_process.h"
#include "bench/support/picture_image.h"

namespace vedette::bench {
namespace {

// The picture as a camera of that format gives it; of RGB24 and YUYV the bytes of other planes will do, as nobody looks at it.
vision::Image picture_of(PixelFormat format) {
  vision::Image decoded = picture_image(kDetailed);
  const vision::ImageView view = decoded.view();
  if (format == view.format) return decoded;

  vision::Image picture;
  picture.reshape(format, view.width, view.height);
  for (int plane = 0; plane < plane_count(format); ++plane) {
    const PlaneGeometry extent = plane_extent(format, plane, view.width, view.height);
    for (std::uint32_t y = 0; y < extent.rows; ++y)
      for (std::uint32_t x = 0; x < extent.row_bytes; ++x) picture.row(plane, y)[x] = decoded.row(0, y)[x % view.width];
  }
  return picture;
}

}  // namespace

Value pixels_1080p(const PixelWork& work) {
  const vision::Image picture = picture_of(work.format);
  vision::PixelPass pass({.width = work.side,
                          .height = work.side,
                          .fit = work.fit,
                          .filter = work.filter,
                          .scale = 1.0f / 255.0f,
                          .mean = {0.485f, 0.456f, 0.406f},
                          .deviation = {0.229f, 0.224f, 0.225f}});
  std::vector<float> tensor(pass.spec().elements());
  return time_work([&] {
    pass.run(picture.view(), std::as_writable_bytes(std::span(tensor)));
    keep(tensor.data());
  });
}

}  // namespace vedette::bench
