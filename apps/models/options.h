// What all subcommands that run a model let choose, and the model opened accordingly. Thread-bound.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "model/detector.h"

namespace vedette::models {

struct ModelOptions {
  std::string file;
  std::string labels;
  std::string provider = "auto";
  std::string precision = "auto";
  std::string cache;  // "": cache_dir()
  bool keep = true;   // what is made for this machine, in the cache
  std::uint32_t device = 0;
  std::uint32_t threads = 0;
  float nms_iou = 0.6f;
};

// The file, as an argument or as --model, and the options. `options` must outlive the parsing.
void add_model_options(CLI::App& app, ModelOptions& options);

model::BackendOptions backend_options(const ModelOptions& options);
// What the backend remarks (a provider that isn't here) is noted on stderr.
Result<std::unique_ptr<model::Detector>> open_detector(const ModelOptions& options, float threshold);

}  // namespace vedette::models
