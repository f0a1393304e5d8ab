// `vedette model info` and `bench`: what a file is, and how fast it is here.
#pragma once

#include <string>

#include "models/options.h"

namespace vedette::models {

struct InfoOptions {
  ModelOptions model;
  bool json = false;
};
Result<> info(const InfoOptions& options);

struct BenchOptions {
  ModelOptions model;
  std::string picture;  // JPEG file; "": a test picture of 1920x1080
  double seconds = 5;
  bool json = false;
};
Result<> bench(const BenchOptions& options);

}  // namespace vedette::models
