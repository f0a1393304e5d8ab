// PhotoReader: JPEG files as the detector gets pictures from cameras. Thread-bound; reads one after the other into the same
// memory.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "base/result.h"
#include "vision/jpeg.h"
#include "vision/jpeg_planes.h"

namespace vedette::model {

// What becomes of a photo.
enum class Planes {
  kCamera,  // as a camera's MJPEG is decoded: I420 or GRAY8, whatever chroma the photo has; photos with more lose some
  kFull,    // with all the chroma that the photo has
};

class PhotoReader {
 public:
  explicit PhotoReader(Planes planes) : planes_(planes) {}

  // The picture, valid until the next one. The error names the file.
  Result<vision::ImageView> read(const std::string& path);

 private:
  Result<> decode(std::span<const std::byte> file);

  Planes planes_;
  vision::JpegPlanesDecoder camera_;
  vision::JpegDecoder full_;
  vision::Image image_;
};

}  // namespace vedette::model
