// The name by which browsers know a bitstream (RFC 6381: "avc1.640028", "hev1.1.6.L93.B0"), out of its sequence parameter set.
// Any bytes may come; pure function, thread-safe.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "schema/packet.h"

namespace vedette::gateway {

// `parameter_sets`: Annex B. "mjpeg" of Codec::MJPEG; "" if there is no sequence parameter set, or one that is cut off.
std::string codec_string(Codec codec, std::span<const std::byte> parameter_sets);

}  // namespace vedette::gateway
