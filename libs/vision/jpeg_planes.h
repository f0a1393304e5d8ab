// A camera's JPEG straight into the planes of a slot, at full size or at the scale (1/2, 1/4, 1/8) that its DCT gives nearly for free.
// By libjpeg-turbo, without a detour over RGB. A decoder belongs to one thread and reuses its buffers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/result.h"
#include "vision/image_view.h"
#include "vision/jpeg.h"

namespace vedette::vision {

// What a JPEG's header says, and how its picture stands in a slot.
struct JpegHeader {
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  PixelFormat format = PixelFormat::I420;  // GRAY8 for one without chroma, else I420 (other samplings are brought to it)
  int sampling = 0;                        // TJSAMP_…
};

// The denominator (1, 2, 4, 8) of the smallest picture that still covers wanted_width × wanted_height (0: the source's own size).
int jpeg_scale(std::uint32_t width, std::uint32_t height, std::uint32_t wanted_width, std::uint32_t wanted_height);
// Pixels of a side of `pixels` at that denominator: rounded up, as libjpeg does.
std::uint32_t scaled_side(std::uint32_t pixels, int denominator);

class JpegPlanesDecoder {
 public:
  JpegPlanesDecoder();

  // kCorrupt, with libjpeg's own words, for what isn't a JPEG of grey or YCbCr. Reads the header only.
  Result<JpegHeader> read_header(std::span<const std::byte> file);
  // Full-range BT.601, as JFIF has it. `out` has the header's format and the scaled size. kCorrupt for a damaged or truncated file (`out`
  // then holds anything). Never writes outside `out`'s rows.
  Result<> decode(std::span<const std::byte> file, const JpegHeader& header, int denominator, const MutableImageView& out);

 private:
  JpegHandle handle_;
  Image spare_;  // for samplings that aren't 4:2:0
};

}  // namespace vedette::vision
