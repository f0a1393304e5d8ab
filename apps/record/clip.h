// ClipFile: one MP4 that is being written, of packets as the camera sent them: nothing is encoded anew but sound that MP4 can't
// carry. It lies under its name with ".part" behind it and is whole under its last name after finish() (store/tree.h).
//
// Thread-bound. If the process dies, the part is left; the start-up check removes it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "libav/libav.h"
#include "record/audio.h"
#include "schema/packet.h"

namespace vedette::record {

struct ClipInfo {
  std::string codec;  // of its pictures: "h264", "hevc", "mjpeg"
  std::int64_t duration_ms = 0;
  std::uint64_t bytes = 0;
  std::uint64_t first_frame_id = 0;
  std::uint64_t until_ns = 0;  // capture time of its last picture
  std::string sound_missing;   // why its sound isn't in it; "": it is, or there was none
};

struct ClipOptions {
  bool faststart = true;  // see begin_mp4()
};

class ClipFile {
 public:
  // Of the camera's stream that `first`, a keyframe, belongs to. kInvalidArgument for a picture that MP4 can't carry.
  static Result<std::unique_ptr<ClipFile>> create(std::string path, const PacketView& first, const ClipOptions& options);
  ~ClipFile();

  // In the order of the log. An Error is the disk's: kResourceExhausted if it is full.
  Result<> add(const PacketView& packet);
  // Whole, on the disk, under its last name. After an Error there is nothing of it.
  Result<ClipInfo> finish();

  std::uint32_t stream() const { return stream_; }
  std::uint64_t first_captured_ns() const { return origin_ns_; }
  std::uint64_t first_wall_ns() const { return origin_wall_ns_; }

 private:
  // How the source's stamps of one kind of packets lie to the clip's time.
  struct Anchor {
    bool set = false;
    std::int64_t delta_ns = 0;   // capture time - stamp
    std::int64_t offset_ns = 0;  // stamp - time in the clip
    std::int64_t last_dts = AV_NOPTS_VALUE;
  };

  ClipFile(std::string path, const ClipOptions& options) : path_(std::move(path)), options_(options) {}
  Result<> open();
  AVStream* add_video(const PacketView& packet);
  void add_audio();
  Result<> write_pending();
  Result<> write(const PacketView& packet);
  Result<> write_video(const PacketView& packet);
  Result<> write_audio(const PacketView& packet);
  Result<> write(AVPacket& packet, Anchor& anchor);
  std::int64_t offset_ns(Anchor& anchor, const PacketInfo& info) const;

  std::string path_;
  ClipOptions options_;
  OutputPtr output_;
  AVStream* video_ = nullptr;
  AVStream* audio_ = nullptr;
  std::unique_ptr<AudioToAac> to_aac_;
  std::int64_t aac_start_ = 0;  // of its first sample, in the clip, in samples
  PacketPtr packet_{av_packet_alloc()};
  Anchor video_anchor_, audio_anchor_;
  // Until it is known what sound there is: whole records.
  struct Waiting {
    PacketInfo info;
    std::vector<std::byte> config, data;
    PacketView view() const { return {info, config, data}; }
  };
  std::vector<Waiting> waiting_;
  std::uint32_t stream_ = 0;
  std::uint64_t origin_ns_ = 0;
  std::uint64_t origin_wall_ns_ = 0;
  std::int64_t frame_ns_ = 0;  // between the last two pictures
  std::int64_t last_pts_ns_ = 0;
  std::int64_t end_ns_ = 0;  // in the clip
  ClipInfo info_;
};

}  // namespace vedette::record
