#include "bus/directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <limits>
#include <memory>

#include "bus/files.h"

namespace vedette::bus {
namespace {

constexpr std::size_t kMaxNameBytes = 31;

bool is_name(std::string_view name) {
  const auto allowed = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-'; };
  return !name.empty() && name.size() <= kMaxNameBytes && std::all_of(name.begin(), name.end(), allowed);
}

// Names in the folder behind `dir_fd`, without "." and "..".
std::vector<std::string> names_in(int dir_fd) {
  std::vector<std::string> names;
  const int own = ::openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (own < 0) return names;
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(::fdopendir(own), ::closedir);
  if (!listing) return names;
  while (const dirent* entry = ::readdir(listing.get())) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::size_t number_in(const std::string& path) {
  std::ifstream file(path);
  std::size_t number = 0;
  return file >> number ? number : std::numeric_limits<std::size_t>::max();  // "max" or no such limit
}

std::size_t inactive_file_bytes(const std::string& cgroup) {
  std::ifstream file(cgroup + "/memory.stat");
  std::string key;
  std::size_t bytes = 0;
  while (file >> key >> bytes)
    if (key == "inactive_file") return bytes;
  return 0;
}

}  // namespace

std::size_t cgroup_free_bytes() {
  std::ifstream file("/proc/self/cgroup");
  std::string line, own;
  while (std::getline(file, line))
    if (line.rfind("0::", 0) == 0) own = line.substr(3);
  std::size_t free = std::numeric_limits<std::size_t>::max();
  for (std::string group = own; !group.empty();
       group = group == "/" ? "" : std::max(std::string("/"), group.substr(0, group.rfind('/')))) {
    const std::string folder = "/sys/fs/cgroup" + (group == "/" ? "" : group);
    const std::size_t limit = number_in(folder + "/memory.max");
    if (limit == std::numeric_limits<std::size_t>::max()) continue;
    const std::size_t current = number_in(folder + "/memory.current");
    const std::size_t used = current - std::min(current, inactive_file_bytes(folder));
    free = std::min(free, limit - std::min(limit, used));
  }
  return free;
}

namespace {

Result<> check_directory(int fd, const std::string& path, bool explicit_path) {
  struct stat status {};
  struct statfs filesystem {};
  if (::fstat(fd, &status) != 0 || ::fstatfs(fd, &filesystem) != 0) return errno_error("bus directory " + path);
  if (filesystem.f_type != TMPFS_MAGIC)
    return Error{ErrorCode::kInvalidArgument,
                 "bus directory " + path + " is not in a tmpfs; frames would go through a disk: choose a folder below /dev/shm"};
  if (!explicit_path && status.st_uid != ::geteuid() && status.st_uid != 0)
    return Error{ErrorCode::kPermissionDenied, "bus directory " + path + " belongs to user " + std::to_string(status.st_uid) +
                                                   ", not to " + std::to_string(::geteuid()) +
                                                   "; name it by --bus-dir if that is meant"};
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    return Error{ErrorCode::kPermissionDenied,
                 "bus directory " + path + " may be written to by others; expected mode 0750 (chmod go-w)"};
  return {};
}

// Who owns the folder can put any file under any name there.
Result<> check_owner(int fd, const std::string& path) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) return errno_error(path);
  if (status.st_uid == ::geteuid()) return {};
  return Error{ErrorCode::kPermissionDenied, path + " belongs to user " + std::to_string(status.st_uid) + ", not to " +
                                                 std::to_string(::geteuid()) +
                                                 "; topics are written by the owner of their folder only"};
}

}  // namespace

Result<TopicName> TopicName::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos)
    return Error{ErrorCode::kInvalidArgument, "topic \"" + std::string(text) + "\": expected <camera>/<topic>"};
  return make(text.substr(0, slash), text.substr(slash + 1));
}

Result<TopicName> TopicName::make(std::string_view camera, std::string_view topic) {
  if (is_name(camera) && is_name(topic)) return TopicName{std::string(camera), std::string(topic)};
  return Error{ErrorCode::kInvalidArgument, "topic \"" + std::string(camera) + "/" + std::string(topic) +
                                                "\": expected two names of a-z, 0-9, _ and -, at most 31 characters each"};
}

std::string default_bus_dir() {
  const uid_t user = ::geteuid();
  return user == 0 ? "/dev/shm/vedette" : "/dev/shm/vedette-" + std::to_string(user);
}

Result<BusDir> BusDir::open(const std::string& path) {
  std::string place = path.empty() ? default_bus_dir() : path;
  while (place.size() > 1 && place.back() == '/') place.pop_back();  // "link/" would lead through the symlink
  const bool made = ::mkdir(place.c_str(), 0750) == 0;
  if (!made && errno != EEXIST) return errno_error("bus directory " + place);
  UniqueFd fd(::open(place.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) return errno_error("bus directory " + place);
  if (made && ::fchmod(fd.get(), 0750) != 0) return errno_error("bus directory " + place);  // whatever the umask is
  VD_TRY(check_directory(fd.get(), place, !path.empty()));
  return BusDir(place, std::move(fd));
}

Result<UniqueFd> BusDir::camera_dir(std::string_view camera, bool create) const {
  const std::string name(camera);
  const bool made = create && ::mkdirat(fd_.get(), name.c_str(), 0750) == 0;
  if (create && !made && errno != EEXIST) return errno_error(path_ + "/" + name);
  UniqueFd fd(::openat(fd_.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) return errno_error(path_ + "/" + name);
  if (made && ::fchmod(fd.get(), 0750) != 0) return errno_error(path_ + "/" + name);
  VD_TRY(check_directory(fd.get(), path_ + "/" + name, true));
  if (create) VD_TRY(check_owner(fd.get(), path_ + "/" + name));
  return fd;
}

std::vector<TopicName> BusDir::topics() const {
  std::vector<TopicName> found;
  for (const std::string& camera : names_in(fd_.get())) {
    const auto folder = camera_dir(camera, false);
    if (!folder.ok()) continue;
    for (const std::string& file : names_in(folder->get()))
      if (auto topic = TopicName::make(camera, file); topic.ok()) found.push_back(std::move(topic).value());
  }
  return found;
}

std::size_t BusDir::free_bytes() const {
  struct statfs filesystem {};
  if (::fstatfs(fd_.get(), &filesystem) != 0) return 0;
  const std::size_t in_tmpfs = filesystem.f_blocks == 0 ? std::numeric_limits<std::size_t>::max()  // a tmpfs without a limit
                                                        : filesystem.f_bavail * static_cast<std::size_t>(filesystem.f_bsize);
  return std::min(in_tmpfs, cgroup_free_bytes());
}

std::vector<TopicName> BusDir::remove_dead_topics() const {
  std::vector<TopicName> alive;
  for (const std::string& camera : names_in(fd_.get())) {
    const auto folder = camera_dir(camera, false);
    if (!folder.ok()) continue;
    for (const std::string& file : names_in(folder->get())) {
      // The lock file is there as long as anything of the topic is.
      if (!file.ends_with(kLockSuffix)) continue;
      auto topic = TopicName::make(camera, file.substr(0, file.size() - kLockSuffix.size()));
      if (!topic.ok()) continue;
      const auto lock = lock_topic(folder->get(), *topic);
      if (lock.ok())
        unlink_topic(folder->get(), topic->topic);
      else
        alive.push_back(std::move(topic).value());
    }
    ::unlinkat(fd_.get(), camera.c_str(), AT_REMOVEDIR);  // stays if anything is left in it
  }
  return alive;
}

}  // namespace vedette::bus
