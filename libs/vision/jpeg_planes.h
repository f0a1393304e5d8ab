// A camera's JPEG straight into the planes of a slot, at full size or at the scale (1/2, 1/4, 1/8) that its DCT gives nearly for
// free. By libjpeg-turbo, without a detour over RGB. A decoder belongs to one thread and reuses its buffers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "base/result.h"
#include "vision/image_view.h"

namespace vedette::vision {

// What a JPEG's header says, and how its picture stands in a slot.
struct JpegHeader {
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  PixelFormat format = PixelFormat::I420;  // GRAY8 for one without chroma, else I420 (other samplings are brought to it)
  // Pixels that share a chroma sample: 2 × 2 in a 4:2:0 file, 2 × 1 in a 4:2:2 one. 1 × 1 for grey.
  std::uint32_t chroma_across = 1;
  std::uint32_t chroma_down = 1;
  friend bool operator==(const JpegHeader&, const JpegHeader&) = default;
};

// Reads the header only, in less than a microsecond. kCorrupt for what isn't a JPEG of grey or YCbCr.
Result<JpegHeader> read_jpeg_header(std::span<const std::byte> file);

// The denominator (1, 2, 4, 8) of the smallest picture that still covers wanted_width × wanted_height (0: the source's own size).
int jpeg_scale(std::uint32_t width, std::uint32_t height, std::uint32_t wanted_width, std::uint32_t wanted_height);
// Pixels of a side of `pixels` at that denominator: rounded up, as libjpeg does.
std::uint32_t scaled_side(std::uint32_t pixels, int denominator);

class JpegPlanesDecoder {
 public:
  JpegPlanesDecoder();
  ~JpegPlanesDecoder();
  JpegPlanesDecoder(JpegPlanesDecoder&&) noexcept;
  JpegPlanesDecoder& operator=(JpegPlanesDecoder&&) noexcept;

  Result<JpegHeader> read_header(std::span<const std::byte> file) const { return read_jpeg_header(file); }
  // Full-range BT.601, as JFIF has it. `out` has the header's format and the scaled size (else it is our own bug). kCorrupt for a
  // file that isn't `header`'s, and for a damaged or truncated one (`out` then holds anything). Never writes outside `out`'s
  // rows.
  //
  // What cameras do although the standard says otherwise is let pass: no Huffman tables (AVI1: the standard's are meant), bytes
  // between the picture's data and a marker, bytes behind the end, no end marker behind a picture that is whole.
  Result<> decode(std::span<const std::byte> file, const JpegHeader& header, int denominator, const MutableImageView& out);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace vedette::vision
