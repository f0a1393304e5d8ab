// Records of <cam>/packets: the camera's own bitstream, packet by packet, as it came. A PacketInfo, then the codec configuration
// (on keyframes of H.264/H.265 and on audio that has one), then the packet.
//
// A log's records are copied out, so a view is of the reader's own copy; its bytes are hostile all the same and are checked here.
// Pure functions, thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "schema/frame.h"

namespace vedette {

using schema::Codec;
using schema::PacketInfo;

inline constexpr std::uint64_t kPacketsSchema = 0x5644'504B'0001;  // "VDPK" 1
static_assert(sizeof(PacketInfo) == 120 && alignof(PacketInfo) == 8);

inline bool is_audio(Codec codec) { return codec >= Codec::AAC; }
inline bool is_video(Codec codec) { return codec >= Codec::MJPEG && codec <= Codec::RAW; }

struct PacketView {
  PacketInfo info;
  std::span<const std::byte> config;  // empty: none
  std::span<const std::byte> data;
};

// Ok if the lengths add up to the record's, the codec is known, sizes are sane, a RAW picture has all its bytes; else what isn't.
Result<PacketView> packet_view(std::span<const std::byte> record);

// The pieces that a writer appends one after the other, `info`'s lengths set. `info` must live as long as they do.
std::array<std::span<const std::byte>, 3> packet_pieces(PacketInfo& info, std::span<const std::byte> config,
                                                        std::span<const std::byte> data);

// Of a RAW picture: what its configuration says; Unknown for one that can't be.
PixelFormat raw_format(std::span<const std::byte> config);
// Bytes of a picture whose planes have no gaps; 0 for a format or size that there isn't.
std::uint64_t raw_picture_bytes(PixelFormat format, std::uint32_t width, std::uint32_t height);

std::string_view to_string(Codec codec);  // "MJPEG", "H264", …

}  // namespace vedette
