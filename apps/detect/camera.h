// Camera: one camera as the detector sees it: its frames come in, its detections go out, its control says how many and whether.
//
// The newest frame wins; a frame older than the deadline is skipped and counted, a bad one too. In Standby a still frame is
// spared the model (detect/stillness.h). Each result is published under its frame's own id. Topics that are absent, die or are
// replaced are attached to again (bus::Subscriber); control that went silent is replaced by the configured rate, and nothing is
// spared then. Thread-bound.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "bus/ring.h"
#include "config/config.h"
#include "detect/rate_limit.h"
#include "detect/stillness.h"
#include "schema/records.h"
#include "stage/control_reader.h"
#include "vision/image_view.h"
#include "vision/pixel_pass.h"

namespace vedette::detect {

struct CameraOptions {
  float fps = 30.0f;  // while control is away
  Milliseconds deadline{500};
  BusConfig bus;
  std::optional<Rectangle> region;  // only this part of the picture goes to the model, and opens the gate; none: all of it
  std::optional<StillnessOptions> stillness;  // none: the model looks at every frame
};

// What a camera has to know of the model.
struct ModelTraits {
  std::string class_names;  // one a line: the metadata of the detections
  std::uint16_t width = 0;  // of its input: a smaller picture than the camera's will do; 0: the camera's own
  std::uint16_t height = 0;
};

struct Counters {
  std::uint64_t detected = 0;
  std::uint64_t still = 0;        // spared the model
  std::uint64_t late = 0;         // older than the deadline
  std::uint64_t bad = 0;          // records that were refused
  std::uint64_t unpublished = 0;  // no free slot
};

// A frame on lease; its pixels may be read until it is destroyed.
struct Frame {
  bus::Lease lease;
  FrameInfo info;
  vision::ImageView image;  // inside lease.bytes()
  vision::Region region;    // of it, for the model
};

// The pixels that a relative rectangle covers, those on its border too; at least one.
vision::Region region_of(const std::optional<Rectangle>& rectangle, std::uint32_t width, std::uint32_t height);

class Camera {
 public:
  // Creates (or takes over) the detections topic, and that of motion. `dir` outlives the camera.
  static Result<Camera> open(const bus::BusDir& dir, const std::string& name, const CameraOptions& options,
                             const ModelTraits& model);

  // Detections are another model's from now on. Other class names: new files of the topic, so that no record is ever read with
  // the names of another model. A failure changes nothing.
  Result<> set_model(const ModelTraits& model);

  // Other zones of the motion gate: changed at run time. It watches the region alone, as before.
  void set_motion(const vision::MotionOptions& options);

  // Reads what control wants now and asks upstream accordingly; also the sign of life. Call at least every 400 ms.
  void follow_control(std::uint64_t now_ns);
  // Control's session isn't the one adopted at start any more: the process is to be started anew.
  bool session_changed() const { return control_.session_changed(); }

  // When the next frame may be taken; none while it is paused, or left alone by command.
  std::optional<std::uint64_t> due_at_ns() const;
  // No more frames come than are wanted: the next one will be due when it comes, and can be waited for at once.
  bool frames_are_rare() const { return frames_are_rare_; }
  // The newest frame, if one is due, new, fresh and sane. Doesn't allocate while the topic stays the same.
  std::optional<Frame> take(std::uint64_t now_ns);

  // Of each frame taken, once: true if the model is spared it, because nothing moves. What moves is published by then.
  bool is_still(const Frame& frame, std::uint64_t now_ns);
  // The last frame was still, and there is nothing to tell control.
  bool rests() const { return rests_; }
  void publish(const FrameInfo& frame, std::span<const Detection> boxes, std::uint64_t inference_ns);

  bus::Subscriber& frames() { return frames_; }
  bus::Subscriber& control() { return control_.topic(); }
  const std::string& name() const { return name_; }
  const Counters& counters() const { return counters_; }
  // Why a topic of this camera can't be read, other than that it isn't there: another layout, no free reader entry. Tried again
  // all the time; the other cameras go on.
  const std::optional<Error>& fault() const { return frames_.error() ? frames_.error() : control_.topic().error(); }
  // Why the last record was refused.
  const std::string& last_mistake() const { return last_mistake_; }

 private:
  Camera(const bus::BusDir& dir, std::string name, const CameraOptions& options, const ModelTraits& model,
         bus::RingWriter detections, std::optional<Stillness> stillness);
  bool is_idle() const { return control_.paused() || !control_.detecting(); }
  bool is_due(std::uint64_t now_ns);
  void refuse(const Error& error);
  bus::Demand wanted(float fps) const;

  std::string name_;
  CameraOptions options_;
  ModelTraits model_;
  bus::Subscriber frames_;
  stage::ControlReader control_;
  bus::RingWriter detections_;
  std::optional<Stillness> stillness_;
  RateLimit rate_;
  bool frames_are_rare_ = false;
  std::uint64_t taken_id_ = 0;
  bool rests_ = false;

  Counters counters_;
  std::string last_mistake_;
};

}  // namespace vedette::detect
