// Whole files in and out. Thread-safe; errors name the path.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace vedette {

// Everything in it. A folder or a device is kInvalidArgument.
Result<std::string> read_file(const std::string& path);

// The same piece by piece, for files that may be large.
Result<> read_in_pieces(const std::string& path, const std::function<void(std::string_view piece)>& take);

// Writes a file that is there whole or not at all, whoever looks or dies meanwhile: beside `path`, to disk, then renamed over it;
// once it returns, a power cut leaves what it wrote. What writers of the same path left beside it that were killed
// ("<path>.<pid>-<n>.part") goes. It waits for the disk: not for paths that frames take.
// `mode`: who may do what with it, less what the umask takes.
Result<> write_file(const std::string& path, std::string_view content, mode_t mode = 0666);

// What was made, renamed or removed in the folder that `path` lies in is on the disk.
Result<> sync_folder_of(const std::string& path);

// The name without its folders.
std::string file_name(const std::string& path);

// Which file lies at a path, symlinks followed, and as of when.
struct FileMark {
  dev_t device = 0;
  ino_t inode = 0;  // 0: there is no file
  off_t size = 0;
  std::int64_t modified_s = 0;
  std::int64_t modified_ns = 0;
  bool operator==(const FileMark&) const = default;
};
FileMark mark_of(const std::string& path);

}  // namespace vedette
