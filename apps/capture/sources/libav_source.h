// What FFmpeg opens: files, RTSP, RTMP, HTTP (MPEG-TS, multipart MJPEG, …), tcp://, udp://, one video stream and one of sound.
//
// Packets come out as <camera>/packets carries them: H.264 and H.265 in Annex B form, with their parameter sets known from the
// start and again when they change. Where a live stream has no time stamps (multipart MJPEG, bare H.264) the time of arrival
// stands for them.
#pragma once

#include "capture/source.h"

namespace vedette::capture {

struct LibavBsfDeleter {
  void operator()(AVBSFContext* filter) const { av_bsf_free(&filter); }
};
using BsfPtr = std::unique_ptr<AVBSFContext, LibavBsfDeleter>;

class LibavSource final : public Source {
 public:
  static Result<std::unique_ptr<Source>> open(const SourceOptions& options, Idle idle);

  Read read() override;
  bool rewind() override;

 private:
  LibavSource(const SourceOptions& options, Idle idle);
  Result<> open_input();
  Result<> choose_streams();
  Result<> open_filters();
  void describe_video();
  void describe_audio();
  int next_packet();
  bool filter();
  void describe_packet();
  void order_dts();
  void note_camera_clock();
  void note_config();
  void note_size();
  std::int64_t to_ns_of(std::int64_t stamp) const;
  Error failure(const std::string& what, int error) const;
  static int on_interrupt(void* self);
  bool keep_waiting();

  const SourceOptions options_;
  const SourceKind kind_;
  const std::string name_;  // for people: no credentials
  Idle idle_;
  std::uint64_t waiting_since_ns_ = 0;
  std::uint64_t patience_ns_ = 0;
  std::uint64_t next_idle_ns_ = 0;
  bool stopped_ = false;
  bool timed_out_ = false;

  FormatPtr format_;
  BsfPtr filter_;  // video only; null where nothing is to be done
  PacketPtr av_{av_packet_alloc()};
  AVStream* stream_ = nullptr;
  AVStream* sound_ = nullptr;
  bool filter_holds_packet_ = false;
  bool without_stamps_ = false;
  std::vector<std::byte> config_;
  std::vector<std::byte> sound_config_;
  std::int64_t counted_ns_ = kNoTimestamp;  // stands for stamps that a file lacks
  std::int64_t last_dts_ns_ = kNoTimestamp;
  // The camera's wall clock minus its stamps: as told last, and as two packets agreed on; what belongs to the next packet.
  std::int64_t told_offset_ns_ = kNoTimestamp;
  std::int64_t wall_offset_ns_ = kNoTimestamp;
  std::int64_t next_wall_ns_ = kNoTimestamp;
};

}  // namespace vedette::capture
