// A clip of ffmpeg's as the packets that capture would publish of it. Thread-bound.
#pragma once

#include <string>
#include <vector>

#include "schema/packet.h"

namespace vedette::test {

struct SourcePacket {
  PacketInfo info;  // pts and dts from 0 on, codec, size, keyframe, duration; the rest is the publisher's
  std::vector<std::byte> config, data;
};

struct ClipKind {
  std::string name;   // of the file, made once per build
  std::string video;  // ffmpeg's encoder and its options: "libx264 -bf 2 -g 30"
  std::string audio;  // the same, "": no sound
  int seconds = 20;
  std::string size = "320x180";
};

// Empty: this ffmpeg can't make it.
std::vector<SourcePacket> packets_of(const ClipKind& kind);

}  // namespace vedette::test
