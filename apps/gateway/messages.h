// What a viewer is sent, as docs/viewer_protocol.md has it: pictures and the JSON around them.
//
// A Picture and a Text are made once and shared by all viewers, read-only. Pure functions, thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/health.h"
#include "gateway/ingest.h"
#include "schema/records.h"

namespace vedette::gateway {

using Text = std::shared_ptr<const std::string>;

struct Picture {
  std::uint64_t frame_id = 0;
  std::uint64_t captured_at_ns = 0;  // monotonic
  std::uint32_t width = 0;           // of the encoded picture, pixels
  std::uint32_t height = 0;
  std::vector<std::byte> jpeg;
};
using PicturePtr = std::shared_ptr<const Picture>;

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

struct CameraHealth {
  std::string name;
  std::vector<Stage> stages;
  std::vector<Input> inputs;
};

std::string hello_json(std::string_view camera, const std::vector<std::string>& classes);
// `classes`: names by class id; an id beyond them is shown as its number.
std::string detections_json(const Detections& detections, const std::vector<std::string>& classes);
std::string state_json(const StateReport& report, double sent_fps);
std::string event_json(const schema::Event& event);
// The u32 length and the JSON header that go in front of the JPEG.
std::string picture_prefix(const Picture& picture, std::uint64_t now_ns);

std::string cameras_json(const std::vector<std::string>& names);
std::string ready_json(const std::vector<CameraHealth>& cameras);
std::string error_json(std::string_view sentence);
std::string pushed_json(const Pushed& pushed);

}  // namespace vedette::gateway
