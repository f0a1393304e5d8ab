#include "models/options.h"

#include "config/command_line.h"
#include "models/output.h"

namespace vedette::models {

void add_model_options(CLI::App& app, ModelOptions& options) {
  app.add_option("model,--model", options.file, "The .onnx file")->required()->type_name("FILE");
  app.add_option("--labels", options.labels, "File of class names, one a line; else the model's metadata, else COCO")
      ->type_name("FILE");
  app.add_option("--nms-iou", options.nms_iou, "Overlap above which the weaker of two boxes of a class goes (yolox, nanodet)")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  app.add_option("--provider", options.provider, "auto, cpu, cuda, tensorrt, webgpu: what runs the model")
      ->check(CLI::IsMember({"auto", "cpu", "cuda", "tensorrt", "webgpu"}))
      ->capture_default_str();
  app.add_option("--device", options.device, "Which of several GPUs")->capture_default_str();
  app.add_option("--precision", options.precision, "auto, fp32, fp16, int8: of TensorRT's engines")
      ->check(CLI::IsMember({"auto", "fp32", "fp16", "int8"}))
      ->capture_default_str();
  app.add_option("--cache", options.cache, "Folder of engines and timings")->type_name("DIR");
  app.add_option("--threads", options.threads, "Of the inference; 0: half of the cores, at least 1, at most 4")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
}

model::BackendOptions backend_options(const ModelOptions& options) {
  return {.provider = model::parse_provider(options.provider).value_or(model::Provider::kAuto),
          .device = options.device,
          .precision = model::parse_precision(options.precision).value_or(model::Precision::kAuto),
          .threads = options.threads,
          .cache = !options.keep           ? ""
                   : options.cache.empty() ? cache_dir()
                                           : options.cache,
          .progress = [](std::string_view line) { note(std::string(line)); }};
}

Result<std::unique_ptr<model::Detector>> open_detector(const ModelOptions& options, float threshold) {
  VD_ASSIGN(auto detector,
            model::load_detector(options.file, {threshold, options.nms_iou, options.labels, backend_options(options)}));
  for (const std::string& remark : detector->backend().remarks()) note(remark);
  return detector;
}

}  // namespace vedette::models
