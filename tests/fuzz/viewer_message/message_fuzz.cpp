// What viewers say over their WebSocket, and what cameras' bitstreams are searched for: any bytes.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/check.h"
#include "gateway/client_message.h"
#include "gateway/codec_string.h"
#include "gateway/request.h"
#include "gateway/video.h"
#include "vision/jpeg_tables.h"

using namespace vedette;
using namespace vedette::gateway;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto ping = parse_ping(text)) {
    VD_ASSERT(std::isfinite(ping->client_ms), "no time");
    const std::string pong = pong_json(*ping, 1);
    VD_ASSERT(pong.find("\"pong\"") != std::string::npos, "no pong");
  }
  if (const auto target = parse_target(text)) (void)parse_video_wish(*target);
  const auto bytes = std::as_bytes(std::span(data, size));
  for (const Codec codec : {Codec::MJPEG, Codec::H264, Codec::H265})
    for (const char letter : codec_string(codec, bytes)) VD_ASSERT(letter > ' ' && letter < 127, "no name");
  const std::size_t missing_at = vision::huffman_tables_missing_at(bytes);
  VD_ASSERT(missing_at < size || missing_at == 0, "outside");
  return 0;
}
