// vedette-model: models as files: which there are, what one is, how well and how fast it does. What `vedette model …` becomes.
// Reads and writes files only; no part of the running system needs it.
#include <CLI/CLI.hpp>

#include "base/process.h"
#include "config/command_line.h"
#include "models/eval.h"
#include "models/quantize.h"

namespace {

using namespace vedette;
using namespace vedette::models;

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
      ->check(CLI::Range(0.0, 100.0))
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

}  // namespace

int main(int argc, char** argv) {
  install_stop_signals();
  CLI::App app{"Models as files: which there are, what one is, how well and how fast it does.", "vedette model"};
  app.require_subcommand(1);
  EvalOptions eval_options;
  QuantizeOptions quantize_options;
  const CLI::App* eval_app = add_eval(app, eval_options);
  const CLI::App* quantize_app = add_quantize(app, quantize_options);
  if (const auto code = parse_command_line(app, argc, argv)) return *code;
  const auto run = [&]() -> Result<> {
    if (*eval_app) return eval(eval_options);
    if (*quantize_app) return quantize(quantize_options);
    return {};
  };
  const Result<> done = run();
  return done.ok() ? 0 : fail(done.error());
}
