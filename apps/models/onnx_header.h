// What stands around the graph of an ONNX file: versions, who wrote it, its metadata. Pure but for reading the file.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace vedette::models {

struct OnnxHeader {
  std::uint64_t ir_version = 0;
  std::uint64_t opset = 0;  // of ONNX's own operators; 0: not said
  std::string producer;     // name and version
  std::vector<std::pair<std::string, std::string>> metadata;
};

// ModelProto of onnx/onnx.proto3. kCorrupt for what isn't a protobuf message, or is none that could be one.
Result<OnnxHeader> read_onnx_header(const std::string& path);

}  // namespace vedette::models
