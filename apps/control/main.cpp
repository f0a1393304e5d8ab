// vedette-control: decides for all cameras.
//
//   <cam>/detections ─► targets ─► sentry ─► <cam>/control (desired state), <cam>/state, <cam>/events
//   <cam>/frames, <cam>/motion (signs of life) ─► lost, back ─┘         ▲
//   <bus>/control.sock (pause, resume, mode, respawn) ────┘
#include <cstdlib>
#include <memory>
#include <vector>

#include "base/process.h"
#include "bus/directory.h"
#include "bus/ring.h"
#include "config/command_line.h"
#include "control/camera.h"
#include "control/command_socket.h"
#include "stage/waiting.h"
#include "telemetry/log.h"

namespace {

using namespace vedette;
using namespace vedette::control;

constexpr auto kLongestWait = std::chrono::milliseconds(50);  // commands wait so long at most

CameraOptions options_of(const Config& config, const CameraConfig& camera) {
  CameraOptions options;
  options.name = camera.name;
  options.detect = camera.detect;
  options.motion = config.motion.gate;
  options.timeout = camera.timeout;
  options.least_fps = camera.fps > 0.0f ? std::min(camera.fps, config.detect.fps) : config.detect.fps;
  options.sentry = config.sentry;
  options.readers = config.bus.readers;
  options.held_per_reader = config.bus.held_per_reader;
  return options;
}

Result<> obey(std::vector<std::unique_ptr<CameraControl>>& cameras, const CommandRecord& command) {
  std::string names;
  for (const auto& camera : cameras) {
    if (camera->name() == command.camera) return camera->obey(command);
    names += (names.empty() ? "" : ", ") + camera->name();
  }
  return Error{ErrorCode::kNotFound, "no camera \"" + command.camera + "\"; expected one of " + names};
}

}  // namespace

int main(int argc, char** argv) {
  install_stop_signals();
  CLI::App app{
      "Decides for all cameras: reads their detections, runs the sentry, publishes mode, state and events, takes commands."};
  CommonOptions common;
  add_common_options(app, common);
  if (const auto code = parse_command_line(app, argc, argv)) return *code;

  const Result<Config> config = load_and_start_log(common, "control");
  if (!config) return fail(config.error(), exit_code_of(config.error()));
  const Result<bus::BusDir> bus_dir = bus::BusDir::open(config->bus.dir);
  if (!bus_dir) return log::error("{}", bus_dir.error().text), exit_code_of(bus_dir.error());

  std::vector<std::unique_ptr<CameraControl>> cameras;
  std::vector<bus::Subscriber*> detections;
  for (const CameraConfig& camera : config->cameras) {
    auto opened = CameraControl::open(*bus_dir, options_of(*config, camera));
    if (!opened) return log::error("{}", opened.error().text), exit_code_of(opened.error());
    cameras.push_back(*std::move(opened));
    detections.push_back(&cameras.back()->detections());
  }
  const WaitConfig& waiting = config->control.waiting;
  if (const auto settled = stage::settle("control", waiting.cpu, waiting.wait, detections); !settled)
    return log::error("{}", settled.error().text), exit_code_of(settled.error());
  auto commands = CommandSocket::open(*bus_dir);
  if (!commands) return log::error("{}", commands.error().text), exit_code_of(commands.error());

  log::info("decides for {} camera{}", cameras.size(), cameras.size() == 1 ? "" : "s");
  while (!stop_requested()) {
    bus::wait_any(detections, kLongestWait);
    for (const auto& camera : cameras) camera->step();
    commands->serve([&](const CommandRecord& command) { return obey(cameras, command); });
  }

  for (const auto& camera : cameras) {
    const CameraControl::Counters& n = camera->counters();
    log::info("{}: {} results counted; {} repeated, {} stale, {} missed, {} corrupt; {} frames still", camera->name(), n.counted,
              n.repeated, n.stale, n.missed, n.corrupt, n.still);
  }
  return EXIT_SUCCESS;
}
