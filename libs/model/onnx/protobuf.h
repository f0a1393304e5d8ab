// Reads protobuf messages field by field, as views into the bytes given. Whatever the bytes, it ends and stays inside them.
#pragma once

#include <cstdint>
#include <string_view>

namespace vedette::model::onnx {

class ProtobufReader {
 public:
  explicit ProtobufReader(std::string_view message) : rest_(message) {}

  // The next field; false at the end, or if what follows is no field: then ok() is false.
  bool next() {
    std::uint64_t key = 0;
    if (rest_.empty() || !varint(key)) return false;
    field_ = key >> 3;
    bytes_ = {};
    number_ = 0;
    switch (key & 7) {
      case 0:
        return varint(number_);
      case 1:
        return skip(8);
      case 2: {
        std::uint64_t size = 0;
        return varint(size) && skip(size);
      }
      case 5:
        return skip(4);
      default:
        return ok_ = false;
    }
  }

  bool ok() const { return ok_; }
  std::uint64_t field() const { return field_; }
  std::uint64_t number() const { return number_; }   // of a varint
  std::string_view bytes() const { return bytes_; }  // of a string or a message

 private:
  bool skip(std::uint64_t size) {
    if (size > rest_.size()) return ok_ = false;
    bytes_ = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return true;
  }

  bool varint(std::uint64_t& value) {
    value = 0;
    for (unsigned shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
      const auto byte = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      value |= std::uint64_t{byte & 0x7fu} << shift;
      if (byte < 0x80) return true;
    }
    return ok_ = false;
  }

  std::string_view rest_, bytes_;
  std::uint64_t field_ = 0, number_ = 0;
  bool ok_ = true;
};

}  // namespace vedette::model::onnx
