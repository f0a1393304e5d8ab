// The packets of a clip of H.264, over and over, at its pace: as capture publishes them, or remuxed by libavformat alone. Until
// SIGTERM.
#pragma once

#include <string>

namespace vedette::bench {

// `cameras` logs cam0/packets, cam1/packets, … of one process.
int publish_cameras(const std::string& bus, const std::string& clip, int cameras);
// MP4s below `folder`, a new one each `segment_s` seconds, of packets that lie in memory: each camera in a thread of its own.
int remux_bare(const std::string& folder, const std::string& clip, int cameras, int segment_s);

}  // namespace vedette::bench
