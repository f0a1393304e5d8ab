// How pictures get to a viewer: as the bitstream that the camera sends, as that which vedette-encode makes of raw pictures, or as
// JPEGs of pixels. Which of these is chosen for each viewer by what it can play; pixels are encoded only for those whom nothing
// else can be shown. Pure functions and plain data, thread-safe; queries come from the network.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "gateway/request.h"
#include "schema/packet.h"

namespace vedette::gateway {

// What a viewer asked for.
struct VideoWish {
  bool packets = false;  // false: JPEGs alone
  bool mjpeg = true;
  bool h264 = false;
  bool h265 = false;

  bool plays(Codec codec) const;
  bool operator==(const VideoWish&) const = default;
};

// From ?video=jpeg|packets and codecs=h264,h265,mjpeg; without them JPEGs. Codecs that nothing here sends are passed over. The
// Error says what was expected.
Result<VideoWish> parse_video_wish(const Target& target);

enum class VideoSource { kCamera, kEncoded, kPixels };
std::string_view to_string(VideoSource source);  // "camera", "encoded", "pixels"

// What all pictures of a run have in common; shared by them.
struct Video {
  VideoSource source = VideoSource::kPixels;
  Codec codec = Codec::MJPEG;
  std::string codec_string;  // "avc1.640028", "mjpeg"
  std::uint32_t width = 0;   // pixels
  std::uint32_t height = 0;
  std::uint32_t stream = 0;  // + 1 whenever the camera was opened anew or its configuration changed

  bool inter_coded() const { return codec != Codec::MJPEG; }
  bool operator==(const Video&) const = default;
};
using VideoPtr = std::shared_ptr<const Video>;

// What a camera has to offer now. Codec::Unknown: nothing of the kind; `…_pending`: it isn't known yet, but will be in a moment.
struct VideoOffer {
  Codec camera = Codec::Unknown;
  bool camera_pending = false;
  Codec encoded = Codec::Unknown;
  bool encoded_pending = false;

  bool operator==(const VideoOffer&) const = default;
};

struct VideoChoice {
  std::optional<VideoSource> source;  // empty: not yet
  std::string_view why;               // a sentence for people
  bool operator==(const VideoChoice&) const = default;
};
VideoChoice choose(const VideoWish& wish, const VideoOffer& offer);
// It is, or would be, served by vedette-encode.
bool wants_encoding(const VideoWish& wish, const VideoOffer& offer);

std::string_view codec_name(Codec codec);  // "h264", as clients spell it

}  // namespace vedette::gateway
