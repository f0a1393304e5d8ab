// The benchmarks' pictures as a camera's planes. Header-only, thread-bound.
#pragma once

#include "bench/support/jpeg_picture.h"
#include "vision/image_view.h"
#include "vision/jpeg_planes.h"

namespace vedette::bench {

// 1080p I420 of full range, decoded from what the camera would have sent.
inline vision::Image picture_image(const PictureKind& kind) {
  const std::vector<unsigned char> file = make_picture(kind);
  const auto bytes = std::as_bytes(std::span(file));
  vision::JpegPlanesDecoder decoder;
  const vision::JpegHeader header = must(decoder.read_header(bytes));
  vision::Image image;
  image.reshape(header.format, header.width, header.height);
  image.set_color(ColorMatrix::BT601, ColorRange::Full);
  vision::MutableImageView planes{header.format, header.width, header.height, {}};
  for (int plane = 0; plane < plane_count(header.format); ++plane)
    planes.planes[static_cast<std::size_t>(plane)] = {image.plane(plane), image.stride(plane)};
  if (auto decoded = decoder.decode(bytes, header, 1, planes); !decoded.ok()) fail(decoded.error().text);
  return image;
}

}  // namespace vedette::bench
