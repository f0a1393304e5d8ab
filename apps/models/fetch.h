// `vedette model fetch` and `list`: the catalogue's models, here and elsewhere.
#pragma once

#include <chrono>
#include <string>

#include "base/result.h"

namespace vedette::models {

struct FetchOptions {
  std::string name;
  std::string dir;     // "": models_dir()
  std::string mirror;  // URL of a folder with the catalogue's files; "": from their makers
  bool force = false;  // also when a file of that name is there
  std::chrono::seconds stall{60};
};
Result<> fetch(const FetchOptions& options);

struct ListOptions {
  std::string dir;
  bool json = false;
};
Result<> list(const ListOptions& options);

}  // namespace vedette::models
