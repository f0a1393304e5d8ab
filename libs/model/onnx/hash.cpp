#include "model/onnx/hash.h"

#define XXH_INLINE_ALL
#include <fcntl.h>
#include <xxhash.h>

#include <cerrno>
#include <cstdio>
#include <vector>

#include "base/unique_fd.h"

namespace vedette::model::onnx {

struct ContentHash::State {
  XXH3_state_t xxh;
};

ContentHash::ContentHash() : state_(std::make_unique<State>()) { XXH3_64bits_reset(&state_->xxh); }
ContentHash::~ContentHash() = default;

void ContentHash::add(std::string_view bytes) { XXH3_64bits_update(&state_->xxh, bytes.data(), bytes.size()); }

Result<> ContentHash::add_file(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) return errno_error(path);
  std::vector<char> piece(std::size_t{1} << 20);
  while (true) {
    const ssize_t got = ::read(fd.get(), piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno_error(path);
    if (got == 0) return {};
    add({piece.data(), static_cast<std::size_t>(got)});
  }
}

std::string ContentHash::hex() const {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(XXH3_64bits_digest(&state_->xxh)));
  return text;
}

}  // namespace vedette::model::onnx
