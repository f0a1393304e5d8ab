#include "models/onnx_header.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <string_view>

#include "base/unique_fd.h"

namespace vedette::models {
namespace {

// Fields of ModelProto, OperatorSetIdProto and StringStringEntryProto.
constexpr std::uint64_t kIrVersion = 1, kProducerName = 2, kProducerVersion = 3, kOpsetImport = 8, kMetadataProps = 14;
constexpr std::uint64_t kFirst = 1, kSecond = 2;  // domain and version; key and value
constexpr std::uint64_t kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5;
constexpr std::uint64_t kMostBytes = 1 << 20;  // of one of these fields

// Bytes of a file from a place on, read in pieces.
class Bytes {
 public:
  Bytes(int fd, std::uint64_t size) : fd_(fd), size_(size) {}

  bool at_end() const { return position_ >= size_; }
  bool skip(std::uint64_t count) {
    if (count > size_ - position_) return false;
    position_ += count;
    return true;
  }
  bool read(char* out, std::uint64_t count) {
    if (count > size_ - position_) return false;
    if (::pread(fd_, out, count, static_cast<off_t>(position_)) != static_cast<ssize_t>(count)) return false;
    position_ += count;
    return true;
  }

 private:
  int fd_;
  std::uint64_t size_;
  std::uint64_t position_ = 0;
};

class Memory {
 public:
  explicit Memory(std::string_view data) : data_(data) {}
  bool at_end() const { return data_.empty(); }
  bool skip(std::uint64_t count) {
    if (count > data_.size()) return false;
    data_.remove_prefix(count);
    return true;
  }
  bool read(char* out, std::uint64_t count) {
    if (count > data_.size()) return false;
    data_.copy(out, count);
    return skip(count);
  }

 private:
  std::string_view data_;
};

template <typename Input>
std::optional<std::uint64_t> read_varint(Input& input) {
  std::uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    char byte = 0;
    if (!input.read(&byte, 1)) return std::nullopt;
    value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) return value;
  }
  return std::nullopt;
}

// Calls `number` or `bytes` for each field; `wanted` says whether a field's bytes are to be read. False: no protobuf message.
template <typename Input, typename Number, typename Wanted, typename Take>
bool each_field(Input& input, Number number, Wanted wanted, Take bytes) {
  while (!input.at_end()) {
    const auto key = read_varint(input);
    if (!key || *key >> 3 == 0) return false;
    const std::uint64_t field = *key >> 3, kind = *key & 7;
    if (kind == kFixed64 || kind == kFixed32) {
      if (!input.skip(kind == kFixed64 ? 8 : 4)) return false;
      continue;
    }
    if (kind != kVarint && kind != kBytes) return false;
    const auto value = read_varint(input);
    if (!value) return false;
    if (kind == kVarint) {
      number(field, *value);
    } else if (wanted(field) && *value <= kMostBytes) {
      std::string text(*value, '\0');
      if (!input.read(text.data(), text.size())) return false;
      bytes(field, std::move(text));
    } else if (!input.skip(*value)) {
      return false;
    }
  }
  return true;
}

struct Pair {
  std::string first, second;
  std::uint64_t number = 0;
};
bool read_pair(std::string_view data, Pair& pair) {
  Memory input(data);
  return each_field(
      input, [&](std::uint64_t field, std::uint64_t value) { pair.number = field == kSecond ? value : pair.number; },
      [](std::uint64_t) { return true; },
      [&](std::uint64_t field, std::string text) {
        if (field == kFirst) pair.first = std::move(text);
        if (field == kSecond) pair.second = std::move(text);
      });
}

}  // namespace

Result<OnnxHeader> read_onnx_header(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct ::stat file {};
  if (!fd || ::fstat(fd.get(), &file) != 0) return errno_error("model " + path);
  Bytes input(fd.get(), static_cast<std::uint64_t>(file.st_size));
  OnnxHeader header;
  bool sound = true;
  std::string version;
  const bool whole = each_field(
      input,
      [&](std::uint64_t field, std::uint64_t value) { header.ir_version = field == kIrVersion ? value : header.ir_version; },
      [](std::uint64_t field) {
        return field == kProducerName || field == kProducerVersion || field == kOpsetImport || field == kMetadataProps;
      },
      [&](std::uint64_t field, std::string text) {
        Pair pair;
        if (field == kProducerName)
          header.producer = std::move(text);
        else if (field == kProducerVersion)
          version = std::move(text);
        else if (!read_pair(text, pair))
          sound = false;
        else if (field == kMetadataProps)
          header.metadata.emplace_back(std::move(pair.first), std::move(pair.second));
        else if (pair.first.empty() || pair.first == "ai.onnx")
          header.opset = pair.number;
      });
  if (!whole || !sound || header.ir_version == 0) return Error{ErrorCode::kCorrupt, "model " + path + ": no ONNX file"};
  if (!version.empty()) header.producer += " " + version;
  return header;
}

}  // namespace vedette::models
