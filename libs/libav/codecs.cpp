#include "libav/codecs.h"

namespace vedette {
namespace {

struct Pair {
  Codec codec;
  AVCodecID id;
};
constexpr Pair kCodecs[] = {
    {Codec::MJPEG, AV_CODEC_ID_MJPEG}, {Codec::H264, AV_CODEC_ID_H264},      {Codec::H265, AV_CODEC_ID_HEVC},
    {Codec::AAC, AV_CODEC_ID_AAC},     {Codec::PCMU, AV_CODEC_ID_PCM_MULAW}, {Codec::PCMA, AV_CODEC_ID_PCM_ALAW},
    {Codec::OPUS, AV_CODEC_ID_OPUS},   {Codec::MP3, AV_CODEC_ID_MP3},        {Codec::G722, AV_CODEC_ID_ADPCM_G722},
};

}  // namespace

AVCodecID codec_id(Codec codec) {
  for (const Pair& pair : kCodecs)
    if (pair.codec == codec) return pair.id;
  return AV_CODEC_ID_NONE;
}

Codec codec_of(AVCodecID id) {
  for (const Pair& pair : kCodecs)
    if (pair.id == id) return pair.codec;
  return Codec::Unknown;
}

}  // namespace vedette
