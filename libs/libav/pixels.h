// What FFmpeg calls a picture's pixels and what FrameInfo calls them. Pure functions, thread-safe.
#pragma once

#include <optional>

#include "libav/libav.h"
#include "schema/frame.h"
#include "vision/image_view.h"

namespace vedette {

// How a decoder's planes can stand in a slot as they are.
struct PixelLayout {
  PixelFormat format = PixelFormat::Unknown;
  // 4:2:2 planar shown as I420: every second chroma row, by a doubled stride (what webcams' JPEGs decode to).
  bool skip_chroma_rows = false;
};

// None: no format of ours has such planes; it is converted to kConvertedFormat.
std::optional<PixelLayout> layout_of(AVPixelFormat format);
inline constexpr AVPixelFormat kConvertedFormat = AV_PIX_FMT_YUV420P;

// The "yuvj" formats by the name that doesn't say the range.
AVPixelFormat without_range(AVPixelFormat format);

// Range is told by the frame or by the "yuvj" formats; limited if nobody says.
ColorRange range_of(const AVFrame& frame);
// BT.709 or BT.601. If the stream doesn't say: 601 for full range (JFIF) and for up to 576 lines, else 709, as players do.
ColorMatrix matrix_of(const AVFrame& frame);

// To `out`'s format (I420 or NV12) of the same range and matrix, by swscale; `scaler` is kept for the next. False: swscale
// doesn't know this format.
bool convert_picture(const AVFrame& frame, const vision::MutableImageView& out, ScalerPtr& scaler);

// By what FFmpeg knows planes of ours; NONE: none.
AVPixelFormat av_format(PixelFormat format);
AVColorSpace av_matrix(ColorMatrix matrix);
AVColorRange av_range(ColorRange range);

}  // namespace vedette
