// The recording reader on any bytes. First byte 'r': the rest is the file as it is. Else the rest becomes a file whose hashes are
// right, so that what is behind them is reached: a preamble, then chunks, each from one byte of kind, two of length and its body.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "base/check.h"
#include "recording/hash.h"
#include "recording/reader.h"

using namespace vedette;
using namespace vedette::recording;

namespace {

template <typename T>
void append(std::string& file, const T& value) {
  file.append(reinterpret_cast<const char*>(&value), sizeof value);
}

std::string with_hashes(std::span<const std::uint8_t> parts) {
  std::string file;
  append(file, Preamble{});
  while (parts.size() >= 3) {
    const std::size_t length = std::min(std::size_t{parts[1]} | std::size_t{parts[2]} << 8, parts.size() - 3);
    ChunkHeader header{.kind = static_cast<ChunkKind>(parts[0] % 6), .body_bytes = length};
    const auto body = parts.subspan(3, length);
    header.body_hash = hash_of(std::as_bytes(body));
    header.header_hash = hash_of(header, file.size());
    append(file, header);
    file.append(reinterpret_cast<const char*>(body.data()), body.size());
    file.resize(padded(file.size()));
    parts = parts.subspan(3 + length);
  }
  return file;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::span rest(data + 1, size - 1);
  const std::string file = data[0] == 'r' ? std::string(rest.begin(), rest.end()) : with_hashes(rest);
  static const int fd = ::memfd_create("recording", MFD_CLOEXEC);
  VD_ASSERT(::ftruncate(fd, 0) == 0 && ::pwrite(fd, file.data(), file.size(), 0) == static_cast<ssize_t>(file.size()), "memfd");
  const auto reader = RecordingReader::open("/proc/self/fd/" + std::to_string(fd));
  if (!reader.ok()) return 0;
  std::vector<std::byte> buffer;
  for (const IndexEntry& entry : reader->records()) {
    VD_ASSERT(entry.record.topic < reader->topics().size(), "a record of no topic");
    const auto payload = reader->read(entry, buffer);
    if (payload.ok())
      VD_ASSERT(payload->size() <= reader->topics()[entry.record.topic].options.slot_bytes && payload->size() < file.size(),
                "a record larger than its slot or its file");
  }
  return 0;
}
