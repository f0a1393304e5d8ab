#include "model/onnx/hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cstdio>

#include "base/file.h"

namespace vedette::model::onnx {

struct ContentHash::State {
  XXH3_state_t xxh;
};

ContentHash::ContentHash() : state_(std::make_unique<State>()) { XXH3_64bits_reset(&state_->xxh); }
ContentHash::~ContentHash() = default;

void ContentHash::add(std::string_view bytes) { XXH3_64bits_update(&state_->xxh, bytes.data(), bytes.size()); }

Result<> ContentHash::add_file(const std::string& path) {
  return read_in_pieces(path, [this](std::string_view piece) { add(piece); });
}

std::string ContentHash::hex() const {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(XXH3_64bits_digest(&state_->xxh)));
  return text;
}

}  // namespace vedette::model::onnx
