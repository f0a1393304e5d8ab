// vedette-capture: one camera's pictures into <camera>/frames.
//
//   file, V4L2, RTSP, HTTP ─► Source (libav: packets, decoder) ─► Slots (the decoder's buffers are the ring's slots) ─► readers
#include <cstdio>

#include "base/process.h"
#include "bus/directory.h"
#include "capture/camera.h"
#include "capture/slots.h"
#include "config/command_line.h"
#include "telemetry/log.h"

namespace {

using namespace vedette;
using namespace vedette::capture;

CameraOptions options_of(const CameraConfig& camera) {
  CameraOptions options;
  options.name = camera.name;
  options.source.url = camera.url;
  options.source.username = camera.username;
  options.source.password = camera.password;
  options.source.rtsp_transport = camera.rtsp_transport;
  options.source.timeout = camera.timeout;
  options.source.latency_first = camera.pace == Pace::kSource;
  options.loop = camera.loop;
  options.pace = camera.pace;
  options.fps = camera.fps;
  return options;
}

const CameraConfig* find_camera(const Config& config, const std::string& name) {
  for (const CameraConfig& camera : config.cameras)
    if (camera.name == name) return &camera;
  return nullptr;
}

int print_plan(const bus::RingOptions& ring) {
  std::printf("{\"slot_bytes\": %llu, \"writer_slots\": %u}\n", static_cast<unsigned long long>(ring.slot_bytes),
              ring.writer_slots);
  return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
  install_stop_signals();
  CLI::App app{
      "Reads one camera (file, V4L2 device, RTSP or HTTP stream) and publishes its pictures to <camera>/frames on the bus."};
  CommonOptions common;
  add_common_options(app, common);
  std::string name;
  bool plan = false;
  app.add_option("--camera", name, "Name of the camera in the configuration")->required();
  app.add_flag("--plan", plan, "Look at the camera's first picture, print what slots its topic needs as JSON, and end");
  if (const auto code = parse_command_line(app, argc, argv)) return *code;

  const Result<Config> config = load_and_start_log(common, "capture/" + name);
  if (!config) return fail(config.error(), exit_code_of(config.error()));
  const CameraConfig* camera = find_camera(*config, name);
  if (camera == nullptr) return fail({ErrorCode::kNotFound, config->path + ": has no camera \"" + name + "\""}, kExitConfig);
  if (camera->url == kExternalCamera)
    return fail({ErrorCode::kInvalidArgument, config->path + ": cameras." + name + ".url is \"" + kExternalCamera +
                                                  "\": another program publishes its frames, there is nothing to capture"},
                kExitConfig);
  const CameraOptions options = options_of(*camera);
  for (const std::string& secret : secrets_of(options.source)) log::add_secret(secret);
  forward_libav_log();
  avdevice_register_all();

  const auto bus_dir = bus::BusDir::open(config->bus.dir);
  if (!bus_dir.ok()) return log::error("{}", bus_dir.error().text), exit_code_of(bus_dir.error());
  Slots slots(*bus_dir, {{name, "frames"}, config->bus.readers, config->bus.held_per_reader, plan});
  stage::ControlReader control(*bus_dir, name);
  Camera loop(options, slots, control);
  const auto end = loop.run();
  if (plan && slots.planned()) return print_plan(*slots.planned());
  if (!end.ok()) return log::error("{}", end.error().text), exit_code_of(end.error());
  const SlotCounters counters = slots.counters();
  log::info("published {} frames where they were decoded, {} copied, {} converted; {} dropped", counters.direct, counters.copied,
            counters.converted, counters.dropped);
  return *end == Camera::End::kRestart ? kExitRestart : EXIT_SUCCESS;
}
