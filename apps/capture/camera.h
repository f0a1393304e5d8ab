// One camera's life: open, read, decode, publish; open again when it fails. The loop of the process.
//
// Thread-bound: one thread does it all (the decoder has its own inside). Readers that die or hang cost it nothing; the camera
// being away costs a warning and a retry with back-off, for ever. Only what no retry can mend ends it.
#pragma once

#include <array>
#include <cstdint>
#include <random>
#include <string>

#include "base/result.h"
#include "capture/slots.h"
#include "capture/source.h"
#include "capture/timing.h"
#include "stage/control_reader.h"

namespace vedette::capture {

struct CameraOptions {
  std::string name;
  SourceOptions source;
  bool loop = true;
  Pace pace = Pace::kSource;
  float fps = 0.0f;  // most frames a second; 0: all
};

class Camera {
 public:
  enum class End {
    kStopped,   // SIGTERM
    kFinished,  // a file that doesn't loop is over
    kRestart,   // control began a new session
  };

  Camera(CameraOptions options, Slots& slots, stage::ControlReader& control);

  // Until the end, or the Error that a retry can't mend: the ring's, or a file's that can't be played.
  Result<End> run();

 private:
  enum class Played { kEnd, kFailed, kStopped };

  Result<Played> play(Source& source);
  Result<Played> play_round(Source& source);
  Result<> show_pictures(Source& source);
  Result<> show(Source& source, const AVFrame& picture);
  void pace_packet(Source& source, std::uint64_t now_ns);
  std::uint64_t packet_due(const Source& source, std::uint64_t now_ns) const;
  void tell_about_source(const Source& source);
  std::uint64_t taken_at(Source& source);
  std::uint64_t arrival_of(std::int64_t stamp_ns) const;
  bool wanted(std::uint64_t at_ns);
  void tell_about_copies();
  void tell_about_damage(const Source& source);

  bool idle();                              // beats, listens to control; false: end
  bool sleep_until(std::uint64_t when_ns);  // the same all the while
  bool back_off(const std::string& why);

  const CameraOptions options_;
  const bool is_file_;
  Slots& slots_;
  stage::ControlReader& control_;
  SourceClock clock_;
  FpsCap cap_;
  std::mt19937_64 random_;
  std::uint64_t next_idle_ns_ = 0;
  std::uint64_t backoff_ns_;

  // Of the round (one pass over a file) at hand, on the source's clock.
  std::uint64_t pictures_ = 0;
  bool packet_wanted_ = true;  // of a codec whose packets are pictures
  std::int64_t first_ns_ = 0;
  std::int64_t end_ns_ = 0;
  // Arrivals of the packets read last: a picture comes out of the decoder some packets later.
  struct Arrival {
    std::int64_t stamp_ns = kNoTimestamp;
    std::uint64_t at_ns = 0;
  };
  std::array<Arrival, 64> arrivals_{};
  std::size_t next_arrival_ = 0;

  std::uint64_t last_taken_ns_ = 0;  // captured_at never goes back
  std::string told_source_;
  std::uint64_t told_bad_ = 0;
  std::uint64_t next_tell_ns_ = 0;
  bool told_copied_ = false;
  bool told_converted_ = false;
};

}  // namespace vedette::capture
