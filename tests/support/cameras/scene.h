// What a test camera films: the test pattern (vision/test_pattern.h), drawn at a steady rate and encoded once for each of its
// streams; the program is vedette-test-scene. Streams of one scene show the same pictures, as the main and the sub stream of a
// camera do.
//
// A stream's records are offered on a Unix socket (SOCK_SEQPACKET): whoever connects gets one message a packet, from the next
// keyframe on, a RecordHead in front. Who reads too slowly loses packets up to the next keyframe; nobody is waited for.
// Or they are published to an RTMP server, or written to a file or a folder.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace vedette::test {

struct RecordHead {
  std::uint64_t pts_ns = 0;  // CLOCK_MONOTONIC when the picture was drawn
  std::uint64_t dts_ns = 0;
  std::uint32_t keyframe = 0;
  std::uint32_t reserved = 0;
};
static_assert(sizeof(RecordHead) == 24);

struct SceneSize {
  int width = 0;
  int height = 0;
};

struct SceneStream {
  std::string codec = "h264";    // h264, h265, mjpeg
  std::vector<SceneSize> sizes;  // SIGUSR1 goes on to the next one
  int gop = 10;                  // pictures from keyframe to keyframe
  int b_frames = 0;
  int delay_ms = 0;           // the camera sends it so much later
  int damage = 0;             // so many of 100 packets are damaged
  int damage_kind = -1;       // 0: cut off, 1: single bits, 2: a piece of noise, 3: noise behind it; -1: any of them
  std::string wrap = "bare";  // bare (Annex B, JPEG files), ts (MPEG-TS), flv (to an rtmp:// URL), file (by its ending), folder
  std::string to;             // the path of the socket, file or folder, or the URL
};

struct SceneOptions {
  double fps = 20;
  std::vector<SceneStream> streams;
};

}  // namespace vedette::test
