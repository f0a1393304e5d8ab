// What a reader of <camera>/packets can do with them: decode, read the stamp. And the same for frames. Thread-bound.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "schema/packet.h"
#include "vision/test_pattern.h"

struct AVCodecContext;

namespace vedette::test {

// The stamp in a frame's pixels; `slot` is the slot that `info` was copied from. None: not one whole picture of the scene.
std::optional<vision::TestStamp> stamp_of(const FrameInfo& info, std::span<const std::byte> slot);

// A picture that came out of the decoder.
struct Decoded {
  std::uint64_t frame_id = 0;  // of the packet that it came from
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  std::optional<vision::TestStamp> stamp;
};

// A player: begins at a keyframe, whose configuration it takes, and again where `stream` changes.
class PacketDecoder {
 public:
  PacketDecoder();
  ~PacketDecoder();

  // Appends what comes out to `out`. False: the decoder refused the packet.
  bool decode(const PacketView& packet, std::vector<Decoded>& out);
  void flush(std::vector<Decoded>& out);

 private:
  void open(const PacketView& packet);
  void take(std::vector<Decoded>& out);

  AVCodecContext* codec_ = nullptr;
  std::uint32_t stream_ = 0;
  std::vector<std::uint64_t> ids_;  // of packets sent, by the pts that the decoder is given: their index
};

}  // namespace vedette::test
