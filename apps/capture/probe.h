// What `vedette cameras URL` says of a stream: what it is, and what it really sends, measured over some seconds.
//
// Thread-bound. A camera that is away, refuses the password or gives no pictures is an Error in a sentence; nothing else is
// tried.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "capture/source.h"

namespace vedette::capture {

struct ProbedSound {
  std::string codec;
  std::uint32_t sample_rate = 0;
  std::uint32_t channels = 0;
};

struct Probed {
  std::string url;          // for people: no credentials
  bool live = true;         // measured by what came; else by the file's time stamps
  std::string codec;        // "H264"; FFmpeg's word for one that <camera>/packets doesn't carry
  bool carried = true;      // its bitstream is published, for recording and passing on
  bool intra_only = false;  // each packet is a picture of its own
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  double seconds = 0;  // of what was looked at
  std::uint64_t pictures = 0;
  std::optional<double> fps;  // none: too few pictures
  // Between two keyframes, the longest seen; none: fewer than two came.
  std::optional<double> keyframe_interval_s;
  double mbit = 0;       // Mbit/s, sound too
  double peak_mbit = 0;  // in the second that had most
  std::uint64_t largest_packet = 0;
  bool reordered = false;  // B-frames: pictures come later than they could
  std::optional<ProbedSound> sound;
  std::uint64_t bad = 0;
};

// Looks for `time` of the stream, less if it ends; a live one takes as long. kPermissionDenied: the camera refuses who asks.
// kInvalidArgument: no video in it, or nothing that can be probed. `idle` as of a source: false stops.
Result<Probed> probe(const SourceOptions& options, Milliseconds time, const Idle& idle);

// Keys of the configuration that this stream needs other than their defaults: "keyframe_interval: 5s".
std::vector<std::string> keys_for(const Probed& probed);

std::string to_text(const Probed& probed);  // several lines, each with its line end
std::string to_json(const Probed& probed);  // one line

}  // namespace vedette::capture
