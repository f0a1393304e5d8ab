// ONNX files whose outputs are computed from their inputs, in any element type, with weights inside or in a file beside.
#pragma once

#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "support/onnx_writer.h"

namespace vedette::test {

// onnx.TensorProto.DataType
enum Element : std::uint64_t { kF32 = 1, kU8 = 2, kI32 = 6, kI64 = 7, kF16 = 10 };

struct Side {
  std::int64_t size = 1;
  std::string name;  // open under that name, if there is one
};

struct ExternalData {
  std::string location;
  std::uint64_t offset = 0, length = 0;
};

class GraphWriter {
 public:
  GraphWriter& input(const std::string& name, Element type, const std::vector<Side>& shape) {
    graph_.message(11, value(name, type, shape));
    return *this;
  }
  GraphWriter& output(const std::string& name, Element type, const std::vector<Side>& shape) {
    graph_.message(12, value(name, type, shape));
    return *this;
  }
  GraphWriter& node(const std::string& op, const std::vector<std::string>& inputs, const std::string& result) {
    return node(op, inputs, result, {});
  }
  // With one integer attribute.
  GraphWriter& node(const std::string& op, const std::vector<std::string>& inputs, const std::string& result,
                    const std::vector<std::pair<std::string, std::vector<std::int64_t>>>& attributes) {
    Protobuf node;
    for (const std::string& name : inputs) node.bytes(1, name);
    node.bytes(2, result);
    node.bytes(4, op);
    for (const auto& [name, values] : attributes) {
      Protobuf attribute;
      attribute.bytes(1, name);
      const bool one = values.size() == 1;
      if (one) attribute.number(3, static_cast<std::uint64_t>(values[0]));
      if (!one)
        for (const std::int64_t each : values) attribute.number(8, static_cast<std::uint64_t>(each));
      attribute.number(20, one ? 2 : 7);
      node.message(5, attribute);
    }
    graph_.message(1, node);
    return *this;
  }
  GraphWriter& weights(const std::string& name, const std::vector<std::int64_t>& shape, const std::vector<float>& values) {
    Protobuf tensor = start(name, shape);
    tensor.bytes(9, {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)});
    graph_.message(5, tensor);
    return *this;
  }
  GraphWriter& weights(const std::string& name, const std::vector<std::int64_t>& shape, const ExternalData& data) {
    Protobuf tensor = start(name, shape);
    for (const auto& [key, text] : {std::pair{"location", data.location},
                                    {"offset", std::to_string(data.offset)},
                                    {"length", std::to_string(data.length)}}) {
      Protobuf entry;
      entry.bytes(1, key);
      entry.bytes(2, text);
      tensor.message(13, entry);
    }
    tensor.number(14, 1);  // EXTERNAL
    graph_.message(5, tensor);
    return *this;
  }
  GraphWriter& metadata(const std::string& key, const std::string& text) {
    metadata_.emplace_back(key, text);
    return *this;
  }

  std::string file() const {
    Protobuf graph = graph_, opset, file;
    graph.bytes(2, "graph");
    opset.number(2, 16);
    file.number(1, 8);
    file.message(7, graph);
    file.message(8, opset);
    for (const auto& [key, text] : metadata_) {
      Protobuf entry;
      entry.bytes(1, key);
      entry.bytes(2, text);
      file.message(14, entry);
    }
    return file.data();
  }

 private:
  static Protobuf start(const std::string& name, const std::vector<std::int64_t>& shape) {
    Protobuf tensor;
    for (const std::int64_t side : shape) tensor.number(1, static_cast<std::uint64_t>(side));
    tensor.number(2, kF32);
    tensor.bytes(8, name);
    return tensor;
  }
  static Protobuf value(const std::string& name, Element type, const std::vector<Side>& shape) {
    Protobuf sides, tensor, typed, info;
    for (const Side& side : shape) {
      Protobuf dim;
      if (side.name.empty())
        dim.number(1, static_cast<std::uint64_t>(side.size));
      else
        dim.bytes(2, side.name);
      sides.message(1, dim);
    }
    tensor.number(1, type);
    tensor.message(2, sides);
    typed.message(1, tensor);
    info.bytes(1, name);
    info.message(2, typed);
    return info;
  }

  Protobuf graph_;
  std::vector<std::pair<std::string, std::string>> metadata_;
};

// x f32[1,4] + x -> y
inline std::string doubling_model() {
  return GraphWriter().input("x", kF32, {{1}, {4}}).node("Add", {"x", "x"}, "y").output("y", kF32, {{1}, {4}}).file();
}

inline constexpr std::int64_t kMatrixSide = 1024;

// x f32[1,1024] times a matrix of 4 MiB, `scale` on its diagonal, else 0.
inline std::vector<float> diagonal_matrix(float scale) {
  std::vector<float> matrix(kMatrixSide * kMatrixSide, 0.0f);
  for (std::size_t i = 0; i < kMatrixSide; ++i) matrix[i * kMatrixSide + i] = scale;
  return matrix;
}
inline GraphWriter scaling_graph() {
  return GraphWriter()
      .input("x", kF32, {{1}, {kMatrixSide}})
      .node("MatMul", {"x", "w"}, "y")
      .output("y", kF32, {{1}, {kMatrixSide}})
      .metadata("names", "['anna']");
}
inline std::string scaling_model(float scale) {
  return scaling_graph().weights("w", {kMatrixSide, kMatrixSide}, diagonal_matrix(scale)).file();
}

// A folder that is gone after the test.
class TemporaryFolder {
 public:
  TemporaryFolder() : path_(std::filesystem::temp_directory_path() / "vedette-backends-XXXXXX") {
    std::string name = path_;
    path_ = ::mkdtemp(name.data());
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }

  std::string operator/(const std::string& name) const { return path_ / name; }
  std::string path() const { return path_; }
  std::string write(const std::string& name, std::string_view bytes) const {
    write_file(path_ / name, bytes);
    return path_ / name;
  }

 private:
  std::filesystem::path path_;
};

}  // namespace vedette::test
