// DetectLoop: the detector's one thread: waits for the newest frame of any camera, looks at it, publishes what it saw. Cameras
// share the model's time fairly (detect/turns.h). A new model takes over between two frames. Thread-bound.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "detect/camera.h"
#include "detect/model_watch.h"
#include "detect/report.h"
#include "detect/turns.h"
#include "detect/zone_watch.h"
#include "model/detector.h"

namespace vedette::detect {

ModelTraits traits_of(const model::Detector& detector);

class DetectLoop {
 public:
  // The cameras know `detector`'s traits. `models` outlives the loop.
  DetectLoop(std::vector<Camera> cameras, std::unique_ptr<model::Detector> detector, ModelWatch& models, ZoneWatch zones);

  // On the thread that run() will be called on: where it runs and how it waits for frames and control.
  Result<> settle(const WaitConfig& waiting);

  enum class End { kStopped, kSessionChanged };
  // Until stop_requested() or a changed session. The Error is a fault of the model's backend.
  Result<End> run();

  const std::vector<Camera>& cameras() const { return cameras_; }

 private:
  Result<> turn();
  Result<bool> look_at_one(std::uint64_t now_ns);
  Result<> look_at(Camera& camera, Frame& frame, std::uint64_t now_ns);
  void wait(std::uint64_t now_ns);
  Result<> change_model(std::unique_ptr<model::Detector> fresh);
  Result<> tell_cameras(const ModelTraits& model);

  std::vector<Camera> cameras_;
  std::unique_ptr<model::Detector> detector_;
  ModelWatch& models_;
  ZoneWatch zones_;
  Turns turns_;
  Report report_;
  std::vector<Detection> boxes_;
  std::uint64_t published_at_ns_ = 0;  // the last result
  std::vector<bus::Subscriber*> awaited_;
};

}  // namespace vedette::detect
