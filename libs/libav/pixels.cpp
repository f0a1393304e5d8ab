#include "libav/pixels.h"

#include <array>

namespace vedette {
namespace {

constexpr int kStandardDefinitionLines = 576;

}  // namespace

AVPixelFormat without_range(AVPixelFormat format) {
  switch (format) {
    case AV_PIX_FMT_YUVJ420P:
      return AV_PIX_FMT_YUV420P;
    case AV_PIX_FMT_YUVJ422P:
      return AV_PIX_FMT_YUV422P;
    case AV_PIX_FMT_YUVJ444P:
      return AV_PIX_FMT_YUV444P;
    case AV_PIX_FMT_YUVJ440P:
      return AV_PIX_FMT_YUV440P;
    case AV_PIX_FMT_YUVJ411P:
      return AV_PIX_FMT_YUV411P;
    default:
      return format;
  }
}

std::optional<PixelLayout> layout_of(AVPixelFormat format) {
  switch (format) {
    case AV_PIX_FMT_YUV420P:
    case AV_PIX_FMT_YUVJ420P:
      return PixelLayout{PixelFormat::I420};
    case AV_PIX_FMT_YUV422P:
    case AV_PIX_FMT_YUVJ422P:
      return PixelLayout{PixelFormat::I420, true};
    case AV_PIX_FMT_NV12:
      return PixelLayout{PixelFormat::NV12};
    case AV_PIX_FMT_YUYV422:
      return PixelLayout{PixelFormat::YUYV};
    case AV_PIX_FMT_GRAY8:
      return PixelLayout{PixelFormat::GRAY8};
    default:
      return std::nullopt;
  }
}

ColorRange range_of(const AVFrame& frame) {
  const auto format = static_cast<AVPixelFormat>(frame.format);
  const bool full = frame.color_range == AVCOL_RANGE_JPEG || without_range(format) != format;
  return full ? ColorRange::Full : ColorRange::Limited;
}

ColorMatrix matrix_of(const AVFrame& frame) {
  switch (frame.colorspace) {
    case AVCOL_SPC_BT709:
    case AVCOL_SPC_BT2020_NCL:
    case AVCOL_SPC_BT2020_CL:
      return ColorMatrix::BT709;
    case AVCOL_SPC_BT470BG:
    case AVCOL_SPC_SMPTE170M:
    case AVCOL_SPC_FCC:
    case AVCOL_SPC_SMPTE240M:
      return ColorMatrix::BT601;
    default:
      break;
  }
  if (range_of(frame) == ColorRange::Full || frame.height <= kStandardDefinitionLines) return ColorMatrix::BT601;
  return ColorMatrix::BT709;
}

bool convert_picture(const AVFrame& frame, const vision::MutableImageView& out, ScalerPtr& scaler) {
  const AVPixelFormat format = without_range(static_cast<AVPixelFormat>(frame.format));
  scaler.reset(sws_getCachedContext(scaler.release(), frame.width, frame.height, format, frame.width, frame.height,
                                    av_format(out.format), SWS_BILINEAR | SWS_ACCURATE_RND, nullptr, nullptr, nullptr));
  if (!scaler) return false;
  const int* matrix = sws_getCoefficients(matrix_of(frame) == ColorMatrix::BT709 ? SWS_CS_ITU709 : SWS_CS_ITU601);
  const int full = range_of(frame) == ColorRange::Full ? 1 : 0;
  constexpr int kOne = 1 << 16;
  sws_setColorspaceDetails(scaler.get(), matrix, full, matrix, full, 0, kOne, kOne);
  std::array<std::uint8_t*, 4> planes{};
  std::array<int, 4> strides{};
  for (std::size_t plane = 0; plane < planes.size(); ++plane) {
    planes[plane] = out.planes[plane].data;
    strides[plane] = static_cast<int>(out.planes[plane].stride);
  }
  return sws_scale(scaler.get(), frame.data, frame.linesize, 0, frame.height, planes.data(), strides.data()) == frame.height;
}

AVPixelFormat av_format(PixelFormat format) {
  switch (format) {
    case PixelFormat::I420:
      return AV_PIX_FMT_YUV420P;
    case PixelFormat::NV12:
      return AV_PIX_FMT_NV12;
    case PixelFormat::YUYV:
      return AV_PIX_FMT_YUYV422;
    case PixelFormat::GRAY8:
      return AV_PIX_FMT_GRAY8;
    case PixelFormat::RGB24:
      return AV_PIX_FMT_RGB24;
    case PixelFormat::BGR24:
      return AV_PIX_FMT_BGR24;
    case PixelFormat::Unknown:
      break;
  }
  return AV_PIX_FMT_NONE;
}

AVColorSpace av_matrix(ColorMatrix matrix) { return matrix == ColorMatrix::BT709 ? AVCOL_SPC_BT709 : AVCOL_SPC_SMPTE170M; }
AVColorRange av_range(ColorRange range) { return range == ColorRange::Full ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG; }

}  // namespace vedette
