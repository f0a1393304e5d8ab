// The codecs of packets by FFmpeg's numbers. Pure functions, thread-safe.
#pragma once

#include "libav/libav.h"
#include "schema/packet.h"

namespace vedette {

// AV_CODEC_ID_NONE: FFmpeg has nothing to do with it (raw pictures), or it isn't known.
AVCodecID codec_id(Codec codec);
// Unknown: none that packets carry.
Codec codec_of(AVCodecID id);

}  // namespace vedette
