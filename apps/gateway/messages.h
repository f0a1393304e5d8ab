// The JSON that a viewer is sent, as docs/viewer_protocol.md has it. A Text is made once and shared by all viewers, read-only.
// Pure functions, thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/health.h"
#include "gateway/ingest.h"
#include "gateway/picture.h"
#include "schema/records.h"
#include "schema/tracks.h"

namespace vedette::gateway {

using Text = std::shared_ptr<const std::string>;

// A camera's state message but for the rate at which this viewer gets pictures.
struct StateReport {
  std::optional<Mode> mode;                    // empty: control hasn't said
  std::optional<std::uint64_t> mode_since_ms;  // how long the mode has lasted
  std::uint32_t targets = 0;
  bool still = false;     // nothing moves: the model is spared, the last detections still hold
  bool detecting = true;  // false: by command, nothing is detected here
  bool paused = false;    // by command, no pictures are published here
  double capture_fps = 0.0;
  double detect_fps = 0.0;
  std::optional<double> latency_p50_ms;
  std::optional<double> latency_p99_ms;
  std::uint64_t dropped = 0;  // frames that capture had no slot for
  std::vector<Stage> stages;
  std::vector<Input> inputs;
};
using StatePtr = std::shared_ptr<const StateReport>;
// The state message up to that rate, for all viewers.
struct StateHead {
  Text text;
};

struct CameraHealth {
  std::string name;
  std::vector<Stage> stages;
  std::vector<Input> inputs;
};

std::string hello_json(std::string_view camera, const std::vector<std::string>& classes);
// `classes`: names by class id; an id beyond them is shown as its number.
std::string detections_json(const Detections& detections, const std::vector<std::string>& classes);
std::string state_head(const StateReport& report);
std::string state_json(std::string_view head, double sent_fps);
std::string event_json(const schema::Event& event);
std::string tracks_json(const Tracks& tracks, const std::vector<std::string>& classes);
// How this viewer is sent its pictures from now on. `why`: a sentence for people.
std::string video_json(const Video& video, std::string_view why);
// The u32 length and the JSON header that go in front of a JPEG, and of an access unit.
std::string frame_prefix(const Picture& picture);
std::string packet_prefix(const Picture& picture, std::int64_t pts_ns);

std::string cameras_json(const std::vector<std::string>& names);
std::string ready_json(const std::vector<CameraHealth>& cameras);
std::string error_json(std::string_view sentence);
std::string pushed_json(const Pushed& pushed);

}  // namespace vedette::gateway
