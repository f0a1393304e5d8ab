#include "gateway/codec_string.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

namespace vedette::gateway {
namespace {

constexpr unsigned kSps264 = 7, kSps265 = 33;  // NAL unit types: ITU-T H.264 table 7-1, H.265 table 7-1
constexpr std::size_t kMostSearched = 4096;    // a picture's own data isn't gone through

unsigned at(std::span<const std::byte> bytes, std::size_t index) { return std::to_integer<unsigned>(bytes[index]); }

// The first bytes of the payload of the first NAL unit that `accepts` takes by its header, without what prevents the emulation of
// start codes (H.264 7.3.1). The payload may be shorter than asked for.
template <std::size_t Bytes, typename Accepts>
std::optional<std::array<unsigned, Bytes>> first_bytes(std::span<const std::byte> annex_b, std::size_t header, Accepts accepts) {
  const std::size_t end = std::min(annex_b.size(), kMostSearched);
  for (std::size_t start = 0; start + 3 + header <= end; ++start) {
    if (at(annex_b, start) != 0 || at(annex_b, start + 1) != 0 || at(annex_b, start + 2) != 1) continue;
    if (!accepts(at(annex_b, start + 3))) continue;
    std::array<unsigned, Bytes> payload{};
    std::size_t filled = 0, zeros = 0;
    for (std::size_t from = start + 3 + header; from < end && filled < Bytes; ++from) {
      const unsigned byte = at(annex_b, from);
      if (zeros >= 2 && byte <= 2) break;  // the next unit
      const bool prevents = zeros >= 2 && byte == 3;
      zeros = byte == 0 ? zeros + 1 : 0;
      if (!prevents) payload[filled++] = byte;
    }
    if (filled == Bytes) return payload;
  }
  return std::nullopt;
}

std::string h264(std::span<const std::byte> sets) {
  const auto sps = first_bytes<3>(sets, 1, [](unsigned head) { return (head & 0x1f) == kSps264; });
  return sps ? fmt::format("avc1.{:02x}{:02x}{:02x}", (*sps)[0], (*sps)[1], (*sps)[2]) : std::string();
}

// ISO/IEC 14496-15, annex E.3. The SPS begins with a byte of ids, then profile_tier_level (H.265 7.3.3).
std::string h265(std::span<const std::byte> sets) {
  const auto sps = first_bytes<13>(sets, 2, [](unsigned head) { return (head >> 1 & 0x3f) == kSps265; });
  if (!sps) return {};
  const unsigned space = (*sps)[1] >> 6, tier = (*sps)[1] >> 5 & 1, profile = (*sps)[1] & 31;
  std::uint32_t compatible = 0;  // in reverse order of bits
  for (std::size_t bit = 0; bit < 32; ++bit)
    if (((*sps)[2 + bit / 8] >> (7 - bit % 8) & 1) != 0) compatible |= std::uint32_t{1} << bit;
  std::string text = "hev1.";
  if (space > 0) text += static_cast<char>('A' + space - 1);
  text += fmt::format("{}.{:X}.{}{}", profile, compatible, tier == 0 ? 'L' : 'H', (*sps)[12]);
  std::size_t constraints = 6;
  while (constraints > 0 && (*sps)[6 + constraints - 1] == 0) --constraints;
  for (std::size_t i = 0; i < constraints; ++i) text += fmt::format(".{:X}", (*sps)[6 + i]);
  return text;
}

}  // namespace

std::string codec_string(Codec codec, std::span<const std::byte> parameter_sets) {
  if (codec == Codec::MJPEG) return "mjpeg";
  if (codec == Codec::H264) return h264(parameter_sets);
  return codec == Codec::H265 ? h265(parameter_sets) : std::string();
}

}  // namespace vedette::gateway
