// vedette-detect: finds objects on the newest frames of all cameras and publishes them under their frames' ids. One process for
// all cameras, the model is loaded once. Two threads of ours (the model uses more inside): one looks at frames, one watches the
// model's file and loads another that takes its place.
#include <cstdio>
#include <cstdlib>

#include "base/process.h"
#include "bus/directory.h"
#include "config/command_line.h"
#include "detect/detect_loop.h"
#include "detect/photo.h"
#include "model/detector.h"
#include "telemetry/log.h"

namespace vedette::detect {
namespace {

using LoadedModel = Result<std::unique_ptr<model::Detector>>;

model::BackendOptions backend_options(const DetectConfig& config) {
  model::BackendOptions options;
  // The configuration takes no other words.
  options.provider = model::parse_provider(config.provider).value_or(model::Provider::kAuto);
  options.precision = model::parse_precision(config.precision).value_or(model::Precision::kAuto);
  options.device = config.device;
  options.threads = config.threads;
  options.cache = config.cache.empty() ? cache_dir() : config.cache;
  options.progress = [](std::string_view line) { log::info("{}", line); };
  return options;
}

LoadedModel load_model(const DetectConfig& config) {
  const model::DetectorOptions options{config.threshold, config.nms_iou, config.labels, backend_options(config)};
  VD_ASSIGN(auto detector, model::load_detector(model_path(config), options));
  for (const std::string& remark : detector->backend().remarks()) log::warning("{}", remark);
  return detector;
}

// ", 2 threads"
std::string threads_text(const DetectConfig& config) {
  const std::uint32_t threads = model::threads_of(backend_options(config));
  return fmt::format(", {} thread{}", threads, threads == 1 ? "" : "s");
}

LoadedModel load_and_tell(const DetectConfig& config) {
  VD_ASSIGN(auto detector, load_model(config));
  const vision::TensorSpec& input = detector->input();
  const model::Provider provider = detector->backend().provider();
  log::info("model {}, {}x{}, {} classes, on {}{}", detector->family(), input.width, input.height, detector->class_names().size(),
            to_string(provider), provider == model::Provider::kCpu ? threads_text(config) : "");
  return detector;
}

Result<std::vector<Camera>> open_cameras(const Config& config, const bus::BusDir& dir, const model::Detector& detector) {
  CameraOptions options{config.detect.fps, config.detect.deadline, config.bus, {}, {}};
  std::vector<Camera> cameras;
  for (const CameraConfig& camera : config.cameras) {
    if (!camera.detect) continue;
    options.region = camera.detect_region;
    if (config.motion.gate) options.stillness = stillness_options(config.motion, camera.zones);
    VD_ASSIGN(Camera opened, Camera::open(dir, camera.name, options, traits_of(detector)));
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

int watch(const Config& config, const CommonOptions& common) {
  const auto dir = bus::BusDir::open(config.bus.dir);
  if (!dir) return fail(dir.error(), exit_code_of(dir.error()));
  const auto list_files = [&config] { return files_of_model(model_path(config.detect), config.detect.labels); };
  const std::vector<std::string> files = list_files();
  FileMarks marks = marks_of(files);
  auto detector = load_and_tell(config.detect);
  if (!detector) return fail(detector.error(), exit_code_of(detector.error()));
  auto cameras = open_cameras(config, *dir, **detector);
  if (!cameras) return fail(cameras.error(), exit_code_of(cameras.error()));
  log::info("watching {} cameras", cameras->size());

  ModelWatch models(files, std::move(marks), list_files, [&config] { return load_and_tell(config.detect); });
  ZoneWatch zones(config, [&common] { return load_config(common.config, overrides_of(common)); });
  DetectLoop loop(std::move(*cameras), std::move(*detector), models, std::move(zones));
  // After all other threads were started: they stay free to run anywhere.
  if (const auto settled = loop.settle(config.detect.waiting); !settled)
    return fail(settled.error(), exit_code_of(settled.error()));
  const auto end = loop.run();
  tell_totals(loop.cameras());
  int code = 0;
  if (!end) {
    code = fail(end.error());
  } else if (*end == DetectLoop::End::kSessionChanged) {
    log::info("a new session: to be started again");
    code = kExitRestart;
  }
  if (models.loading()) std::_Exit(code);  // it isn't waited for
  return code;
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

  const bool has_config = photo.empty() || app.count("--config") > 0;
  auto config = has_config ? load_and_start_log(options, "detect") : load_settings(overrides_of(options));
  if (!config) return fail(config.error(), exit_code_of(config.error()));
  if (!model.empty()) config->detect.model = model;
  return photo.empty() ? detect::watch(*config, options) : detect::look_once(*config, photo);
}
