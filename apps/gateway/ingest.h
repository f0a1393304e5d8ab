// Ingest: the way of pictures that somebody pushes (a phone, an ESP32-CAM, a script) into the log <camera>/ingest, which the
// camera's capture reads like any source. One for each camera whose url is "ingest:"; the gateway is the topic's only writer.
//
// offer() is the network thread's and never waits: it checks a picture's header and leaves the picture to a thread of this
// object, which writes it. One that comes before the one before it is written replaces it: the newest wins. Capture's death
// changes nothing here; if the topic can't be written (no memory, another gateway) offer() says so and it is tried again all the
// time. What the camera's masks hide is black before anything is written: a JPEG is decoded and encoded anew for it.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"
#include "bus/log.h"
#include "schema/packet.h"
#include "stage/topics.h"
#include "vision/jpeg.h"
#include "vision/jpeg_planes.h"
#include "vision/orient.h"

namespace vedette::gateway {

// The largest picture that is taken, and the largest JPEG of a WebSocket's messages.
inline constexpr std::uint64_t kMaxIngestBytes = 64 << 20;
inline constexpr std::uint64_t kMaxIngestMessage = 16 << 20;
// A client's own time of capture is believed if it is at most so long ago.
inline constexpr std::uint64_t kOldestCaptureNs = 60'000'000'000;

struct PushedPicture {
  Codec codec = Codec::MJPEG;                 // or RAW:
  PixelFormat format = PixelFormat::Unknown;  // its planes lie one behind the other, rows without gaps
  std::uint32_t width = 0;                    // RAW; a JPEG says it itself
  std::uint32_t height = 0;
  std::optional<std::uint64_t> captured_unix_ms;  // none: it is taken when it comes
  std::vector<std::uint8_t> bytes;
};

struct Pushed {
  std::uint64_t frame_id = 0;
  bool client_time = false;  // its own time of capture was believed
};

struct IngestCounters {
  std::uint64_t taken = 0;     // pictures that offer() accepted
  std::uint64_t replaced = 0;  // of these: a newer one came before they were written
  std::uint64_t refused = 0;   // pictures that aren't what they claim to be
  std::uint64_t failed = 0;    // could not be written; of a masked camera also JPEGs that turn out to be damaged
};

class Ingest {
 public:
  using Masks = std::vector<vision::MaskPolygon>;
  // Asked often on the object's thread: other masks than before; none: they are as they were.
  using MaskNews = std::function<std::optional<Masks>()>;
  // `dir` must outlive it. `masks`: relative to the pictures as they are pushed.
  Ingest(const bus::BusDir& dir, std::string camera, const stage::Share& share, Masks masks = {}, MaskNews news = {});
  ~Ingest();
  Ingest(const Ingest&) = delete;
  Ingest& operator=(const Ingest&) = delete;

  const std::string& camera() const { return topic_.camera; }

  // kCorrupt: no JPEG of grey or YCbCr, or not as many bytes as the raw picture has. kUnavailable: the topic can't be written
  // now.
  Result<Pushed> offer(PushedPicture picture);
  IngestCounters counters() const;

  // Who pushes over a WebSocket; the network thread's.
  std::uint32_t pushers = 0;

 private:
  struct Pending {
    PacketInfo info;
    PushedPicture picture;
  };

  void run();
  void open();
  void append(Pending& pending);
  bool hide(PushedPicture& picture);
  void stamp(PacketInfo& info, const PushedPicture& picture, Pushed& pushed);
  void report(const Error& error);

  const bus::BusDir& dir_;
  const bus::TopicName topic_;
  const stage::Share share_;
  vision::JpegPlanesDecoder headers_;     // the network thread's
  std::uint64_t last_captured_ns_ = 0;    // the same; capture times never go back
  std::optional<bus::LogWriter> writer_;  // this object's thread's
  std::string told_;                      // the same: the error that the log has
  std::uint64_t next_open_ns_ = 0;        // the same
  MaskNews mask_news_;                    // the same
  vision::Mask mask_;                     // the same, and what it needs for JPEG:
  vision::JpegPlanesDecoder decoder_;
  vision::JpegEncoder encoder_;
  vision::Image image_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool stopped_ = false;
  std::optional<Pending> pending_;
  std::optional<Error> error_;  // why the topic can't be written; none: it can
  std::uint64_t next_frame_id_ = 0;
  IngestCounters counters_;
  std::thread thread_;
};

}  // namespace vedette::gateway
