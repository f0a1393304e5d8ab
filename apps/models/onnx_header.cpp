#include "models/onnx_header.h"

#include <string_view>

#include "base/file.h"
#include "model/onnx/protobuf.h"

namespace vedette::models {
namespace {

using model::onnx::ProtobufReader;

// Fields of ModelProto, OperatorSetIdProto and StringStringEntryProto.
constexpr std::uint64_t kIrVersion = 1, kProducerName = 2, kProducerVersion = 3, kOpsetImport = 8, kMetadataProps = 14;
constexpr std::uint64_t kFirst = 1, kSecond = 2;          // domain and version; key and value
constexpr std::size_t kMostBytes = std::size_t{1} << 20;  // of one of these fields; a larger one isn't shown

struct Pair {
  std::string first, second;
  std::uint64_t number = 0;
};
bool read_pair(std::string_view message, Pair& pair) {
  ProtobufReader field(message);
  while (field.next()) {
    if (field.field() == 0) return false;
    if (field.field() == kFirst) pair.first = field.bytes();
    if (field.field() == kSecond) pair.second = field.bytes(), pair.number = field.number();
  }
  return field.ok();
}

bool read_header(std::string_view file, OnnxHeader& header) {
  std::string version;
  ProtobufReader field(file);
  while (field.next()) {
    const std::uint64_t number = field.field();
    if (number == 0) return false;
    if (number == kIrVersion) header.ir_version = field.number();
    if (field.bytes().size() > kMostBytes) continue;
    if (number == kProducerName) header.producer = field.bytes();
    if (number == kProducerVersion) version = field.bytes();
    if (number != kOpsetImport && number != kMetadataProps) continue;
    Pair pair;
    if (!read_pair(field.bytes(), pair)) return false;
    if (number == kMetadataProps)
      header.metadata.emplace_back(std::move(pair.first), std::move(pair.second));
    else if (pair.first.empty() || pair.first == "ai.onnx")
      header.opset = pair.number;
  }
  if (!version.empty()) header.producer += " " + version;
  return field.ok() && header.ir_version != 0;
}

}  // namespace

Result<OnnxHeader> read_onnx_header(const std::string& path) {
  const auto file = read_file(path);
  if (!file) return Error{file.error().code, "model " + file.error().text};
  OnnxHeader header;
  if (!read_header(*file, header)) return Error{ErrorCode::kCorrupt, "model " + path + ": no ONNX file"};
  return header;
}

}  // namespace vedette::models
