// What a camera's topics bring, made into messages for its viewers: one thread a camera, run() is its body.
//
// While somebody watches: passes pictures on (LiveVideo), sends each record of detections and of tracks, and who begins to watch
// a still picture the last ones. While nobody does: asks for nothing, reads no picture, only looks now and then who is alive.
// Topics may be absent, vanish and come back; the state message and the stages' ages go on meanwhile. Thread-bound, but for
// stopping it by CameraHub::stop().
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bus/ring.h"
#include "config/config.h"
#include "gateway/camera_hub.h"
#include "gateway/live_video.h"
#include "gateway/stats.h"
#include "schema/records.h"
#include "schema/tracks.h"

namespace vedette::gateway {

struct FeedOptions {
  LiveVideoOptions video;
  WaitConfig waiting;
};

class Feed {
 public:
  // `dir` and `hub` outlive it.
  Feed(const bus::BusDir& dir, CameraHub& hub, const FeedOptions& options);

  // On the thread that run() will be called on: where it runs and how it waits.
  Result<> settle();
  void run();

 private:
  // Something new from control, copied out.
  struct Control {
    Mode mode = Mode::Standby;
    std::uint64_t since_ns = 0;
    std::uint32_t targets = 0;
    bool still = false;
    bool detecting = true;
  };

  void set_watched(bool watched);
  void look_while_idle();
  void wait_for_news();
  void take_events();
  void take_state();
  void take_detections();
  void send_boxes();
  void take_tracks();
  void send_tracks();
  void send_last_boxes();
  void update_classes();
  void update_health();
  void update_inputs();
  void tick();
  void report_errors();
  void bad_record(const Error& error);

  CameraHub& hub_;
  FeedOptions options_;
  bus::Subscriber events_;
  bus::Subscriber state_;
  bus::Subscriber detections_;
  bus::Subscriber tracks_;
  LiveVideo video_;
  std::vector<bus::Subscription*> waits_;  // kept for its memory
  std::vector<InputReport> inputs_;
  std::vector<bus::Subscriber> sources_;  // of each input
  bool watched_ = false;

  std::string metadata_;              // of the detections topic, as last seen
  std::vector<std::string> classes_;  // its lines
  Detections boxes_;                  // kept for their memory
  Tracks followed_;
  bool boxes_sent_ = false;  // since somebody watches
  std::optional<Control> control_;
  Beats beats_;
  std::uint64_t dropped_ = 0;
  LatencyWindow latency_;
  CounterDelta captured_, detected_;
  RateWindow capture_fps_, detect_fps_;
  std::uint64_t next_tick_ns_ = 0;
  std::uint64_t next_warning_ns_ = 0;
  std::array<std::string, 5> errors_;  // why a topic can't be read, as last logged
};

}  // namespace vedette::gateway
