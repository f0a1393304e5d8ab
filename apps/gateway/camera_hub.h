// One camera as the gateway's threads share it: its feed (the camera's own thread) puts in what it learns, viewer sessions and
// HTTP answers (the network thread) take it out. Chooses for each viewer in which way its pictures come, and says what the feed
// must ask the bus for because of that. Thread-safe; outlives both.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "gateway/health.h"
#include "gateway/messages.h"
#include "gateway/outbox.h"
#include "gateway/packet_trail.h"
#include "gateway/video.h"

namespace vedette::gateway {

// Counted since the process began; for /metrics.
struct CameraCounters {
  std::uint64_t encoded = 0;      // pictures turned into JPEG
  std::uint64_t passed = 0;       // packets passed on as they came
  std::uint64_t encode_ns = 0;    // time that encoding them took
  std::uint64_t sent = 0;         // pictures written to viewers, over all of them
  std::uint64_t sent_bytes = 0;   // of these
  std::uint64_t skipped = 0;      // pictures that a viewer was too slow for, over all viewers gone and present
  std::uint64_t bad_records = 0;  // frames, detections, … on the bus that failed their check
};

// The newest picture that a viewer has got.
struct SentPicture {
  std::uint64_t frame_id = 0;
  std::uint64_t captured_at_ns = 0;
  std::uint64_t sent_at_ns = 0;
};

// What viewers need now.
struct VideoNeeds {
  bool camera = false;   // the packets of the camera
  bool encoded = false;  // those of vedette-encode
  bool pixels = false;   // pictures, to be encoded as JPEGs
  bool operator==(const VideoNeeds&) const = default;
};

// What was detected on a frame, with the names of the classes.
struct DetectedFrame {
  Detections detections;
  std::vector<std::string> classes;
};

class CameraHub {
 public:
  static constexpr std::size_t kEventsKept = 20;      // that a new viewer is sent after hello
  static constexpr std::size_t kDetectionsKept = 32;  // for snapshots with boxes

  // `inputs`: those that capture opens, with nothing said of them yet.
  CameraHub(std::string name, bool has_detect, std::vector<InputReport> inputs = {})
      : name_(std::move(name)), has_detect_(has_detect), inputs_(std::move(inputs)) {}

  const std::string& name() const { return name_; }
  bool has_detect() const { return has_detect_; }

  // --- the network thread
  // Puts hello, the last events, the last state and, of a still picture, the last detections and tracks into the outbox, the
  // picture that others see, and whatever comes from now on.
  void join(const std::shared_ptr<Outbox>& viewer, const VideoWish& wish = {});
  void leave(const std::shared_ptr<Outbox>& viewer);
  void count_sent(const Picture& picture);
  std::optional<SentPicture> last_sent() const;
  StatePtr state() const;  // the last that was sent; null: none yet
  std::vector<Stage> stages(std::uint64_t now_ns) const;
  std::vector<Input> inputs(std::uint64_t now_ns) const;
  std::size_t viewers() const;
  CameraCounters counters() const;
  // Of a frame, as long as that isn't long ago; null: there are none of it.
  std::shared_ptr<const DetectedFrame> found_on(std::uint64_t frame_id) const;
  // The last, if nothing has moved since; else null.
  std::shared_ptr<const DetectedFrame> held_found() const;

  // --- the feed
  // Until somebody watches, stop() was called, or the timeout. True: somebody watches.
  bool wait_for_viewer(std::chrono::nanoseconds timeout) const;
  void stop();
  bool stopped() const;
  void set_classes(std::vector<std::string> classes);
  void set_beats(const Beats& beats);
  std::vector<InputReport> input_reports() const;
  void set_input_reports(std::vector<InputReport> inputs);
  void send_event(Text text);
  void send_detections(const Text& text, std::shared_ptr<const DetectedFrame> found = nullptr);
  void send_tracks(const Text& text);
  void send_state(const StatePtr& state);
  // To those who see pictures of its source; counts it as encoded or passed on.
  void send_picture(const PicturePtr& picture);
  void set_offer(const VideoOffer& offer);
  VideoNeeds video_needs() const;
  // Nobody watches: who comes next begins with what comes next.
  void forget_video();
  void count_bad_record();
  void count_encoding(std::uint64_t took_ns);

 private:
  struct Viewer {
    std::shared_ptr<Outbox> outbox;
    VideoWish wish;
    VideoChoice choice;
  };
  void apply(Viewer& viewer, const VideoChoice& choice);
  Codec codec_of(VideoSource source) const;
  PacketTrail& trail_of(VideoSource source) { return source == VideoSource::kCamera ? camera_trail_ : encoded_trail_; }

  const std::string name_;
  const bool has_detect_;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  bool stopped_ = false;
  std::vector<Viewer> viewers_;
  VideoOffer offer_{.camera_pending = true};
  PacketTrail camera_trail_, encoded_trail_;
  PicturePtr last_picture_;  // that isn't inter-coded
  std::vector<std::string> classes_;
  std::deque<Text> events_;
  StatePtr state_;
  StateHead state_head_;  // of state_
  Text detections_;       // the last that were sent
  Text tracks_;
  std::deque<std::shared_ptr<const DetectedFrame>> found_;  // the newest last
  Beats beats_;
  std::vector<InputReport> inputs_;
  CameraCounters counters_;
  std::optional<SentPicture> last_sent_;
};

}  // namespace vedette::gateway
