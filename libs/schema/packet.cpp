#include "schema/packet.h"

#include <cstring>
#include <string>

namespace vedette {

Result<PacketView> packet_view(std::span<const std::byte> record) {
  const auto bad = [](const std::string& what) { return Error{ErrorCode::kCorrupt, "packet record: " + what}; };
  PacketView view;
  if (record.size() < sizeof view.info)
    return bad(std::to_string(record.size()) + " bytes; expected at least " + std::to_string(sizeof view.info));
  std::memcpy(&view.info, record.data(), sizeof view.info);
  const PacketInfo& info = view.info;
  const std::uint64_t expected = sizeof info + std::uint64_t{info.config_bytes()} + info.data_bytes();
  if (expected != record.size())
    return bad("its lengths add up to " + std::to_string(expected) + " bytes; it has " + std::to_string(record.size()));
  if (!is_video(info.codec()) && !(is_audio(info.codec()) && info.codec() <= Codec::MAX))
    return bad("codec " + std::to_string(static_cast<int>(info.codec())) + ", which there isn't");
  if (is_video(info.codec()) && (info.width() == 0 || info.height() == 0 || info.width() > kMaxSide || info.height() > kMaxSide))
    return bad("a picture of " + std::to_string(info.width()) + " x " + std::to_string(info.height()));
  if (info.keyframe() > 1) return bad("keyframe is " + std::to_string(info.keyframe()) + "; expected 0 or 1");
  view.config = record.subspan(sizeof info, info.config_bytes());
  view.data = record.subspan(sizeof info + info.config_bytes(), info.data_bytes());
  if (info.codec() != Codec::RAW) return view;
  const PixelFormat format = raw_format(view.config);
  const std::uint64_t bytes = raw_picture_bytes(format, info.width(), info.height());
  if (bytes == 0 || bytes != view.data.size())
    return bad(std::to_string(view.data.size()) + " bytes of a raw picture; expected " + std::to_string(bytes) + " of " +
               std::string(to_string(format)));
  return view;
}

PixelFormat raw_format(std::span<const std::byte> config) {
  if (config.size() != 1) return PixelFormat::Unknown;
  const auto format = static_cast<PixelFormat>(config[0]);
  return plane_count(format) > 0 ? format : PixelFormat::Unknown;
}

std::uint64_t raw_picture_bytes(PixelFormat format, std::uint32_t width, std::uint32_t height) {
  if (width == 0 || height == 0 || width > kMaxSide || height > kMaxSide) return 0;
  std::uint64_t bytes = 0;
  for (int plane = 0; plane < plane_count(format); ++plane) {
    const PlaneGeometry extent = plane_extent(format, plane, width, height);
    bytes += std::uint64_t{extent.row_bytes} * extent.rows;
  }
  return bytes;
}

std::array<std::span<const std::byte>, 3> packet_pieces(PacketInfo& info, std::span<const std::byte> config,
                                                        std::span<const std::byte> data) {
  info.mutate_config_bytes(static_cast<std::uint32_t>(config.size()));
  info.mutate_data_bytes(static_cast<std::uint32_t>(data.size()));
  return {std::as_bytes(std::span(&info, 1)), config, data};
}

std::string_view to_string(Codec codec) {
  const char* name = schema::EnumNameCodec(codec);
  return name[0] == '\0' ? "unknown" : name;
}

}  // namespace vedette
