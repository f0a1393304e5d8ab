#include "encode/way.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

extern "C" {
#include <libavutil/hwcontext.h>
}

#include "encode/encoder.h"
#include "libav/h264.h"

namespace vedette::encode {
namespace {

struct Hardware {
  const char* name;  // as in the configuration
  const char* codec;
  AVHWDeviceType device;  // NONE: takes pictures from memory
  bool takes_nv12;
  const char* sign;  // a file that is there where such hardware is
};
constexpr Hardware kHardware[] = {
    {"vaapi", "h264_vaapi", AV_HWDEVICE_TYPE_VAAPI, true, "/dev/dri/renderD128"},
    {"nvenc", "h264_nvenc", AV_HWDEVICE_TYPE_NONE, true, "/dev/nvidiactl"},
    {"v4l2m2m", "h264_v4l2m2m", AV_HWDEVICE_TYPE_NONE, false, "/dev/video11"},  // where Raspberry Pis have their encoder
};

// Encodes one grey picture of a size that every encoder knows.
Result<> try_out(const Way& way) {
  vision::Image grey;
  grey.reshape(PixelFormat::I420, 640, 480);
  const vision::MutableImageView planes = vision::writable(grey);
  for (int plane = 0; plane < 3; ++plane) {
    const auto& [data, stride] = planes.planes[static_cast<std::size_t>(plane)];
    std::fill_n(data, stride * (plane == 0 ? 480 : 240), std::uint8_t{128});
  }
  VD_ASSIGN(const auto encoder, Encoder::open(way, shape_of(grey.view()), {}));
  VD_TRY(encoder->send(grey.view(), {}, 0, true));
  encoder->send_end();
  return encoder->next() != nullptr ? Result<>() : Error{ErrorCode::kUnavailable, "gives nothing"};
}

Result<Way> try_software() {
  for (const char* name : kSoftwareH264) {
    const Way way{avcodec_find_encoder_by_name(name), nullptr, true, std::string_view(name) == "libx264"};
    if (way.codec != nullptr && try_out(way)) return way;
  }
  return Error{ErrorCode::kNotFound, "this libav has no encoder of H.264 (libx264, libopenh264)"};
}

Result<Way> try_hardware(const Hardware& hardware) {
  Way way{avcodec_find_encoder_by_name(hardware.codec), nullptr, false, hardware.takes_nv12};
  if (way.codec == nullptr) return Error{ErrorCode::kNotFound, "this libav has no such encoder"};
  if (hardware.device != AV_HWDEVICE_TYPE_NONE) {
    AVBufferRef* device = nullptr;
    if (const int failed = av_hwdevice_ctx_create(&device, hardware.device, nullptr, nullptr, 0); failed < 0)
      return libav_error(hardware.sign, failed);
    way.device = std::shared_ptr<AVBufferRef>(device, BufferDeleter{});
  }
  VD_TRY(try_out(way));
  return way;
}

}  // namespace

Result<Ways> find_ways(const std::string& wanted) {
  auto software = try_software();
  Ways ways;
  if (software) ways.software = *software;
  for (const Hardware& hardware : kHardware) {
    if (wanted != hardware.name && wanted != "auto") continue;
    const bool is_there = std::filesystem::exists(hardware.sign);
    if (wanted == "auto" && !is_there) continue;
    auto tried = try_hardware(hardware);
    if (tried) {
      ways.chosen = *std::move(tried);
      return ways;
    }
    ways.remark = fmt::format("{} can't encode here: {}{}", hardware.codec, tried.error().text,
                              is_there ? "" : fmt::format(" (there is no {})", hardware.sign));
  }
  if (!software) return ways.remark.empty() ? software.error() : std::move(software).error().in(ways.remark);
  ways.chosen = ways.software;
  return ways;
}

}  // namespace vedette::encode
