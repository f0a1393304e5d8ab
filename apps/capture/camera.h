// The loop of one input of a camera: opens its source, hands packets to the Flow at the right time, and keeps it going for ever.
//
// A live source that fails, ends, goes silent or gives nothing whole is opened again after a growing pause; a file loops or ends.
// Demand and control are looked at all the while: paused, or nobody asks, nothing is published. A source that can't be read ends
// nothing but the picture: the topics stay and beat. Thread-bound.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>

#include "capture/flow.h"
#include "capture/packets.h"
#include "capture/retouch.h"
#include "capture/slots.h"
#include "capture/source.h"
#include "capture/source_report.h"
#include "capture/timing.h"
#include "stage/control_reader.h"

namespace vedette::capture {

struct CameraOptions {
  std::string name;
  SourceOptions source;
  bool loop = true;
  Pace pace = Pace::kSource;
  float fps = 0;  // most frames a second, over what readers ask; 0: no limit
  Milliseconds watchdog{10000};
  bool pixels = true;          // as FlowOptions
  bool pass_bitstream = true;  // as FlowOptions
  DecoderOptions decoder;
  vision::Orientation orientation;
  std::vector<Polygon> masks;
};

// The largest frame id that any of these topics has had, 0 if none: a camera's ids go on behind it.
std::uint64_t last_frame_id(const bus::BusDir& dir, std::initializer_list<bus::TopicName> topics);

class Camera {
 public:
  enum class End {
    kStopped,   // a stop signal
    kRestart,   // control wants a new session
    kFinished,  // a file that doesn't loop is at its end
  };

  // All outlive it; `report` may be null. `last_id`: the largest frame id that this camera's topics ever had; 0: none.
  Camera(CameraOptions options, const bus::BusDir& dir, Slots& slots, Packets& packets, stage::ControlReader& control,
         std::uint64_t last_id, SourceReport* report = nullptr);

  // Until the end, or the Error that a retry can't mend: the bus's, or a file's that can't be played.
  Result<End> run();

 private:
  enum class Played { kEnd, kFailed, kStopped };

  Result<Played> play(Source& source);
  Result<Played> play_round(Source& source, Flow& flow);
  Result<Played> end_round(Source& source, Flow& flow, Source::Read read);
  void pace(const Source& source);
  void follow_mode(Source& source);
  void tell_about_source(const Source& source, const Flow& flow);
  void tell_about_way(const Flow& flow);
  void tell_about_damage(const Source& source, const Flow& flow);

  bool idle();                              // beats, listens to control; false: end
  bool sleep_until(std::uint64_t when_ns);  // the same all the while
  bool back_off(const std::string& why);

  const CameraOptions options_;
  const bus::BusDir& dir_;
  const SourceKind kind_;
  Slots& slots_;
  Packets& packets_;
  stage::ControlReader& control_;
  Retouch retouch_;
  SourceReport* const report_;
  FrameIds ids_;
  SourceClock clock_;
  std::uint32_t stream_ = 0;
  Error failure_;  // why the last round failed
  std::optional<bool> standby_;
  std::uint64_t next_idle_ns_ = 0;
  std::uint64_t backoff_ns_;

  std::string told_source_;
  std::uint64_t told_bad_ = 0;
  std::uint64_t told_lost_ = 0;
  std::uint64_t next_tell_ns_ = 0;
  bool told_copied_ = false;
  bool told_converted_ = false;
  bool told_refused_ = false;
  bool told_too_long_ = false;
  bool told_growth_ = false;
};

}  // namespace vedette::capture
