// What an .onnx file says of itself before any runtime reads it: the files that make up the model, a hash of their content, and
// the few facts that decide how it is opened. Bytes from the file are checked, never trusted: field numbers by onnx/onnx.proto3.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace vedette::model::onnx {

struct ModelFile {
  std::string path;
  std::vector<std::string> data_files;    // weights kept outside it (external data); paths
  std::vector<std::string> open_batches;  // names of the inputs' open first sides ("batch")
  bool quantized = false;                 // has QuantizeLinear nodes
  std::string content;                    // 16 hexadecimal digits, of all the files' bytes
};

// kNotFound, kInvalidArgument or kCorrupt in one sentence that names `path`: no file, empty, no ONNX model, cut off; weights in
// files that are missing, too short, or outside the model's folder.
Result<ModelFile> read_model_file(const std::string& path);

// Its data_files alone, there or not; those outside the model's folder left out. Empty for what isn't a whole model.
std::vector<std::string> data_files_of(const std::string& path);

// A part of an optimised copy that the runtime reads with aligned instructions: weights that it saved rearranged.
// False if `model` (an .onnx file's bytes) has one whose place in its file isn't a multiple of `alignment`, or isn't readable.
bool rearranged_weights_are_aligned(std::string_view model, std::uint64_t alignment);

}  // namespace vedette::model::onnx
