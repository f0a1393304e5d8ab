// A camera through FFmpeg: a file, a V4L2 device, an RTSP or HTTP stream. Opens, reads packets, decodes pictures.
//
// Thread-bound. While FFmpeg blocks it asks `idle` about ten times a second, which is where the owner beats and stops; a source
// that gives nothing for `timeout` is an error (its owner opens it again). A bad packet is counted and skipped. Passwords go to
// FFmpeg in the URL and nowhere else; names and errors here carry none.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "capture/libav.h"
#include "capture/timing.h"
#include "config/config.h"

namespace vedette::capture {

class Slots;

enum class SourceKind { kFile, kDevice, kNetwork };
SourceKind kind_of(const std::string& url);

struct SourceOptions {
  std::string url;
  std::string username;
  Secret password;
  std::string rtsp_transport = "tcp";
  Milliseconds timeout{5000};
  bool latency_first = true;  // no frame threads: each of them delays the picture by one
};

// The URL that FFmpeg gets: user and password put in, percent-encoded.
std::string url_with_credentials(const SourceOptions& options);
// What must not reach a log: the password as it is and as it stands in the URL.
std::vector<std::string> secrets_of(const SourceOptions& options);

struct SourceCounters {
  std::uint64_t packets = 0;
  std::uint64_t bad = 0;  // packets or pictures that were damaged, and skipped
};

class Source {
 public:
  enum class Read {
    kPacket,   // packet_time() tells when; then decode() or skip it
    kNothing,  // a device has nothing yet; the wait is over
    kEnd,      // of a file or stream
    kStopped,  // `idle` said so
    kFailed,   // error() tells
  };

  // kNotFound, kCorrupt, kInvalidArgument: opening the same file again won't help. `idle` returns false to stop.
  static Result<std::unique_ptr<Source>> open(const SourceOptions& options, Slots& slots, std::function<bool()> idle);
  ~Source();

  Read read();
  // Of the packet read last, ns on the source's own clock: when it is due to be decoded. Counted by the frame rate where
  // the stream has no time stamps.
  std::int64_t packet_time() const { return packet_ns_; }

  // Hands the packet read last to the decoder; flush() the end of the stream, after which next_picture() gives what is left.
  void decode();
  void flush();
  // The next decoded picture, or none yet; valid until the next call.
  const AVFrame* next_picture();
  // When it is to be shown, ns on the source's own clock.
  std::int64_t picture_time();

  // Back to the first picture. False: can't; open again.
  bool rewind();

  bool intra_only() const;  // each packet is a picture of its own: may be skipped undecoded
  std::int64_t frame_duration_ns() const { return frame_duration_ns_; }
  bool clock_is_monotonic() const { return kind_ == SourceKind::kDevice; }
  const Error& error() const { return error_; }
  const SourceCounters& counters() const { return counters_; }
  std::string description() const;  // "mpeg4 768x576, 10 fps"

 private:
  Source(const SourceOptions& options, std::function<bool()> idle);
  Result<> open_input();
  Result<> open_decoder(Slots& slots);
  void note_packet_time();
  Error failure(const std::string& what, int error) const;
  static int on_interrupt(void* self);
  bool keep_waiting();

  const SourceOptions options_;
  const SourceKind kind_;
  const std::string name_;  // for people: no credentials
  std::function<bool()> idle_;
  std::uint64_t waiting_since_ns_ = 0;
  std::uint64_t patience_ns_ = 0;
  std::uint64_t next_idle_ns_ = 0;
  bool stopped_ = false;
  bool timed_out_ = false;

  FormatPtr format_;
  CodecPtr codec_;
  PacketPtr packet_{av_packet_alloc()};
  FramePtr picture_{av_frame_alloc()};
  AVStream* stream_ = nullptr;
  std::int64_t frame_duration_ns_ = 0;
  std::int64_t packet_ns_ = kNoTimestamp;
  std::int64_t last_picture_ns_ = kNoTimestamp;
  Error error_;
  SourceCounters counters_;
};

}  // namespace vedette::capture
