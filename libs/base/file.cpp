#include "base/file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <vector>

#include "base/unique_fd.h"

namespace vedette {
namespace {

Result<> write_all(int fd, std::string_view content, const std::string& path) {
  while (!content.empty()) {
    const ssize_t wrote = ::write(fd, content.data(), content.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return errno_error(path);
    content.remove_prefix(static_cast<std::size_t>(wrote));
  }
  if (::fsync(fd) != 0) return errno_error(path);
  return {};
}

constexpr std::string_view kUnfinished = ".part";

std::string folder_of(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

// "<name>.4711-3.part": what write_file() makes of `name` on its way.
bool is_on_its_way(std::string_view entry, std::string_view name) {
  if (!entry.starts_with(name) || !entry.ends_with(kUnfinished) || entry.size() < name.size() + 1 + kUnfinished.size())
    return false;
  const std::string_view id = entry.substr(name.size(), entry.size() - name.size() - kUnfinished.size());
  const std::size_t dash = id.find('-');
  const auto digits = [](std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  };
  return id.starts_with('.') && dash != std::string_view::npos && digits(id.substr(1, dash - 1)) && digits(id.substr(dash + 1));
}

// What writers of `path` left that were killed. Whoever still writes holds the lock of its file: a process id says less, since
// in a container the next process has that of the one before.
void remove_leftovers(const std::string& path) {
  const std::string name = file_name(path);
  std::error_code error;
  for (std::filesystem::directory_iterator it(folder_of(path), error), end; !error && it != end; it.increment(error)) {
    const std::string& leftover = it->path().native();
    if (!is_on_its_way(file_name(leftover), name)) continue;
    const UniqueFd fd(::open(leftover.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (fd && ::flock(fd.get(), LOCK_EX | LOCK_NB) == 0) ::unlink(leftover.c_str());
  }
}

struct Unfinished {
  std::string path;
  UniqueFd fd;
};

// A file beside `path` that is this writer's alone, locked.
Result<Unfinished> begin_beside(const std::string& path, mode_t mode) {
  static std::atomic<unsigned> count = 0;
  for (;;) {
    Unfinished made{path + "." + std::to_string(::getpid()) + "-" + std::to_string(count++) + std::string(kUnfinished), {}};
    made.fd = UniqueFd(::open(made.path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
    if (!made.fd && errno == EEXIST) continue;  // of a process of another container, which goes by the same id
    if (!made.fd) return errno_error(path);
    while (::flock(made.fd.get(), LOCK_EX) != 0 && errno == EINTR) continue;  // without locks, nobody removes it either
    struct ::stat info {};
    // Before it was locked, another writer may have taken it for a leftover.
    if (::fstat(made.fd.get(), &info) == 0 && info.st_nlink > 0) return made;
  }
}

}  // namespace

Result<std::string> read_file(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct ::stat info {};
  if (!fd || ::fstat(fd.get(), &info) != 0) return errno_error(path);
  if (!S_ISREG(info.st_mode)) return Error{ErrorCode::kInvalidArgument, path + ": not a file"};
  std::string content(static_cast<std::size_t>(info.st_size), '\0');
  std::size_t filled = 0;
  while (true) {
    if (filled == content.size()) content.resize(content.size() + 4096);  // it grew, or this reads its end
    const ssize_t got = ::read(fd.get(), content.data() + filled, content.size() - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno_error(path);
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  content.resize(filled);
  return content;
}

Result<> read_in_pieces(const std::string& path, const std::function<void(std::string_view piece)>& take) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) return errno_error(path);
  std::vector<char> piece(std::size_t{1} << 20);
  while (true) {
    const ssize_t got = ::read(fd.get(), piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno_error(path);
    if (got == 0) return {};
    take({piece.data(), static_cast<std::size_t>(got)});
  }
}

Result<> write_file(const std::string& path, std::string_view content, mode_t mode) {
  remove_leftovers(path);
  VD_ASSIGN(const Unfinished made, begin_beside(path, mode));
  auto done = write_all(made.fd.get(), content, path);
  if (done && std::rename(made.path.c_str(), path.c_str()) != 0) done = errno_error(path);
  if (!done) {
    ::unlink(made.path.c_str());
    return done;
  }
  return sync_folder_of(path);
}

Result<> sync_folder_of(const std::string& path) {
  const std::string folder = folder_of(path);
  const UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd || ::fsync(fd.get()) != 0) return errno_error(folder);
  return {};
}

std::string file_name(const std::string& path) { return std::filesystem::path(path).filename().string(); }

FileMark mark_of(const std::string& path) {
  struct ::stat info {};
  if (::stat(path.c_str(), &info) != 0) return {};
  return {info.st_dev, info.st_ino, info.st_size, info.st_mtim.tv_sec, info.st_mtim.tv_nsec};
}

}  // namespace vedette
