// vedette-model: models as files: which there are, what one is, how well and how fast it does. What `vedette model …` becomes.
// Reads and writes files only; no part of the running system needs it.
#include <CLI/CLI.hpp>

#include "base/process.h"
#include "config/command_line.h"
#include "models/catalogue.h"
#include "models/engine.h"
#include "models/eval.h"
#include "models/fetch.h"
#include "models/look.h"
#include "models/quantize.h"

namespace {

using namespace vedette;
using namespace vedette::models;

CLI::App* add_list(CLI::App& app, ListOptions& options) {
  CLI::App* list = app.add_subcommand("list", "The detectors that others publish, and which of them are here");
  list->add_option("--dir", options.dir, "Where to look for their files")->type_name("DIR")->default_str(models_dir());
  list->add_flag("--json", options.json, "One JSON list");
  list->footer("AP: on COCO val2017, as its makers publish it.");
  return list;
}

CLI::App* add_fetch(CLI::App& app, FetchOptions& options) {
  CLI::App* fetch = app.add_subcommand("fetch", "Get one of them: resumable, checked, there whole or not at all");
  fetch->add_option("name", options.name, "As `vedette model list` has it")->required();
  fetch->add_option("--dir", options.dir, "Where to put it")->type_name("DIR")->default_str(models_dir());
  fetch->add_option("--mirror", options.mirror, "URL of a folder with the files, instead of their makers'")
      ->type_name("URL")
      ->envname("VEDETTE_MODEL_MIRROR");
  fetch
      ->add_option_function<unsigned>(
          "--stall", [&](unsigned seconds) { options.stall = std::chrono::seconds(seconds); },
          "Seconds without a byte after which it gives up")
      ->check(CLI::Range(1, 86400))
      ->default_str("60");
  fetch->add_flag("--force", options.force, "Replace a file of that name");
  fetch->footer("Proxies are those of the environment (https_proxy, no_proxy, …).");
  return fetch;
}

CLI::App* add_info(CLI::App& app, InfoOptions& options) {
  CLI::App* info = app.add_subcommand("info", "What a model is: family, tensors, classes, what runs it, its card");
  add_model_options(*info, options.model);
  info->add_flag("--json", options.json, "One JSON object");
  return info;
}

CLI::App* add_bench(CLI::App& app, BenchOptions& options) {
  CLI::App* bench = app.add_subcommand("bench", "How long a picture takes: pixel pass, inference, boxes");
  add_model_options(*bench, options.model);
  bench->add_option("--picture", options.picture, "JPEG file; else a test picture of 1920x1080")->type_name("FILE");
  bench->add_option("--seconds", options.seconds, "How long to measure")->check(CLI::Range(0.0, 86400.0))->capture_default_str();
  bench->add_flag("--json", options.json, "One JSON object");
  return bench;
}

CLI::App* add_eval(CLI::App& app, EvalOptions& options) {
  CLI::App* eval = app.add_subcommand("eval", "COCO's average precision on photos, through the product's own picture path");
  add_model_options(*eval, options.model);
  eval->add_option("--coco", options.coco, "Folder with images/ (JPEG) and instances.json (COCO's annotations)")
      ->required()
      ->type_name("DIR");
  eval->add_flag("--full-chroma", options.full_chroma, "Photos keep all their chroma; cameras' pictures have a quarter of it");
  eval->add_flag("--json", options.json, "One JSON object");
  eval->add_flag("--card", options.card, "Write the figures into the model's card, FILE.card.json");
  eval->add_option("--boxes", options.boxes, "Write the boxes too, in COCO's results format")->type_name("FILE");
  eval->footer("Example:\n  vedette model eval --model m.onnx --coco coco/val2017 --card");
  return eval;
}

CLI::App* add_quantize(CLI::App& app, QuantizeOptions& options) {
  CLI::App* quantize =
      app.add_subcommand("quantize", "A static INT8 version that loses little average precision, or none at all");
  add_model_options(*quantize, options.model);
  quantize
      ->add_option("--pictures", options.pictures, "Folder of JPEG files like what the cameras will see: ranges are learnt there")
      ->required()
      ->type_name("DIR");
  quantize->add_option("--most-pictures", options.most_pictures, "Of that folder")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  quantize->add_option("--coco", options.coco, "Folder on which the loss is measured, as for eval")->required()->type_name("DIR");
  quantize->add_option("--max-loss", options.max_loss, "AP points (hundredths of AP) that may be lost")
      ->check(CLI::Range(-100.0, 100.0))
      ->capture_default_str();
  quantize->add_option("--most-settings", options.most_settings, "Of those that keep more and more in float")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  quantize->add_option("-o,--output", options.output, "The file to write; its card goes beside it")
      ->required()
      ->type_name("FILE");
  quantize->add_flag("--force", options.force, "Overwrite the file");
  quantize->add_flag("--all", options.all, "Measure every setting, also after one that is good enough");
  quantize->add_flag("--json", options.json, "One JSON object with every setting that was tried");
  quantize->footer("Example:\n  vedette model quantize m.onnx --pictures my/photos --coco coco/val2017 -o m_int8.onnx");
  return quantize;
}

CLI::App* add_build_engine(CLI::App& app, ModelOptions& options) {
  CLI::App* engine =
      app.add_subcommand("build-engine", "TensorRT's engine of a model, built and kept before the detector needs it");
  add_model_options(*engine, options);
  engine->footer(
      "Takes minutes, tells how long it has taken. The detector finds it under the same --cache, --device and --precision.");
  return engine;
}

}  // namespace

int main(int argc, char** argv) {
  install_stop_signals();
  CLI::App app{"Models as files: which there are, what one is, how well and how fast it does.", "vedette model"};
  app.require_subcommand(1);
  ListOptions list_options;
  FetchOptions fetch_options;
  InfoOptions info_options;
  BenchOptions bench_options;
  EvalOptions eval_options;
  QuantizeOptions quantize_options;
  ModelOptions engine_options;
  const CLI::App* list_app = add_list(app, list_options);
  const CLI::App* fetch_app = add_fetch(app, fetch_options);
  const CLI::App* info_app = add_info(app, info_options);
  const CLI::App* bench_app = add_bench(app, bench_options);
  const CLI::App* eval_app = add_eval(app, eval_options);
  const CLI::App* quantize_app = add_quantize(app, quantize_options);
  const CLI::App* engine_app = add_build_engine(app, engine_options);
  if (const auto code = parse_command_line(app, argc, argv)) return *code;
  const auto run = [&]() -> Result<> {
    if (*list_app) return list(list_options);
    if (*fetch_app) return fetch(fetch_options);
    if (*info_app) return info(info_options);
    if (*bench_app) return bench(bench_options);
    if (*eval_app) return eval(eval_options);
    if (*quantize_app) return quantize(quantize_options);
    if (*engine_app) return build_engine(engine_options);
    return {};
  };
  const Result<> done = run();
  return done.ok() ? 0 : fail(done.error());
}
