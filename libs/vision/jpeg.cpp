#include "vision/jpeg.h"

#include <turbojpeg.h>

#include <algorithm>
#include <string>

#include "vision/convert.h"

namespace vedette::vision {
namespace {

constexpr std::uint32_t half(std::uint32_t side) { return (side + 1) / 2; }
constexpr bool even(std::uint32_t side) { return side % 2 == 0; }

// libjpeg-turbo reads luma up to an even width and height: the last column and row of odd pictures are doubled.
void pad_to_even(Image& planes, std::uint32_t width, std::uint32_t height) {
  for (std::uint32_t y = 0; y < height && !even(width); ++y) planes.row(0, y)[width] = planes.row(0, y)[width - 1];
  if (!even(height)) std::copy_n(planes.row(0, height - 1), planes.stride(0), planes.row(0, height));
}

// Chroma of any sampling, averaged or repeated to 4:2:0. `across`, `down`: luma samples per sample of `from`.
void resample_chroma(const std::vector<unsigned char>& from, int from_width, int from_height, int across, int down, Image& to,
                     int plane) {
  const ImageView view = to.view();
  const int width = static_cast<int>(half(view.width)), height = static_cast<int>(half(view.height));
  for (int y = 0; y < height; ++y) {
    const int top = std::min(2 * y / down, from_height - 1);
    const int bottom = std::min((2 * y + 1) / down, from_height - 1);
    for (int x = 0; x < width; ++x) {
      const int left = std::min(2 * x / across, from_width - 1);
      const int right = std::min((2 * x + 1) / across, from_width - 1);
      const auto at = [&](int column, int line) {
        return int{
            from[static_cast<std::size_t>(line) * static_cast<std::size_t>(from_width) + static_cast<std::size_t>(column)]};
      };
      to.row(plane, static_cast<std::uint32_t>(y))[x] =
          static_cast<std::uint8_t>((at(left, top) + at(right, top) + at(left, bottom) + at(right, bottom) + 2) / 4);
    }
  }
}

Error corrupt(tjhandle handle) { return Error{ErrorCode::kCorrupt, std::string("JPEG: ") + tjGetErrorStr2(handle)}; }

}  // namespace

void CloseJpegHandle::operator()(void* handle) const { tjDestroy(handle); }

JpegEncoder::JpegEncoder() : handle_(tjInitCompress()) { VD_ASSERT(handle_, "libjpeg-turbo gives no compressor"); }

Result<std::span<const std::byte>> JpegEncoder::encode(const ImageView& image, int quality) {
  const int width = static_cast<int>(image.width);
  const int height = static_cast<int>(image.height);
  ImageView source = image;
  if (!has_jpeg_planes(image) || !even(image.width) || !even(image.height)) {
    to_jpeg_planes(image, planes_);
    pad_to_even(planes_, image.width, image.height);
    source = planes_.view();
  }
  const unsigned char* planes[3] = {source.planes[0].data, source.planes[1].data, source.planes[2].data};
  const int strides[3] = {static_cast<int>(source.planes[0].stride), static_cast<int>(source.planes[1].stride),
                          static_cast<int>(source.planes[2].stride)};
  const unsigned long largest = tjBufSize(width, height, TJSAMP_420);
  if (largest == static_cast<unsigned long>(-1))
    return Error{ErrorCode::kInvalidArgument, "JPEG: no picture of " + std::to_string(width) + "x" + std::to_string(height)};
  if (file_.size() < largest) file_.resize(largest);
  unsigned char* file = file_.data();
  unsigned long bytes = file_.size();
  if (tjCompressFromYUVPlanes(handle_.get(), planes, width, strides, height, TJSAMP_420, &file, &bytes,
                              std::clamp(quality, 1, 100), TJFLAG_NOREALLOC) != 0)
    return Error{ErrorCode::kInvalidArgument, std::string("JPEG: ") + tjGetErrorStr2(handle_.get())};
  return std::as_bytes(std::span(file_.data(), bytes));
}

JpegDecoder::JpegDecoder() : handle_(tjInitDecompress()) { VD_ASSERT(handle_, "libjpeg-turbo gives no decompressor"); }

Result<JpegDecoder::Header> JpegDecoder::read_header(std::span<const std::byte> file) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(file.data());
  Header header{};
  int color = 0;
  if (tjDecompressHeader3(handle_.get(), bytes, static_cast<unsigned long>(file.size()), &header.width, &header.height,
                          &header.sampling, &color) != 0)
    return corrupt(handle_.get());
  if (color != TJCS_YCbCr && color != TJCS_GRAY) return Error{ErrorCode::kCorrupt, "JPEG: neither YCbCr nor grey"};
  if (header.width > static_cast<int>(kMaxSide) || header.height > static_cast<int>(kMaxSide))
    return Error{ErrorCode::kCorrupt, "JPEG: " + std::to_string(header.width) + "x" + std::to_string(header.height) +
                                          " is larger than " + std::to_string(kMaxSide) + " a side"};
  return header;
}

Result<> JpegDecoder::decode(std::span<const std::byte> file, Image& out) {
  VD_ASSIGN(const Header header, read_header(file));
  if (header.sampling == TJSAMP_420 || header.sampling == TJSAMP_GRAY) return decode_i420(file, out);
  out.reshape(PixelFormat::RGB24, static_cast<std::uint32_t>(header.width), static_cast<std::uint32_t>(header.height));
  if (tjDecompress2(handle_.get(), reinterpret_cast<const unsigned char*>(file.data()), static_cast<unsigned long>(file.size()),
                    out.plane(0), header.width, static_cast<int>(out.stride(0)), header.height, TJPF_RGB, 0) != 0 &&
      tjGetErrorCode(handle_.get()) == TJERR_FATAL)
    return corrupt(handle_.get());
  return {};
}

Result<> JpegDecoder::decode_i420(std::span<const std::byte> file, Image& out) {
  VD_ASSIGN(const Header header, read_header(file));
  const auto [width, height, sampling] = header;
  const auto* bytes = reinterpret_cast<const unsigned char*>(file.data());
  const auto size = static_cast<unsigned long>(file.size());
  unsigned char* planes[3] = {nullptr, nullptr, nullptr};
  const int count = sampling == TJSAMP_GRAY ? 1 : 3;
  for (int plane = 0; plane < count; ++plane) {
    planes_[plane].resize(tjPlaneSizeYUV(plane, width, 0, height, sampling));
    planes[plane] = planes_[plane].data();
  }
  if (tjDecompressToYUVPlanes(handle_.get(), bytes, size, planes, width, nullptr, height, 0) != 0 &&
      tjGetErrorCode(handle_.get()) == TJERR_FATAL)
    return corrupt(handle_.get());

  const auto w = static_cast<std::uint32_t>(width), h = static_cast<std::uint32_t>(height);
  out.reshape(PixelFormat::I420, w, h);
  out.set_color(ColorMatrix::BT601, ColorRange::Full);
  const int luma_width = tjPlaneWidth(0, width, sampling);
  for (std::uint32_t y = 0; y < h; ++y) std::copy_n(planes[0] + static_cast<std::size_t>(luma_width) * y, w, out.row(0, y));
  for (int plane = 1; plane <= 2; ++plane) {
    if (count == 1) {
      std::fill_n(out.plane(plane), out.stride(plane) * half(h), std::uint8_t{128});
      continue;
    }
    const int chroma_width = tjPlaneWidth(plane, width, sampling), chroma_height = tjPlaneHeight(plane, height, sampling);
    resample_chroma(planes_[plane], chroma_width, chroma_height, tjMCUWidth[sampling] / 8, tjMCUHeight[sampling] / 8, out, plane);
  }
  return {};
}

}  // namespace vedette::vision
