// Writes tiny ONNX models whose outputs are constants: real files for the real runtime, with whatever tensors a test needs.
// Field numbers: onnx/onnx.proto3 (IR version 8).
#pragma once

#include <cstdint>
#include <cstring>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

namespace vedette::test {

struct OnnxTensor {
  std::string name;
  std::vector<std::int64_t> shape;  // -1: symbolic
  std::vector<float> f32;           // an output's value; for inputs both are empty
  std::vector<std::int64_t> i64;
  bool is_i64 = false;
  std::uint64_t type = 0;  // of ONNX's, if it is another than the values': outputs are cast to it
};

struct OnnxModel {
  std::vector<OnnxTensor> inputs, outputs;
  std::vector<std::pair<std::string, std::string>> metadata;
};

class Protobuf {
 public:
  void number(int field, std::uint64_t value) {
    varint(static_cast<std::uint64_t>(field) << 3);
    varint(value);
  }
  void bytes(int field, std::string_view value) {
    varint(static_cast<std::uint64_t>(field) << 3 | 2);
    varint(value.size());
    data_ += value;
  }
  void message(int field, const Protobuf& value) { bytes(field, value.data_); }
  const std::string& data() const { return data_; }

 private:
  void varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) data_ += static_cast<char>((value & 0x7f) | 0x80);
    data_ += static_cast<char>(value);
  }
  std::string data_;
};

namespace onnx {

inline constexpr std::uint64_t kFloat = 1, kUint8 = 2, kInt32 = 6, kInt64 = 7, kFloat16 = 10;

inline std::uint64_t type_of_values(const OnnxTensor& tensor) { return tensor.is_i64 ? kInt64 : kFloat; }

inline Protobuf value_info(const OnnxTensor& tensor) {
  Protobuf shape;
  for (std::size_t i = 0; i < tensor.shape.size(); ++i) {
    Protobuf dim;
    if (tensor.shape[i] < 0)
      dim.bytes(2, "side" + std::to_string(i));
    else
      dim.number(1, static_cast<std::uint64_t>(tensor.shape[i]));
    shape.message(1, dim);
  }
  Protobuf tensor_type;
  tensor_type.number(1, tensor.type != 0 ? tensor.type : type_of_values(tensor));
  tensor_type.message(2, shape);
  Protobuf type, info;
  type.message(1, tensor_type);
  info.bytes(1, tensor.name);
  info.message(2, type);
  return info;
}

inline Protobuf constant(const OnnxTensor& tensor) {
  Protobuf value;
  for (const std::int64_t side : tensor.shape) value.number(1, static_cast<std::uint64_t>(side));
  value.number(2, type_of_values(tensor));
  value.bytes(8, tensor.name + "_value");
  const char* raw =
      tensor.is_i64 ? reinterpret_cast<const char*>(tensor.i64.data()) : reinterpret_cast<const char*>(tensor.f32.data());
  value.bytes(9, {raw, tensor.is_i64 ? tensor.i64.size() * sizeof(std::int64_t) : tensor.f32.size() * sizeof(float)});
  return value;
}

}  // namespace onnx

inline std::string serialize(const OnnxModel& model) {
  Protobuf graph;
  for (const OnnxTensor& output : model.outputs) {
    Protobuf node;
    node.bytes(1, output.name + "_value");
    node.bytes(2, output.name);
    node.bytes(4, output.type != 0 ? "Cast" : "Identity");
    if (output.type != 0) {
      Protobuf to;
      to.bytes(1, "to");
      to.number(3, output.type);
      to.number(20, 2);  // an integer
      node.message(5, to);
    }
    graph.message(1, node);
  }
  graph.bytes(2, "constant");
  for (const OnnxTensor& output : model.outputs) graph.message(5, onnx::constant(output));
  for (const OnnxTensor& input : model.inputs) graph.message(11, onnx::value_info(input));
  for (const OnnxTensor& output : model.outputs) graph.message(12, onnx::value_info(output));
  Protobuf opset, file;
  opset.number(2, 16);
  file.number(1, 8);
  file.message(7, graph);
  file.message(8, opset);
  for (const auto& [key, value] : model.metadata) {
    Protobuf entry;
    entry.bytes(1, key);
    entry.bytes(2, value);
    file.message(14, entry);
  }
  return file.data();
}

inline void write_file(const std::string& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

}  // namespace vedette::test
