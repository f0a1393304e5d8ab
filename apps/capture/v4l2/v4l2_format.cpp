#include "capture/v4l2/v4l2_format.h"

#include <linux/videodev2.h>

#include <cerrno>
#include <cmath>

namespace vedette::capture {
namespace {

// The same fields of v4l2_pix_format and v4l2_pix_format_mplane.
struct Picture {
  std::uint32_t fourcc, width, height, field, stride, bytes, colorspace, encoding, quantization;
};

Picture picture_of(const V4l2Node& node, const v4l2_format& format) {
  if (!node.multiplanar()) {
    const auto& pix = format.fmt.pix;
    return {pix.pixelformat, pix.width,      pix.height,    pix.field,       pix.bytesperline,
            pix.sizeimage,   pix.colorspace, pix.ycbcr_enc, pix.quantization};
  }
  const auto& pix = format.fmt.pix_mp;
  return {pix.pixelformat, pix.width,     pix.height,      pix.field, pix.plane_fmt[0].bytesperline, pix.plane_fmt[0].sizeimage,
          pix.colorspace,  pix.ycbcr_enc, pix.quantization};
}

v4l2_format request_of(const V4l2Node& node, const V4l2Choice& choice) {
  v4l2_format format{};
  format.type = node.buffer_type();
  if (node.multiplanar()) {
    auto& pix = format.fmt.pix_mp;
    pix.width = choice.width;
    pix.height = choice.height;
    pix.pixelformat = choice.fourcc;
    pix.field = V4L2_FIELD_ANY;
    pix.num_planes = 1;
  } else {
    auto& pix = format.fmt.pix;
    pix.width = choice.width;
    pix.height = choice.height;
    pix.pixelformat = choice.fourcc;
    pix.field = V4L2_FIELD_ANY;
  }
  return format;
}

bool is_one_picture(std::uint32_t field) {
  return field == V4L2_FIELD_NONE || field == V4L2_FIELD_ANY || field == V4L2_FIELD_INTERLACED ||
         field == V4L2_FIELD_INTERLACED_TB || field == V4L2_FIELD_INTERLACED_BT;
}

void set_colors(const Picture& picture, V4l2Layout& layout) {
  // JPEG files are JFIF, and grey has no chroma whose range would have to be limited.
  layout.matrix = ColorMatrix::BT601;
  layout.range = ColorRange::Full;
  if (layout.format == V4l2Format::kMjpeg || layout.format == V4l2Format::kGrey) return;
  const bool hd = picture.encoding == V4L2_YCBCR_ENC_709 || picture.encoding == V4L2_YCBCR_ENC_XV709 ||
                  (picture.encoding == V4L2_YCBCR_ENC_DEFAULT &&
                   (picture.colorspace == V4L2_COLORSPACE_REC709 || picture.colorspace == V4L2_COLORSPACE_DCI_P3));
  const bool full = picture.quantization == V4L2_QUANTIZATION_FULL_RANGE ||
                    (picture.quantization == V4L2_QUANTIZATION_DEFAULT && picture.colorspace == V4L2_COLORSPACE_JPEG);
  if (hd) layout.matrix = ColorMatrix::BT709;
  if (!full) layout.range = ColorRange::Limited;
}

std::uint32_t least_stride(V4l2Format format, std::uint32_t width) {
  if (format == V4l2Format::kMjpeg) return 0;
  return format == V4l2Format::kYuyv ? width * 2 : width;
}

}  // namespace

Result<V4l2Layout> set_v4l2_format(const V4l2Node& node, const V4l2Choice& choice) {
  const std::string wanted =
      fourcc_text(choice.fourcc) + " " + std::to_string(choice.width) + "x" + std::to_string(choice.height);
  v4l2_format format = request_of(node, choice);
  if (const int failed = v4l2_ioctl(node.fd(), VIDIOC_S_FMT, &format); failed != 0) {
    if (failed != EINVAL) return v4l2_error(node.path() + ": format " + wanted, failed);
    return Error{ErrorCode::kInvalidArgument,
                 node.path() + ": the driver refuses " + wanted + "; it has: " + to_text(node.formats())};
  }
  const Picture got = picture_of(node, format);
  if (got.fourcc != choice.fourcc || got.width != choice.width || got.height != choice.height)
    return Error{ErrorCode::kInvalidArgument, node.path() + ": the driver makes " + fourcc_text(got.fourcc) + " " +
                                                  std::to_string(got.width) + "x" + std::to_string(got.height) + " of " + wanted +
                                                  "; it has: " + to_text(node.formats())};
  if (!is_one_picture(got.field))
    return Error{ErrorCode::kInvalidArgument,
                 node.path() + ": gives half pictures (fields, " + std::to_string(got.field) + "), only whole ones are taken"};
  V4l2Layout layout;
  layout.format = choice.format;
  layout.width = got.width;
  layout.height = got.height;
  layout.bytes_per_line = layout.format == V4l2Format::kMjpeg ? 0 : got.stride;
  layout.image_bytes = got.bytes;
  if (layout.bytes_per_line < least_stride(layout.format, layout.width) || layout.image_bytes < raw_image_bytes(layout))
    return Error{ErrorCode::kInvalidArgument, node.path() + ": the driver's rows of " + std::to_string(got.stride) +
                                                  " bytes in pictures of " + std::to_string(got.bytes) + " can't hold " + wanted};
  set_colors(got, layout);
  return layout;
}

Result<V4l2Interval> set_v4l2_interval(const V4l2Node& node, const V4l2Interval& interval) {
  v4l2_streamparm parameters{};
  parameters.type = node.buffer_type();
  auto& per_frame = parameters.parm.capture.timeperframe;
  // Drivers of TV inputs have a rate by their standard, and this ioctl not at all.
  if (v4l2_ioctl(node.fd(), VIDIOC_G_PARM, &parameters) != 0) return V4l2Interval{};
  if (interval.denominator != 0 && (parameters.parm.capture.capability & V4L2_CAP_TIMEPERFRAME) != 0) {
    per_frame = {interval.numerator, interval.denominator};
    if (const int failed = v4l2_ioctl(node.fd(), VIDIOC_S_PARM, &parameters); failed != 0)
      return v4l2_error(node.path() + ": frame rate", failed);
  }
  return V4l2Interval{per_frame.numerator, per_frame.denominator};
}

std::size_t raw_image_bytes(const V4l2Layout& layout) {
  const std::size_t luma = std::size_t{layout.bytes_per_line} * layout.height;
  if (layout.format == V4l2Format::kMjpeg) return 1;
  return layout.format == V4l2Format::kNv12 ? luma + std::size_t{layout.bytes_per_line} * ((layout.height + 1) / 2) : luma;
}

}  // namespace vedette::capture
