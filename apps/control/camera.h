// CameraControl: decides for one camera. Takes its detections, decides (control/decisions.h), watches over capture and detect,
// and publishes <cam>/control, <cam>/state, <cam>/tracks and <cam>/events. A frame that detect was spared because nothing moves
// (<cam>/motion) says that detect lives and that what was there still is; for the sentry it is neither "no target" nor the last
// result again, but a rule may come to hold by time alone. Owner: main(), one a camera; thread-bound. If capture or detect dies,
// that becomes an event and the mode stays as it is; 10 s without a result end what is open about objects. If this process dies,
// its successor goes on with session, pause, mode (a forced one as forced), tracks, counts and open events, from the records left
// in the topics, and stages that miss the heartbeat for 2 s go by their configured defaults. What is to outlive the topics too:
// kept().
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "bus/ring.h"
#include "config/config.h"
#include "control/announcer.h"
#include "control/decisions.h"
#include "control/kept.h"
#include "control/liveness.h"
#include "control/records.h"
#include "control/topics.h"
#include "schema/motion.h"
#include "stage/command.h"

namespace vedette::control {

struct CameraOptions {
  std::string name;
  bool detect = true;          // its pictures are looked at
  bool motion = true;          // and where they move is published
  Milliseconds timeout{5000};  // of the camera: without a frame for so long it is opened anew
  float least_fps = 0.0f;      // the lowest configured rate of frames or detections; 0: none is set
  DecisionOptions decisions;
  float standby_fps = 3.0f;  // detections a second, by mode; 0: of every frame
  float tracking_fps = 30.0f;
  std::uint32_t readers = 16;
  std::uint32_t held_per_reader = 2;
};

class CameraControl {
 public:
  // `dir` must outlive it. `kept`: of before the topics were made; null: nothing.
  static Result<std::unique_ptr<CameraControl>> open(const bus::BusDir& dir, const CameraOptions& options,
                                                     const KeptCamera* kept);

  // What to wait on before the next step().
  bus::Subscriber& detections() { return detections_; }

  // Takes what has come, decides, publishes what changed and the heartbeat. Never blocks. Call at least every 250 ms.
  void step();

  // Carries a command out, or says why not. Not Set and Unset: see set_rules().
  Result<> obey(const stage::Command& command);
  // Other rules, zones, lines or thresholds.
  void set_rules(const DecisionOptions& options);

  KeptCamera kept() const;

  const std::string& name() const { return options_.name; }

  struct Counters {
    std::uint64_t counted = 0;   // results that the sentry took
    std::uint64_t repeated = 0;  // known already
    std::uint64_t stale = 0;     // too old, or not of this machine's time
    std::uint64_t still = 0;     // frames that detect was spared
    std::uint64_t missed = 0;    // published, but gone before they were taken
    std::uint64_t corrupt = 0;
  };
  const Counters& counters() const { return counters_; }

 private:
  CameraControl(const bus::BusDir& dir, CameraOptions options, Topics topics, std::uint64_t now_ns);
  void resume(const LeftBehind& left, const KeptCamera* kept, std::uint64_t now_ns);
  void resume_decisions(const LeftBehind& left, const KeptCamera* kept, bool recent);
  void take_detections();
  void take_motion();
  void take_names(const std::string& names);
  void warn_of(const std::vector<std::string>& unknown) const;  // classes
  void hear_of(std::uint64_t frame_id, rules::Counted counted);
  void handle(const Detections& record, std::uint64_t now_ns);
  void handle(const MotionInfo& still, std::uint64_t now_ns);
  void publish_tracks(const DetectionsInfo& of);
  void publish_tracks();
  void tell_no_tracks();
  void take_findings();
  void watch_stages(std::uint64_t now_ns);
  void watch_capture(bool beats, std::uint64_t now_ns);
  void watch_detect(bool beats, std::uint64_t now_ns);
  void on_transition(const rules::Transition& transition, const rules::Targets& targets);
  void end_all();  // what is open about objects
  // By command nobody looks any more.
  void stop_looking(const char* why, std::uint64_t now_ns);
  void publish(std::uint64_t now_ns);
  bool looks() const { return options_.detect && control_.detecting && !control_.paused; }
  bool is_still() const;
  float detect_fps() const;
  Nanoseconds result_patience() const;

  CameraOptions options_;
  Topics topics_;
  Announcer announcer_;
  bus::Subscriber detections_;
  bus::Subscriber motion_;
  bus::Subscriber frames_;  // for its signs of life only: asks for no pixels
  Decisions decisions_;
  Liveness capture_alive_;
  Liveness detect_alive_;
  Counters counters_;

  DesiredState control_;
  CameraState state_;
  bool changed_ = true;
  bool spared_ = false;       // detect, on the newest frame that is known of
  Motion moves_;              // kept for its memory
  TracksInfo tracks_info_;    // of the newest record of <cam>/tracks
  std::string tracks_names_;  // the class names that the tracks are published with
  std::uint64_t published_at_ns_ = 0;

  Beat capture_beat_;
  Beat detect_beat_;
  std::uint64_t newest_frame_id_ = 0;
  std::uint64_t newest_frame_at_ns_ = 0;  // when it was seen first; now, while nobody is there to ask for frames
  std::uint64_t newest_result_id_ = 0;
  std::uint64_t heard_at_ns_ = 0;              // when the newest result that counts came, or a still frame
  std::uint64_t result_awaited_since_ns_ = 0;  // 0: no frame newer than the newest result
};

}  // namespace vedette::control
