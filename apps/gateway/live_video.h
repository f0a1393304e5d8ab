// LiveVideo: a camera's pictures on their way from the bus to its hub, while somebody watches: the camera's own packets where a
// viewer can play them, those of vedette-encode where that runs and they can, else JPEGs of the newest pixels, at most `fps` a
// second. Asks the bus for what viewers need and for nothing else; what nobody needs isn't read.
//
// Thread-bound, the feed's. Topics may be absent, vanish and come back.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "bus/ring.h"
#include "gateway/camera_hub.h"
#include "gateway/packet_feed.h"
#include "gateway/stats.h"
#include "vision/jpeg.h"

namespace vedette::gateway {

struct LiveVideoOptions {
  float fps = 30.0f;      // most JPEGs a second, encoded or passed on; 0: every one
  int jpeg_quality = 80;  // 1..100
};

class LiveVideo {
 public:
  // `dir` and `hub` outlive it. `bad_record` is called for what is no picture.
  LiveVideo(const bus::BusDir& dir, CameraHub& hub, const LiveVideoOptions& options,
            std::function<void(const Error&)> bad_record);

  void open();   // somebody watches
  void close();  // nobody does
  // Passes on what there is.
  void take();
  // While nobody watches: what comes is passed by unread.
  void pass_by() { (void)frames_.take_newest(); }

  // Adds what a wait is to be for, the busiest last, and shortens `timeout` to when the next picture is due.
  void add_waits(std::vector<bus::Subscription*>& waits, Nanoseconds& timeout);
  bus::Subscriber& frames() { return frames_; }

 private:
  void take_pixels();
  Result<PicturePtr> encode(std::span<const std::byte> slot);
  void pass_on(const PicturePtr& picture);
  void update_offer();
  void ask(const VideoNeeds& needs);

  CameraHub& hub_;
  const LiveVideoOptions options_;
  std::function<void(const Error&)> bad_record_;
  PacketFeed camera_, encoded_;
  bus::Subscriber frames_;
  bool pixels_ = false;  // are needed
  vision::JpegEncoder encoder_;
  VideoPtr video_;  // of encoded pixels
  Pacer pacer_;     // of encoded pixels
  Pacer jpegs_;     // of the camera's own JPEGs, by their time of capture
};

}  // namespace vedette::gateway
