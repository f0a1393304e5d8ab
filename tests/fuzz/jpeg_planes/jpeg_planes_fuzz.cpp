// The decoder of cameras' JPEGs on any bytes. First byte: the scale; the rest is the file. Planes lie between canaries.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "base/check.h"
#include "vision/jpeg_planes.h"

using namespace vedette;
using namespace vedette::vision;

namespace {

constexpr std::size_t kGap = 5;  // bytes behind each row
constexpr std::uint8_t kCanary = 0xA5;
constexpr std::uint64_t kMaxPixels = 1 << 20;  // larger pictures take the fuzzer's time and show nothing else

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const int denominator = 1 << data[0] % 4;
  const auto file = std::as_bytes(std::span(data + 1, size - 1));
  static JpegPlanesDecoder decoder;
  const auto header = decoder.read_header(file);
  if (!header.ok()) return 0;
  VD_ASSERT(header->width >= 1 && header->width <= kMaxSide && header->height >= 1 && header->height <= kMaxSide, "its size");
  if (std::uint64_t{header->width} * header->height > kMaxPixels) return 0;

  MutableImageView image{header->format, scaled_side(header->width, denominator), scaled_side(header->height, denominator), {}};
  std::vector<std::uint8_t> planes[4];
  for (int plane = 0; plane < plane_count(image.format); ++plane) {
    const PlaneGeometry extent = plane_extent(image.format, plane, image.width, image.height);
    const auto index = static_cast<std::size_t>(plane);
    planes[index].assign((extent.row_bytes + kGap) * extent.rows, kCanary);
    image.planes[index] = {planes[index].data(), extent.row_bytes + kGap};
  }
  const auto decoded = decoder.decode(file, *header, denominator, image);
  VD_ASSERT(decoded.ok() || decoded.error().text.find("whose header was read") == std::string::npos,
            "libjpeg reads another header than we do");
  for (int plane = 0; plane < plane_count(image.format); ++plane) {
    const PlaneGeometry extent = plane_extent(image.format, plane, image.width, image.height);
    const MutablePlane& to = image.planes[static_cast<std::size_t>(plane)];
    for (std::uint32_t y = 0; y < extent.rows; ++y) {
      const std::uint8_t* gap = to.data + to.stride * y + extent.row_bytes;
      VD_ASSERT(std::all_of(gap, gap + kGap, [](std::uint8_t byte) { return byte == kCanary; }), "written outside a row");
    }
  }
  return 0;
}
