#include "detect/detect_loop.h"

#include <algorithm>
#include <thread>

#include "base/clock.h"
#include "base/process.h"
#include "schema/class_names.h"
#include "stage/waiting.h"
#include "telemetry/log.h"

namespace vedette::detect {
namespace {

constexpr Nanoseconds kLongestNap = std::chrono::milliseconds(400);  // signs of life; longer than between two frames of Standby
constexpr std::uint64_t kTakenWithinNs = 20'000'000;  // readers are woken within a tenth of a millisecond; a busy machine's later

}  // namespace

ModelTraits traits_of(const model::Detector& detector) {
  const vision::TensorSpec& input = detector.input();
  return {join_class_names(detector.class_names()), static_cast<std::uint16_t>(input.width),
          static_cast<std::uint16_t>(input.height)};
}

DetectLoop::DetectLoop(std::vector<Camera> cameras, std::unique_ptr<model::Detector> detector, ModelWatch& models,
                       ZoneWatch zones)
    : cameras_(std::move(cameras)),
      detector_(std::move(detector)),
      models_(models),
      zones_(std::move(zones)),
      turns_(cameras_.size()) {
  boxes_.reserve(kMaxDetections);
}

Result<> DetectLoop::settle(const WaitConfig& waiting) {
  std::vector<bus::Subscriber*> all;
  for (Camera& camera : cameras_) all.insert(all.end(), {&camera.frames(), &camera.control()});
  return stage::settle("detect", waiting.cpu, waiting.wait, all);
}

Result<DetectLoop::End> DetectLoop::run() {
  while (!stop_requested()) {
    VD_TRY(turn());
    if (std::any_of(cameras_.begin(), cameras_.end(), [](const Camera& camera) { return camera.session_changed(); }))
      return End::kSessionChanged;
  }
  return End::kStopped;
}

// At most one picture, then sleeps until there may be another.
Result<> DetectLoop::turn() {
  if (auto fresh = models_.take()) VD_TRY(change_model(std::move(fresh)));
  const std::uint64_t now = monotonic_ns();
  zones_.look(cameras_, now);
  for (Camera& camera : cameras_) camera.follow_control(now);
  report_.tell(cameras_, now);
  VD_ASSIGN(const bool looked, look_at_one(now));
  if (!looked) wait(now);
  return {};
}

Result<bool> DetectLoop::look_at_one(std::uint64_t now_ns) {
  for (const std::size_t index : turns_.order()) {
    Camera& camera = cameras_[index];
    auto frame = camera.take(now_ns);
    if (!frame) continue;
    const std::uint64_t start = monotonic_ns();
    VD_TRY(look_at(camera, *frame, now_ns));
    turns_.spend(index, age_ns(start));
    return true;
  }
  return false;
}

Result<> DetectLoop::look_at(Camera& camera, Frame& frame, std::uint64_t now_ns) {
  if (camera.is_still(frame, now_ns)) return {};
  detector_->load(frame.image, frame.region);
  frame.lease.release();  // the tensor holds all that is needed
  const std::uint64_t start = monotonic_ns();
  VD_TRY(detector_->run());
  const std::uint64_t inference_ns = age_ns(start);
  detector_->collect(boxes_);
  camera.publish(frame.info, boxes_, inference_ns);
  published_at_ns_ = monotonic_ns();
  return {};
}

// Until a camera that is due has a new frame, one becomes due, or control answers to a result. Where there was none control has
// nothing to answer to: its heartbeats wake nobody, and a command is heard of with the next sign of life.
void DetectLoop::wait(std::uint64_t now_ns) {
  std::uint64_t until = now_ns + to_ns(kLongestNap);
  awaited_.clear();
  for (Camera& camera : cameras_) {
    if (!camera.rests()) awaited_.push_back(&camera.control());
    const auto due = camera.due_at_ns();
    if (due && (*due <= now_ns || camera.frames_are_rare()))
      awaited_.push_back(&camera.frames());
    else if (due)
      until = std::min(until, *due);
  }
  const std::uint64_t now = monotonic_ns();
  if (until > now) bus::wait_any(awaited_, Nanoseconds(until - now));
}

Result<> DetectLoop::change_model(std::unique_ptr<model::Detector> fresh) {
  // Readers pass on to new files at once: the last results first, while the old ones are still there.
  if (fresh->class_names() != detector_->class_names())
    std::this_thread::sleep_until(std::chrono::steady_clock::time_point(Nanoseconds(published_at_ns_ + kTakenWithinNs)));
  if (const auto told = tell_cameras(traits_of(*fresh)); told) {
    std::swap(detector_, fresh);
    log::info("the new model takes over");
  } else {
    log::warning("the new model is refused, the old one goes on: {}", told.error().text);
    VD_TRY(tell_cameras(traits_of(*detector_)));
  }
  models_.discard(std::move(fresh));
  return {};
}

Result<> DetectLoop::tell_cameras(const ModelTraits& model) {
  for (Camera& camera : cameras_) VD_TRY(camera.set_model(model));
  return {};
}

}  // namespace vedette::detect
