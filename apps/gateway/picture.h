// Picture: what viewers are sent of one frame, made once and shared by all of them, read-only: the header that goes in front and
// the bytes of a JPEG or of an access unit. Nothing of it is copied for a viewer.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "gateway/video.h"
#include "schema/packet.h"

namespace vedette::gateway {

class Picture {
 public:
  // `jpeg`: a whole file, encoded from pixels.
  static std::shared_ptr<const Picture> of_jpeg(VideoPtr video, std::uint64_t frame_id, std::uint64_t captured_at_ns,
                                                std::vector<std::byte> jpeg);
  // `record`: of a log of packets, which `view` is of. In front of a keyframe stand its parameter sets, in a JPEG that has none
  // the standard's Huffman tables, which browsers don't know by heart.
  static std::shared_ptr<const Picture> of_packet(VideoPtr video, std::vector<std::byte> record, const PacketView& view);

  std::uint64_t frame_id() const { return frame_id_; }
  std::uint64_t captured_at_ns() const { return captured_at_ns_; }  // monotonic
  std::uint64_t made_at_ns() const { return made_at_ns_; }          // when the gateway had it
  bool key() const { return key_; }                                 // can be shown without any before it
  const VideoPtr& video() const { return video_; }
  const std::string& head() const { return head_; }  // u32 length and JSON
  // One behind the other; some may be empty. Valid as long as the picture.
  const std::array<std::span<const std::byte>, 3>& parts() const { return parts_; }
  std::size_t bytes() const { return parts_[0].size() + parts_[1].size() + parts_[2].size(); }

 private:
  Picture() = default;

  std::uint64_t frame_id_ = 0;
  std::uint64_t captured_at_ns_ = 0;
  std::uint64_t made_at_ns_ = 0;
  bool key_ = true;
  VideoPtr video_;
  std::string head_;
  std::vector<std::byte> memory_;
  std::array<std::span<const std::byte>, 3> parts_;
};
using PicturePtr = std::shared_ptr<const Picture>;

}  // namespace vedette::gateway
