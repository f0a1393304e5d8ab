// DetectLoop: the detector's one thread: waits for the newest frame of any camera, looks at it, publishes what it saw. Cameras
// take turns, so that a fast one doesn't starve the others. Thread-bound.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "detect/camera.h"
#include "model/detector.h"

namespace vedette::detect {

class DetectLoop {
 public:
  DetectLoop(std::vector<Camera> cameras, model::Detector& detector) : cameras_(std::move(cameras)), detector_(detector) {
    boxes_.reserve(kMaxDetections);
  }

  // On the thread that run() will be called on: where it runs and how it waits for frames and control.
  Result<> settle(const WaitConfig& waiting);

  enum class End { kStopped, kSessionChanged };
  // Until stop_requested() or a changed session. The Error is a fault of the model's backend.
  Result<End> run();

  // One turn: at most one picture, then sleeps until there may be another, 100 ms at most.
  Result<> turn();

  const std::vector<Camera>& cameras() const { return cameras_; }

 private:
  Result<bool> look_at_one(std::uint64_t now_ns);
  void wait(std::uint64_t now_ns);
  void report(std::uint64_t now_ns);
  void report_faults(std::uint64_t now_ns);

  std::vector<Camera> cameras_;
  model::Detector& detector_;
  std::vector<Detection> boxes_;
  std::vector<bus::Subscriber*> awaited_;
  std::size_t turn_of_ = 0;  // the camera that is asked first
  std::uint64_t next_report_ns_ = 0;
  std::vector<Counters> reported_;
  std::uint64_t next_fault_report_ns_ = 0;
};

}  // namespace vedette::detect
