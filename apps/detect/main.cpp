// vedette-detect: finds objects on the newest frames of all cameras and publishes them under their frames' ids. One process, one
// thread (the model uses more inside); the model is loaded once for all cameras.
#include <cstdio>

#include "base/process.h"
#include "bus/directory.h"
#include "config/command_line.h"
#include "detect/detect_loop.h"
#include "detect/photo.h"
#include "model/detector.h"
#include "schema/class_names.h"
#include "telemetry/log.h"

namespace vedette::detect {
namespace {

std::string default_model() { return data_dir() + "/models/nanodet_g_416.onnx"; }

Result<std::unique_ptr<model::Detector>> load_model(const DetectConfig& config) {
  const std::string path = config.model.empty() ? default_model() : config.model;
  model::DetectorOptions options{config.threshold, config.nms_iou, config.labels, {}};
  // The configuration takes no other words.
  options.backend.provider = model::parse_provider(config.provider).value_or(model::Provider::kAuto);
  options.backend.precision = model::parse_precision(config.precision).value_or(model::Precision::kAuto);
  options.backend.device = config.device;
  options.backend.threads = config.threads;
  options.backend.cache = config.cache.empty() ? cache_dir() : config.cache;
  options.backend.progress = [](std::string_view line) { log::info("{}", line); };
  return model::load_detector(path, options);
}

Result<std::vector<Camera>> open_cameras(const Config& config, const bus::BusDir& dir, const model::Detector& detector) {
  const vision::TensorSpec& input = detector.input();
  const CameraOptions options{config.detect.fps,
                              config.detect.deadline,
                              join_class_names(detector.class_names()),
                              static_cast<std::uint16_t>(input.width),
                              static_cast<std::uint16_t>(input.height),
                              config.bus};
  std::vector<Camera> cameras;
  for (const CameraConfig& camera : config.cameras) {
    if (!camera.detect) continue;
    VD_ASSIGN(Camera opened, Camera::open(dir, camera.name, options));
    cameras.push_back(std::move(opened));
  }
  return cameras;
}

int look_once(const Config& config, const std::string& photo) {
  const auto detector = load_model(config.detect);
  if (!detector) return fail(detector.error(), exit_code_of(detector.error()));
  const auto answer = look_at_photo(photo, **detector);
  if (!answer) return fail(answer.error(), exit_code_of(answer.error()));
  std::printf("%s\n", answer->c_str());
  return 0;
}

int watch(const Config& config) {
  const auto dir = bus::BusDir::open(config.bus.dir);
  if (!dir) return fail(dir.error(), exit_code_of(dir.error()));
  const auto detector = load_model(config.detect);
  if (!detector) return fail(detector.error(), exit_code_of(detector.error()));
  const vision::TensorSpec& input = (*detector)->input();
  log::info("model {}, {}x{}, {} classes", (*detector)->family(), input.width, input.height, (*detector)->class_names().size());

  auto cameras = open_cameras(config, *dir, **detector);
  if (!cameras) return fail(cameras.error(), exit_code_of(cameras.error()));
  log::info("watching {} cameras", cameras->size());
  DetectLoop loop(std::move(*cameras), **detector);
  // After the model's threads were started: they stay free to run anywhere.
  if (const auto settled = loop.settle(config.detect.waiting); !settled)
    return fail(settled.error(), exit_code_of(settled.error()));
  const auto end = loop.run();
  for (const Camera& camera : loop.cameras()) {
    const Counters& counters = camera.counters();
    log::info("{}: {} frames detected, {} late, {} bad, {} unpublished", camera.name(), counters.detected, counters.late,
              counters.bad, counters.unpublished);
  }
  if (!end) return fail(end.error());
  if (*end == DetectLoop::End::kSessionChanged) {
    log::info("a new session: to be started again");
    return kExitRestart;
  }
  return 0;
}

}  // namespace
}  // namespace vedette::detect

int main(int argc, char** argv) {
  using namespace vedette;
  install_stop_signals();
  CLI::App app{"Vedette's detector: finds objects on the frames of all cameras and publishes them as <camera>/detections."};
  CommonOptions options;
  add_common_options(app, options);
  std::string model, photo;
  app.add_option("--model", model, "The .onnx file (like --set detect.model=FILE)")->type_name("FILE");
  app.add_option("--image", photo, "Look at one JPEG, print what is on it as JSON and end; needs no configuration")
      ->type_name("FILE");
  if (const auto code = parse_command_line(app, argc, argv)) return *code;

  Config config;
  if (photo.empty() || app.count("--config") > 0) {
    auto loaded = load_and_start_log(options, "detect");
    if (!loaded) return fail(loaded.error(), exit_code_of(loaded.error()));
    config = std::move(*loaded);
  }
  if (!model.empty()) config.detect.model = model;
  return photo.empty() ? detect::watch(config) : detect::look_once(config, photo);
}
