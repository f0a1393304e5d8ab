// One camera as the gateway's threads share it: its feed (the camera's own thread) puts in what it learns, viewer sessions and
// HTTP answers (the network thread) take it out. Thread-safe; outlives both.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "gateway/health.h"
#include "gateway/messages.h"
#include "gateway/outbox.h"

namespace vedette::gateway {

// Counted since the process began; for /metrics.
struct CameraCounters {
  std::uint64_t encoded = 0;      // pictures turned into JPEG
  std::uint64_t sent = 0;         // pictures written to viewers, over all of them
  std::uint64_t skipped = 0;      // pictures that a viewer was too slow for, over all viewers gone and present
  std::uint64_t bad_records = 0;  // frames, detections, … on the bus that failed their check
};

class CameraHub {
 public:
  static constexpr std::size_t kEventsKept = 20;  // that a new viewer is sent after hello

  // `inputs`: those that capture opens, with nothing said of them yet.
  CameraHub(std::string name, bool has_detect, std::vector<InputReport> inputs = {})
      : name_(std::move(name)), has_detect_(has_detect), inputs_(std::move(inputs)) {}

  const std::string& name() const { return name_; }
  bool has_detect() const { return has_detect_; }

  // --- the network thread
  // Puts hello, the last events, the last state and, of a still picture, the last detections into the outbox and whatever comes
  // from now on.
  void join(const std::shared_ptr<Outbox>& viewer);
  void leave(const std::shared_ptr<Outbox>& viewer);
  void count_sent();
  StatePtr state() const;  // the last that was sent; null: none yet
  std::vector<Stage> stages(std::uint64_t now_ns) const;
  std::vector<Input> inputs(std::uint64_t now_ns) const;
  std::size_t viewers() const;
  CameraCounters counters() const;

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
  void send_detections(const Text& text);
  void send_state(const StatePtr& state);
  void send_picture(const PicturePtr& picture);  // counts it as encoded
  void count_bad_record();

 private:
  const std::string name_;
  const bool has_detect_;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  bool stopped_ = false;
  std::vector<std::shared_ptr<Outbox>> viewers_;
  std::vector<std::string> classes_;
  std::deque<Text> events_;
  StatePtr state_;
  Text detections_;  // the last that were sent
  Beats beats_;
  std::vector<InputReport> inputs_;
  CameraCounters counters_;
};

}  // namespace vedette::gateway
