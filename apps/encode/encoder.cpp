#include "encode/encoder.h"

#include <algorithm>
#include <cmath>
#include <thread>

extern "C" {
#include <libavutil/hwcontext.h>
}

#include "libav/h264.h"
#include "libav/pixels.h"

namespace vedette::encode {
namespace {

constexpr const char* kPresets[kLeastEffort + 1] = {"veryfast", "superfast", "ultrafast"};
constexpr int kStandardDefinitionLines = 576;
constexpr double kPixelsPerThread = 1920 * 1088;  // what one core encodes at 30 a second
constexpr std::int64_t kBitsOfMbit = 1'000'000;
constexpr float kMostBetweenKeyframes = 10'000;  // pictures: keyframes come when the owner asks for them

// 1 is the worst that libx264 makes that anybody would look at, 100 can't be told from the original; three steps are one of crf.
int crf_of(std::uint32_t quality) { return static_cast<int>(std::lround(45.5 - static_cast<double>(quality) / 3.0)); }

bool is_rgb(PixelFormat format) { return format == PixelFormat::RGB24 || format == PixelFormat::BGR24; }

// How the encoder gets them; only differs where they are converted from something without matrix and range.
ColorMatrix matrix_of(const Shape& shape) {
  if (!is_rgb(shape.format)) return shape.matrix;
  return shape.height <= kStandardDefinitionLines ? ColorMatrix::BT601 : ColorMatrix::BT709;
}
ColorRange range_of(const Shape& shape) { return is_rgb(shape.format) ? ColorRange::Limited : shape.range; }

// Whose planes are somebody else's: what is given to the encoder by reference.
void give_up_lease(void* lease, std::uint8_t*) { delete static_cast<bus::Lease*>(lease); }

void point_at(AVFrame& frame, const vision::ImageView& picture) {
  for (std::size_t plane = 0; plane < picture.planes.size(); ++plane) {
    frame.data[plane] = const_cast<std::uint8_t*>(picture.planes[plane].data);
    frame.linesize[plane] = static_cast<int>(picture.planes[plane].stride);
  }
}

}  // namespace

Shape shape_of(const vision::ImageView& picture) {
  return {picture.format, picture.matrix, picture.range, picture.width & ~1u, picture.height & ~1u};
}

Result<std::unique_ptr<Encoder>> Encoder::open(const Way& way, const Shape& shape, const EncoderOptions& options) {
  if (shape.width == 0 || shape.height == 0)
    return Error{ErrorCode::kInvalidArgument, "a picture less than two pixels wide or high can't be H.264"};
  std::unique_ptr<Encoder> encoder(new Encoder(way, shape));
  VD_TRY(encoder->open_codec(options));
  return encoder;
}

Result<> Encoder::open_codec(const EncoderOptions& options) {
  H264Options h264;
  h264.width = static_cast<int>(shape_.width);
  h264.height = static_cast<int>(shape_.height);
  h264.matrix = matrix_of(shape_);
  h264.range = range_of(shape_);
  h264.rate = av_d2q(std::clamp(static_cast<double>(options.fps), 0.1, 1000.0), 1000);
  h264.keyframe_every = static_cast<int>(kMostBetweenKeyframes);
  h264.crf = crf_of(options.quality);
  h264.preset = kPresets[std::clamp(options.effort, 0, kLeastEffort)];
  h264.most_bits = options.max_mbit * kBitsOfMbit;
  h264.live = true;
  h264.format = takes(shape_.format) ? av_format(shape_.format == PixelFormat::GRAY8 ? PixelFormat::I420 : shape_.format)
                                     : AV_PIX_FMT_YUV420P;
  const double cores = std::max(1.0, std::thread::hardware_concurrency() / 2.0);
  const double pixels = static_cast<double>(shape_.width) * shape_.height;
  h264.threads = way_.software ? static_cast<int>(std::clamp(std::ceil(pixels / kPixelsPerThread), 1.0, cores)) : 1;
  if (way_.device) {
    hardware_frames_.reset(av_hwframe_ctx_alloc(way_.device.get()));
    if (!hardware_frames_) return Error{ErrorCode::kResourceExhausted, way_.name() + ": no memory for pictures"};
    auto& frames = *reinterpret_cast<AVHWFramesContext*>(hardware_frames_->data);
    frames.format = AV_PIX_FMT_VAAPI;
    frames.sw_format = AV_PIX_FMT_NV12;
    frames.width = h264.width;
    frames.height = h264.height;
    frames.initial_pool_size = 4;
    if (const int failed = av_hwframe_ctx_init(hardware_frames_.get()); failed < 0) return libav_error(way_.name(), failed);
    h264.hardware_frames = hardware_frames_.get();
    h264.format = AV_PIX_FMT_VAAPI;
  }
  VD_ASSIGN(codec_, open_h264(*way_.codec, h264));
  return {};
}

// Without a conversion.
bool Encoder::takes(PixelFormat format) const {
  if (format == PixelFormat::NV12) return way_.takes_nv12;
  return !way_.device && (format == PixelFormat::I420 || format == PixelFormat::GRAY8);
}

Result<> Encoder::send(const vision::ImageView& picture, bus::Lease lease, std::int64_t pts_us, bool keyframe) {
  VD_TRY(lay_out(picture, std::move(lease)));
  if (way_.device) VD_TRY(upload());
  AVFrame& frame = way_.device ? *uploaded_ : *frame_;
  frame.pts = pts_us;
  frame.pict_type = keyframe ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;
  const int failed = avcodec_send_frame(codec_.get(), &frame);
  av_frame_unref(frame_.get());
  av_frame_unref(uploaded_.get());
  return failed < 0 ? Result<>(libav_error(way_.name(), failed)) : Result<>();
}

// frame_ becomes the picture as the encoder takes it.
Result<> Encoder::lay_out(const vision::ImageView& picture, bus::Lease lease) {
  av_frame_unref(frame_.get());
  AVFrame& frame = *frame_;
  frame.width = static_cast<int>(shape_.width);
  frame.height = static_cast<int>(shape_.height);
  frame.color_range = av_range(range_of(shape_));
  frame.colorspace = av_matrix(matrix_of(shape_));
  vision::ImageView planes = picture;
  if (!takes(picture.format) || picture.format == PixelFormat::GRAY8) {
    converted_.reshape(way_.device ? PixelFormat::NV12 : PixelFormat::I420, shape_.width, shape_.height);
    planes = converted_.view();
  }
  if (!takes(picture.format)) {
    frame.format = av_format(picture.format);
    point_at(frame, picture);
    if (!convert_picture(frame, vision::writable(converted_), scaler_))
      return Error{ErrorCode::kInvalidArgument, "pictures of a kind that can't be converted"};
  } else if (picture.format == PixelFormat::GRAY8) {
    for (int plane = 1; plane < 3; ++plane)
      std::fill_n(converted_.plane(plane), converted_.stride(plane) * ((shape_.height + 1) / 2), std::uint8_t{128});
    planes.planes[0] = picture.planes[0];
  }
  point_at(frame, planes);
  frame.format = av_format(planes.format);
  auto held = std::make_unique<bus::Lease>(std::move(lease));
  frame.buf[0] = av_buffer_create(frame.data[0], 1, give_up_lease, held.get(), AV_BUFFER_FLAG_READONLY);
  if (frame.buf[0] == nullptr) return Error{ErrorCode::kResourceExhausted, "no memory for a picture"};
  (void)held.release();
  return {};
}

Result<> Encoder::upload() {
  av_frame_unref(uploaded_.get());
  if (const int failed = av_hwframe_get_buffer(hardware_frames_.get(), uploaded_.get(), 0); failed < 0)
    return libav_error(way_.name(), failed);
  if (const int failed = av_hwframe_transfer_data(uploaded_.get(), frame_.get(), 0); failed < 0)
    return libav_error(way_.name(), failed);
  return av_frame_copy_props(uploaded_.get(), frame_.get()) < 0 ? Error{ErrorCode::kResourceExhausted, "no memory for a picture"}
                                                                : Result<>();
}

void Encoder::send_end() { avcodec_send_frame(codec_.get(), nullptr); }

const AVPacket* Encoder::next() {
  av_packet_unref(packet_.get());
  return avcodec_receive_packet(codec_.get(), packet_.get()) == 0 ? packet_.get() : nullptr;
}

}  // namespace vedette::encode
