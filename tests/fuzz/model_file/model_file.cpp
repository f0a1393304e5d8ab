// What an .onnx file says of itself, read before the runtime sees it: any bytes are a model or refused in one sentence.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>

#include "base/unique_fd.h"
#include "model/onnx/model_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vedette;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  (void)model::onnx::rearranged_weights_are_aligned(bytes, 64);

  const UniqueFd file(::memfd_create("model", MFD_CLOEXEC));
  if (!file || ::write(file.get(), data, size) != static_cast<ssize_t>(size)) return 0;
  const auto read = model::onnx::read_model_file("/proc/self/fd/" + std::to_string(file.get()));
  if (read.ok() ? read->content.size() != 16 : read.error().text.find('\n') != std::string::npos) std::abort();
  return 0;
}
