// vedette-capture: one input of a camera: its bitstream into <camera>/packets, its pictures into <camera>/frames.
//
//   file, folder, V4L2, RTSP, HTTP, ingest, … ─► Source ─► Flow ─┬► Packets (as they came)          ─► <camera>/packets
//                                                                └► decoder, Retouch, Slots (wanted) ─► <camera>/frames
#include <cstdio>

#include "base/process.h"
#include "bus/directory.h"
#include "capture/camera.h"
#include "capture/cameras_command.h"
#include "capture/slots.h"
#include "config/command_line.h"
#include "telemetry/log.h"

namespace {

using namespace vedette;
using namespace vedette::capture;

CameraOptions options_of(const CameraConfig& camera, const InputConfig& input) {
  CameraOptions options;
  options.name = camera.name;
  options.source.camera = camera.name;
  options.source.url = input.url;
  options.source.username = camera.username;
  options.source.password = camera.password;
  options.source.rtsp_transport = camera.rtsp_transport;
  options.source.timeout = camera.timeout;
  options.source.audio = camera.audio;
  options.source.fps = camera.fps;
  options.source.device = {camera.device_format, camera.device_size, camera.device_fps, camera.standby_device_fps,
                           camera.controls};
  options.decoder.where = camera.decode;
  options.decoder.latency_first = camera.pace == Pace::kSource;
  options.loop = camera.loop;
  options.pace = camera.pace;
  options.fps = camera.fps;
  options.watchdog = camera.watchdog;
  options.orientation = orientation_of(camera);
  options.masks = camera.masks;
  options.pixels = input.name.empty();
  const bool retouched = !camera.masks.empty() || !options.orientation.none();
  options.pass_bitstream = !retouched || camera.record_unmasked;
  return options;
}

stage::PacketsKept kept_of(const CameraConfig& camera) {
  return {Codec::Unknown, camera.pre_roll, camera.keyframe_interval, camera.max_mbit, camera.fps};
}

const CameraConfig* find_camera(const Config& config, const std::string& name) {
  for (const CameraConfig& camera : config.cameras)
    if (camera.name == name) return &camera;
  return nullptr;
}

const InputConfig* find_input(const std::vector<InputConfig>& inputs, const std::string& name) {
  for (const InputConfig& input : inputs)
    if (input.name == name) return &input;
  return nullptr;
}

int print_plan(const bus::RingOptions& frames, const std::optional<bus::LogOptions>& packets) {
  std::printf("{\"slot_bytes\": %llu, \"writer_slots\": %u, \"packets_bytes\": %llu}\n",
              static_cast<unsigned long long>(frames.slot_bytes), frames.writer_slots,
              static_cast<unsigned long long>(packets ? bus::bytes_needed(*packets) : 0));
  return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
  install_stop_signals();
  if (argc > 1 && std::string_view(argv[1]) == "cameras") return cameras_command(argc - 1, argv + 1);
  CLI::App app{
      "Reads one camera and publishes its bitstream to <camera>/packets and, while somebody wants them, its pictures to "
      "<camera>/frames on the bus."};
  CommonOptions common;
  add_common_options(app, common);
  std::string name;
  std::string input_name;
  bool plan = false;
  app.add_option("--camera", name, "Name of the camera in the configuration")->required();
  app.add_option("--input", input_name, "Which of its inputs, if it has several; without: the one that detects");
  app.add_flag("--plan", plan, "Look at the camera's first picture, print what its topics need as JSON, and end");
  if (const auto code = parse_command_line(app, argc, argv)) return *code;

  const Result<Config> config = load_and_start_log(common, "capture/" + name);
  if (!config) return fail(config.error(), exit_code_of(config.error()));
  const CameraConfig* camera = find_camera(*config, name);
  if (camera == nullptr) return fail({ErrorCode::kNotFound, config->path + ": has no camera \"" + name + "\""}, kExitConfig);
  if (camera->url == kExternalCamera)
    return fail({ErrorCode::kInvalidArgument, config->path + ": cameras." + name + ".url is \"" + kExternalCamera +
                                                  "\": another program publishes its frames, there is nothing to capture"},
                kExitConfig);
  const std::vector<InputConfig> inputs = inputs_of(*camera);
  const InputConfig* input = find_input(inputs, input_name);
  if (input == nullptr)
    return fail({ErrorCode::kNotFound, config->path + ": cameras." + name + " has no input \"" + input_name + "\""}, kExitConfig);
  const CameraOptions options = options_of(*camera, *input);
  for (const std::string& secret : secrets_of(options.source)) log::add_secret(secret);
  set_libav_log([](std::string_view line) { log::debug("libav: {}", line); });

  const auto bus_dir = bus::BusDir::open(config->bus.dir);
  if (!bus_dir.ok()) return log::error("{}", bus_dir.error().text), exit_code_of(bus_dir.error());
  const bus::TopicName frames{name, stage::frames_topic(input->name)}, packets_name{name, stage::packets_topic(input->name)};
  const stage::Share share{config->bus.readers, config->bus.held_per_reader};
  Slots slots(*bus_dir,
              {frames, share.readers, share.held_per_reader, options.masks.empty() && options.orientation.none(), plan});
  Packets packets(*bus_dir, {packets_name, share, kept_of(*camera), plan});
  stage::ControlReader control(*bus_dir, name);
  SourceReport report(*bus_dir, {name, stage::source_topic(input->name)}, share);
  Camera loop(options, *bus_dir, slots, packets, control, last_frame_id(*bus_dir, {frames, packets_name}),
              plan ? nullptr : &report);
  const auto end = loop.run();
  if (plan && slots.planned()) return print_plan(*slots.planned(), packets.planned());
  if (!end.ok()) return log::error("{}", end.error().text), exit_code_of(end.error());
  const SlotCounters counters = slots.counters();
  log::info("published {} packets", packets.counters().published);
  log::info("published {} frames where they were decoded, {} copied, {} converted; {} dropped", counters.direct, counters.copied,
            counters.converted, counters.dropped);
  return *end == Camera::End::kRestart ? kExitRestart : EXIT_SUCCESS;
}
