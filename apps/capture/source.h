// A camera of any kind, opened: packets or pictures come out. The kinds: sources/, chosen by the URL in sources.cpp's one table.
//
// Thread-bound. While a source blocks it asks `idle` about ten times a second, which is where the owner beats and stops; one that
// gives nothing for `timeout` has failed (its owner opens it again). Damaged packets are counted and skipped. Passwords go to the
// camera and nowhere else; names and errors carry none.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "bus/directory.h"
#include "bus/log.h"
#include "capture/packet.h"
#include "config/config.h"
#include "vision/image_view.h"

namespace vedette::capture {

class Slots;
struct SlotPicture;

enum class SourceKind { kFile, kFolder, kDevice, kNetwork, kSynthetic, kIngest };
SourceKind kind_of(const std::string& url);
// It has a beginning and an end, and no time of its own: it is played.
inline bool is_playback(SourceKind kind) { return kind == SourceKind::kFile || kind == SourceKind::kFolder; }

struct DeviceOptions {
  std::string format = "auto";
  PictureSize size;
  float fps = 0.0f;
  float standby_fps = 0.0f;
  std::vector<std::string> controls;

  bool operator==(const DeviceOptions&) const = default;
};

struct SourceOptions {
  std::string camera;  // for sources on the bus: <camera>/ingest
  std::string url;
  std::string username;
  Secret password;
  std::string rtsp_transport = "tcp";
  Milliseconds timeout{5000};
  bool audio = true;
  float fps = 0.0f;  // of a folder of pictures; 0: 1
  DeviceOptions device;
};

// The URL that FFmpeg gets: user and password put in, percent-encoded.
std::string url_with_credentials(const SourceOptions& options);
// What must not reach a log: the password as it is and as it stands in the URL, and what the URL has.
std::vector<std::string> secrets_of(const SourceOptions& options);

struct SourceCounters {
  std::uint64_t packets = 0;
  std::uint64_t bad = 0;   // damaged packets, skipped
  std::uint64_t lost = 0;  // frames that the device says it dropped
};

class Source {
 public:
  enum class Read {
    kPacket,   // packet() tells
    kNothing,  // nothing yet; the wait is over
    kEnd,      // of a file or stream
    kStopped,  // `idle` said so
    kFailed,   // error() tells
  };
  enum class Clock {
    kPlayback,   // stamps say when what is due; we set the pace
    kLive,       // stamps of the camera's own clock, mapped by the least delay
    kMonotonic,  // Packet::captured_at_ns
  };

  virtual ~Source() = default;
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;

  virtual Read read() = 0;
  const Packet& packet() const { return packet_; }
  // Of a kPicture: writes it to `out`, which has its format and size. At most once a picture, and only if somebody wants it.
  virtual void write_picture(const vision::MutableImageView& out);
  // A kPicture lies in a slot already, the driver wrote there: take_slot() instead, which parts with it. Null: the driver can't
  // spare it (no slot is free to take its place); the picture is dropped and counted.
  virtual bool in_slot() const { return false; }
  virtual std::unique_ptr<SlotPicture> take_slot();
  // Back to the first picture. False: can't; open again.
  virtual bool rewind() { return false; }
  // The sentry stands by, or does not: a device may be set to another rate. An Error is worth a log line.
  virtual Result<> set_standby(bool) { return {}; }

  const VideoStream& video() const { return video_; }
  const AudioStream& audio() const { return audio_; }
  Clock clock() const { return clock_; }
  const Error& error() const { return error_; }
  const SourceCounters& counters() const { return counters_; }

 protected:
  explicit Source(Clock clock) : clock_(clock) {}
  const Clock clock_;
  Packet packet_;
  VideoStream video_;
  AudioStream audio_;
  Error error_;
  SourceCounters counters_;
};

using Idle = std::function<bool()>;  // false: stop

class V4l2Device;

// Opens one camera, again and again. Keeps what outlives a source: which device it had (another that got the same number is
// refused).
class Sources {
 public:
  // All outlive it.
  Sources(SourceOptions options, const bus::BusDir& dir, Slots& slots, Idle idle);
  ~Sources();

  // kNotFound, kCorrupt, kInvalidArgument of a file or folder: opening it again won't help.
  Result<std::unique_ptr<Source>> open();

 private:
  const SourceOptions options_;
  const bus::BusDir& dir_;
  Slots& slots_;
  const Idle idle_;
  std::unique_ptr<V4l2Device> device_;
  std::unique_ptr<bus::LogSubscriber> ingest_;  // what is pushed between two openings is read by the second
};

}  // namespace vedette::capture
