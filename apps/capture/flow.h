// Flow: what happens to the packets of an opened source, one after the other: each gets its frame id and its time, goes into
// <camera>/packets as it came, and is decoded into <camera>/frames if somebody wants pixels now.
//
// A JPEG is decoded only when it is wanted, at the scale that covers the largest size asked for. Of inter-coded video the packets
// since the last keyframe are kept, so that decoding can begin at any moment: they are decoded at full speed and not shown. A
// camera whose pictures are retouched (masks, orientation) is decoded in private memory, and its packets are made anew from what
// it shows. One a source; thread-bound.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <random>
#include <string>

#include "bus/demand.h"
#include "capture/decoder.h"
#include "capture/frame_ids.h"
#include "capture/packets.h"
#include "capture/retouch.h"
#include "capture/slots.h"
#include "capture/source.h"
#include "capture/timing.h"
#include "stage/control_reader.h"
#include "vision/jpeg.h"
#include "vision/jpeg_planes.h"

namespace vedette::capture {

struct FlowOptions {
  std::string name;
  float fps = 0.0f;            // most frames a second, over what readers ask; 0: no limit
  bool fast = false;           // the time of arrival is the time of capture
  bool pixels = true;          // false: nothing goes into <camera>/frames
  bool pass_bitstream = true;  // false: packets are made anew from the retouched pictures
  DecoderOptions decoder;
};

// Where the parts of a camera meet that outlive its sources.
struct FlowParts {
  Slots& slots;
  Packets& packets;
  stage::ControlReader& control;
  Retouch& retouch;
  FrameIds& ids;
  SourceClock& clock;
};

class Flow {
 public:
  // `stream`: PacketInfo.stream of this source's packets, until their configuration changes. `idle`: as of sources.
  static Result<std::unique_ptr<Flow>> open(const FlowOptions& options, const FlowParts& parts, Source& source,
                                            std::uint32_t stream, Idle idle);

  // What the source read last. An Error is the ring's or the log's: nothing can be published.
  Result<> take(const Packet& packet);
  // The end of a round: the pictures that the decoder still has.
  Result<> finish();
  void begin_round();

  std::uint64_t pictures() const { return pictures_; }            // good packets or pictures of this round
  std::uint64_t good_at_ns() const { return good_at_ns_; }        // when the last of them came
  std::int64_t length_ns() const { return end_ns_ - first_ns_; }  // of this round, by the stamps
  std::uint64_t bad() const { return bad_ + (decoder_ ? decoder_->bad() : 0); }
  std::uint32_t stream() const { return stream_; }
  const LibavDecoder* decoder() const { return decoder_.get(); }

 private:
  // One picture on its way: what is known of it before it is decoded.
  struct Shot {
    std::uint64_t tag = 0;
    std::uint64_t frame_id = 0;
    std::uint64_t captured_at_ns = 0;
    std::uint64_t wall_at_ns = 0;
    std::uint64_t camera_wall_at_ns = 0;
    std::uint32_t width = 0;  // as the camera gives it
    std::uint32_t height = 0;
    TraceContext trace;
  };
  // A packet kept since the last keyframe.
  struct Kept {
    PacketPtr packet;
    std::uint64_t tag;
  };

  Flow(const FlowOptions& options, const FlowParts& parts, Source& source, std::uint32_t stream, Idle idle);
  Shot& note(const Packet& packet);
  std::uint64_t captured_at(const Packet& packet);
  Result<> publish_packet(const Packet& packet, const Shot& shot);
  Result<> publish_sound(const Packet& packet);
  Result<> take_jpeg(const Packet& packet, const vision::JpegHeader& header, const Shot& shot);
  Result<> take_picture(const Packet& packet, const Shot& shot);
  Result<> take_coded(const Packet& packet, const Shot& shot);
  void note_damage();
  bool is_torn() const;
  void keep(const Packet& packet, const Shot& shot);
  Result<> catch_up();
  Result<> show_pictures(bool skip = false);
  Result<> show(const AVFrame& picture);
  Result<> publish_retouched(const vision::ImageView& shown, const Shot& shot);
  Result<> show_retouched(const vision::ImageView& picture, const Shot& shot);
  std::optional<vision::ImageView> view_of(const AVFrame& picture);
  FrameInfo info_of(const Shot& shot) const;
  PacketInfo packet_info_of(const Shot& shot) const;

  bool paused() const { return parts_.control.paused(); }
  bool pixels_wanted() const;
  bool packets_remade() const;  // somebody wants packets, and they are made from what is shown
  bool wanted(std::uint64_t at_ns);
  PictureSize size_wanted() const;
  void good() { ++pictures_, good_at_ns_ = monotonic_ns(); }

  const FlowOptions options_;
  const FlowParts parts_;
  Source& source_;
  Idle idle_;
  std::uint32_t stream_;
  std::unique_ptr<LibavDecoder> decoder_;
  vision::JpegPlanesDecoder jpeg_;
  vision::JpegEncoder encoder_;
  vision::Image decoded_;  // of retouched cameras, and of pixel formats that readers don't know
  ScalerPtr scaler_;
  FpsCap cap_;
  std::mt19937_64 random_;

  std::uint64_t next_tag_ = 1;
  std::array<Shot, 256> shots_{};
  std::deque<Kept> kept_;
  std::size_t kept_bytes_ = 0;
  bool decoding_ = false;
  bool packets_begun_ = false;  // since the last keyframe that was published
  bool by_time_ = false;        // frame ids: packets come in another order than pictures
  std::vector<std::byte> told_config_;
  PictureSize told_size_;
  // Of inter-coded video: something was damaged, and no keyframe came since; pictures of packets before this one are torn.
  bool torn_ = false;
  std::uint64_t torn_at_ns_ = 0;
  std::uint64_t whole_from_ = 0;
  std::uint64_t told_bad_ = 0;

  std::int64_t first_ns_ = 0, end_ns_ = 0;
  std::uint64_t pictures_ = 0;
  std::uint64_t good_at_ns_ = 0;
  std::uint64_t bad_ = 0;
  std::uint64_t last_captured_ns_ = 0;  // captured_at of frames never goes back
  std::uint64_t last_shown_id_ = 0;
};

}  // namespace vedette::capture
