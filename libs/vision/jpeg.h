// JPEG in and out of YUV planes by libjpeg-turbo, without a detour over RGB. Files are baseline, 4:2:0, JFIF (BT.601, full
// range), so that every browser shows the right colours; other ranges and matrices are mapped on the planes.
// Each object belongs to one thread and reuses its buffers: the second picture of a size allocates nothing of ours.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "vision/image_view.h"

namespace vedette::vision {

struct CloseJpegHandle {
  void operator()(void* handle) const;
};
using JpegHandle = std::unique_ptr<void, CloseJpegHandle>;  // libjpeg-turbo's tjhandle

class JpegEncoder {
 public:
  JpegEncoder();

  // The picture as a JPEG file, valid until the next call. quality 1..100 (clamped). I420 in full-range BT.601 is read in
  // place. kInvalidArgument for a picture that JPEG can't hold.
  Result<std::span<const std::byte>> encode(const ImageView& image, int quality);

 private:
  JpegHandle handle_;
  Image planes_;
  std::vector<unsigned char> file_;
};

class JpegDecoder {
 public:
  JpegDecoder();

  // To what loses nothing: the planes as they are (I420, BT.601, full range) of a 4:2:0 or grey file, RGB24 of one with more
  // chroma. kCorrupt with libjpeg's own words for anything that isn't a whole JPEG of grey or YCbCr.
  Result<> decode(std::span<const std::byte> file, Image& out);
  // To I420 always; chroma of another sampling is averaged or repeated.
  Result<> decode_i420(std::span<const std::byte> file, Image& out);

 private:
  struct Header {
    int width, height, sampling;
  };
  Result<Header> read_header(std::span<const std::byte> file);

  JpegHandle handle_;
  std::vector<unsigned char> planes_[3];
};

}  // namespace vedette::vision
