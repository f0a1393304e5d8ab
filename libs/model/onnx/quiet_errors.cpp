#include "model/onnx/quiet_errors.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>

namespace vedette::model::onnx {

QuietErrors::QuietErrors() : kept_(::memfd_create("stderr", MFD_CLOEXEC)), own_(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0)) {
  if (kept_ && own_) ::dup2(kept_.get(), STDERR_FILENO);
}

QuietErrors::~QuietErrors() {
  if (!kept_ || !own_) return;
  ::dup2(own_.get(), STDERR_FILENO);
  std::string text(static_cast<std::size_t>(std::max<::off_t>(::lseek(kept_.get(), 0, SEEK_END), 0)), '\0');
  const ::ssize_t size = ::pread(kept_.get(), text.data(), text.size(), 0);
  text = without_noise({text.data(), static_cast<std::size_t>(std::max<::ssize_t>(size, 0))});
  if (!text.empty()) (void)!::write(STDERR_FILENO, text.data(), text.size());
}

std::string without_noise(std::string_view text) {
  constexpr std::string_view kNoise = "Schema error: Trying to register schema with name ";
  std::string rest;
  bool behind_noise = false;  // an empty line ends it
  while (!text.empty()) {
    const std::string_view line = text.substr(0, std::min(text.find('\n'), text.size() - 1) + 1);
    text.remove_prefix(line.size());
    const bool noise = line.starts_with(kNoise);
    if (!noise && !(behind_noise && line == "\n")) rest += line;
    behind_noise = noise;
  }
  return rest;
}

}  // namespace vedette::model::onnx
