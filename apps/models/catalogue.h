// Catalogue: the detectors that others publish and that Vedette knows the tensors of: where they are, how large, under which
// licence, how good their makers say they are. One table, in catalogue.cpp.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace vedette::models {

struct KnownModel {
  std::string_view name;
  std::string_view family;  // for people; the file's own tensors decide
  std::uint32_t side = 0;   // of its square input, pixels
  std::string_view licence;
  double ap = 0;  // COCO val2017, as its makers publish it
  std::string_view file;
  // Of the .onnx file; "": its makers publish checkpoints only, `export_command` makes the file.
  std::string_view url;
  std::uint64_t bytes = 0;  // 0: not known
  std::string_view sha256;  // "": not known
  std::string_view remark;  // who made the file, if not the makers of the model
  std::string_view export_command;
};

std::span<const KnownModel> known_models();
// Null if there is none of that name.
const KnownModel* find_known(std::string_view name);

// Where to get it: under `mirror` (a folder's URL) by its file name, or its own URL if that is "".
std::string url_of(const KnownModel& model, const std::string& mirror);

// Where fetched models lie unless said otherwise: beside the default model.
std::string models_dir();

}  // namespace vedette::models
