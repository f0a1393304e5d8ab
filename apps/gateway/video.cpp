#include "gateway/video.h"

#include <algorithm>

namespace vedette::gateway {
namespace {

std::string_view cannot_play(Codec codec) {
  if (codec == Codec::H264) return "this viewer can't play the camera's H.264, so its pictures are encoded as JPEGs";
  if (codec == Codec::H265) return "this viewer can't play the camera's H.265, so its pictures are encoded as JPEGs";
  return "this viewer can't play the camera's bitstream, so its pictures are encoded as JPEGs";
}

}  // namespace

bool VideoWish::plays(Codec codec) const {
  if (codec == Codec::MJPEG) return !packets || mjpeg;
  return packets && ((codec == Codec::H264 && h264) || (codec == Codec::H265 && h265));
}

Result<VideoWish> parse_video_wish(const Target& target) {
  const auto bad = [](std::string what) { return Error{ErrorCode::kInvalidArgument, std::move(what)}; };
  VideoWish wish;
  const auto video = target.value("video");
  const auto codecs = target.value("codecs");
  if (video && *video != "jpeg" && *video != "packets") return bad("video=: expected jpeg or packets");
  wish.packets = video == "packets";
  if (!wish.packets) {
    if (codecs) return bad("codecs= goes with video=packets alone");
    return wish;
  }
  if (!codecs) return bad("video=packets needs codecs=, some of h264, h265 and mjpeg with commas between them");
  wish.mjpeg = false;
  std::string_view rest = *codecs;
  while (!rest.empty()) {
    const std::string_view codec = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), codec.size() + 1));
    wish.mjpeg |= codec == "mjpeg";
    wish.h264 |= codec == "h264";
    wish.h265 |= codec == "h265";
  }
  return wish;
}

std::string_view to_string(VideoSource source) {
  switch (source) {
    case VideoSource::kCamera:
      return "camera";
    case VideoSource::kEncoded:
      return "encoded";
    case VideoSource::kPixels:
      break;
  }
  return "pixels";
}

VideoChoice choose(const VideoWish& wish, const VideoOffer& offer) {
  if (offer.camera_pending) return {};
  if (offer.camera != Codec::Unknown && wish.plays(offer.camera)) {
    return {VideoSource::kCamera, offer.camera == Codec::MJPEG ? "the camera's own JPEGs, passed on as they come"
                                                               : "the camera's own bitstream, passed on as it comes"};
  }
  if (wants_encoding(wish, offer)) {
    if (offer.encoded_pending) return {};
    if (offer.encoded != Codec::Unknown && wish.plays(offer.encoded))
      return {VideoSource::kEncoded, "the camera has no bitstream that this viewer can play: it is encoded once for all viewers"};
  }
  if (!wish.packets) return {VideoSource::kPixels, "this viewer asked for JPEGs, and the camera sends none"};
  if (offer.camera != Codec::Unknown) return {VideoSource::kPixels, cannot_play(offer.camera)};
  return {VideoSource::kPixels, "the camera has no bitstream, and nothing encodes one that this viewer can play"};
}

bool wants_encoding(const VideoWish& wish, const VideoOffer& offer) {
  if (offer.camera_pending || !wish.plays(Codec::H264)) return false;
  return offer.camera == Codec::Unknown || !wish.plays(offer.camera);
}

std::string_view codec_name(Codec codec) {
  if (codec == Codec::MJPEG) return "mjpeg";
  if (codec == Codec::H264) return "h264";
  return codec == Codec::H265 ? "h265" : "unknown";
}

}  // namespace vedette::gateway
