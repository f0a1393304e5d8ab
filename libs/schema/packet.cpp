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
  return view;
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
