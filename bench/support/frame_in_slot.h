// A frame as capture lays it out in a slot of <camera>/frames. Header-only, thread-bound.
#pragma once

#include "schema/frame.h"
#include "vision/image_view.h"

namespace vedette::bench {

// The record in front and the planes behind it, tight; colours as a JPEG's. The caller fills the planes and copies the record.
struct FrameInSlot {
  FrameInSlot(std::span<std::byte> slot, PixelFormat format, std::uint32_t width, std::uint32_t height) {
    const FrameLayout layout = frame_layout(format, width, height);
    bytes = layout.slot_bytes;
    info.mutate_width(width), info.mutate_height(height);
    info.mutate_source_width(width), info.mutate_source_height(height);
    info.mutate_format(format);
    info.mutate_matrix(ColorMatrix::BT601);
    info.mutate_range(ColorRange::Full);
    image.format = format, image.width = width, image.height = height;
    for (std::size_t plane = 0; plane < layout.planes.size(); ++plane) {
      const PlaneGeometry& geometry = layout.planes[plane];
      info.mutable_plane_offset()->Mutate(static_cast<flatbuffers::uoffset_t>(plane), geometry.offset);
      info.mutable_plane_stride()->Mutate(static_cast<flatbuffers::uoffset_t>(plane), geometry.stride);
      image.planes[plane] = {reinterpret_cast<std::uint8_t*>(slot.data()) + geometry.offset, geometry.stride};
    }
  }

  FrameInfo info;
  vision::MutableImageView image;
  std::size_t bytes = 0;
};

}  // namespace vedette::bench
