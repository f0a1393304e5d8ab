#include "control/options.h"

#include <algorithm>

namespace vedette::control {

DecisionOptions decision_options(const Config& config, const CameraConfig& camera) {
  DecisionOptions options;
  options.rules = rules_of(camera, config.sentry);
  track::TrackerOptions& tracker = options.tracker;
  tracker.lost_time = config.tracking.lost_time;
  tracker.still_time = config.tracking.still_time;
  // What counts for a rule has to be followed.
  tracker.sure_score = tracker.new_score = std::min(tracker.new_score, rules::least_score(options.rules));
  options.sentry.validate_frames = config.sentry.validate_frames;
  options.sentry.validate_time = config.sentry.validate_time;
  options.sentry.lose_frames = config.sentry.lose_frames;
  options.sentry.lose_time = config.sentry.lose_time;
  return options;
}

CameraOptions camera_options(const Config& config, const CameraConfig& camera) {
  CameraOptions options;
  options.name = camera.name;
  options.detect = camera.detect;
  options.motion = config.motion.gate;
  options.timeout = camera.timeout;
  options.least_fps = camera.fps > 0.0f ? std::min(camera.fps, config.detect.fps) : config.detect.fps;
  options.decisions = decision_options(config, camera);
  options.standby_fps = config.sentry.standby_fps;
  options.tracking_fps = config.sentry.tracking_fps;
  options.readers = config.bus.readers;
  options.held_per_reader = config.bus.held_per_reader;
  return options;
}

}  // namespace vedette::control
