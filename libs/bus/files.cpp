#include "bus/files.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <vector>

namespace vedette::bus {
namespace {

constexpr int kLockAttempts = 100;
constexpr std::string_view kInterimSuffix = ".new";  // a dot can't be in a topic's name: nobody takes these for topics

// Does the name still lead to the file behind fd?
bool is_named(int fd, int camera_fd, const std::string& name) {
  struct stat own {
  }, named{};
  return ::fstat(fd, &own) == 0 && ::fstatat(camera_fd, name.c_str(), &named, AT_SYMLINK_NOFOLLOW) == 0 &&
         own.st_ino == named.st_ino && own.st_dev == named.st_dev;
}

std::string holder_of(int fd) {
  char text[16] = {};
  if (::pread(fd, text, sizeof text - 1, 0) <= 0) return "";
  const int pid = std::atoi(text);
  return pid > 0 ? " (process " + std::to_string(pid) + ")" : "";
}

}  // namespace

Result<LockFile> lock_topic(int camera_fd, const TopicName& topic) {
  const std::string name = topic.topic + std::string(kLockSuffix);
  for (int attempt = 0; attempt < kLockAttempts; ++attempt) {
    UniqueFd fd(::openat(camera_fd, name.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600));
    if (!fd) return errno_error(topic.text() + ": lock file");
    struct stat status {};
    if (::fstat(fd.get(), &status) != 0) return errno_error(topic.text() + ": lock file");
    // A second name would let go on what is written here in a file of something else.
    if (!S_ISREG(status.st_mode) || status.st_nlink > 1)
      return Error{ErrorCode::kPermissionDenied,
                   topic.text() + ": its lock file " + name +
                       " is not a file of its own (a special file, or linked from elsewhere); remove it"};
    if (status.st_uid != ::geteuid())
      return Error{ErrorCode::kPermissionDenied, topic.text() + ": its lock file belongs to user " +
                                                     std::to_string(status.st_uid) +
                                                     "; a topic is written by the owner of its files only"};
    // Who could read it could hold a lock on it as well.
    if ((status.st_mode & 07777) != 0600 && ::fchmod(fd.get(), 0600) != 0) return errno_error(topic.text() + ": lock file");
    LockFile lock(std::move(fd));
    if (!lock.try_lock(0))
      return Error{ErrorCode::kBusy,
                   topic.text() + ": another writer has it" + holder_of(lock.fd()) + "; a topic has one writer at a time"};
    // A bus that is being cleared away may have removed the file between open and lock: then the lock is worth nothing.
    if (!is_named(lock.fd(), camera_fd, name)) continue;
    const std::string pid = std::to_string(::getpid()) + "\n";
    if (::ftruncate(lock.fd(), 0) != 0 || ::pwrite(lock.fd(), pid.data(), pid.size(), 0) < 0)
      return errno_error(topic.text() + ": lock file");
    return lock;
  }
  return Error{ErrorCode::kBusy, topic.text() + ": its lock file keeps vanishing; is somebody removing " + name + "?"};
}

Result<UniqueFd> create_file(int camera_fd, std::size_t bytes, unsigned mode) {
  UniqueFd fd(::openat(camera_fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, mode));
  if (!fd) return errno_error("creating a file");
  if (const int error = ::posix_fallocate(fd.get(), 0, static_cast<off_t>(bytes)); error != 0)
    return errno_error("allocating " + std::to_string(bytes) + " bytes", error);
  if (::fchmod(fd.get(), mode) != 0) return errno_error("setting a file's mode");
  return fd;
}

Result<> name_file(int fd, int camera_fd, const std::string& name) {
  const std::string self = "/proc/self/fd/" + std::to_string(fd);
  const std::string interim = name + std::string(kInterimSuffix);
  ::unlinkat(camera_fd, interim.c_str(), 0);  // of a writer that died right here
  if (::linkat(AT_FDCWD, self.c_str(), camera_fd, interim.c_str(), AT_SYMLINK_FOLLOW) != 0)
    return errno_error("naming " + interim);
  if (::renameat(camera_fd, interim.c_str(), camera_fd, name.c_str()) != 0) return errno_error("naming " + name);
  return {};
}

Result<UniqueFd> open_file(int camera_fd, const std::string& name, int flags) {
  UniqueFd fd(::openat(camera_fd, name.c_str(), flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  if (!fd) return errno_error(name);
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return errno_error(name);
  if (!S_ISREG(status.st_mode)) return Error{ErrorCode::kCorrupt, name + ": not a regular file"};
  return fd;
}

bool has_holes(const struct stat& status) { return status.st_blocks * 512 < status.st_size; }

bool is_own_file(const struct stat& status, unsigned mode) {
  return status.st_uid == ::geteuid() && (status.st_mode & 07777) == mode;
}

bool is_sound(const Header& header, std::span<const Descriptor> descriptors) {
  const std::uint64_t head = header.head.load(std::memory_order_acquire);
  const std::uint64_t newest = head_sequence(head);
  if (newest > kLastSequence) return false;
  if (head != 0 && (head_slot(head) >= descriptors.size() || descriptors[head_slot(head)].generation.load() != 2 * newest))
    return false;
  std::vector<std::uint64_t> sequences;
  for (const Descriptor& descriptor : descriptors) {
    const std::uint64_t sequence = sequence_of(descriptor.generation.load());
    if (sequence > newest + 1) return false;
    if (sequence != 0) sequences.push_back(sequence);
  }
  std::sort(sequences.begin(), sequences.end());
  return std::adjacent_find(sequences.begin(), sequences.end()) == sequences.end();
}

std::uint64_t newest_frame_id(const Mapping& payload) {
  if (payload.size() < sizeof(Header)) return 0;
  const auto& header = *reinterpret_cast<const Header*>(payload.data());
  if (header.magic != kPayloadMagic) return header.frame_id.load(std::memory_order_relaxed);
  const std::size_t most = (payload.size() - sizeof(Header)) / sizeof(Descriptor);
  std::uint64_t newest = header.frame_id.load(std::memory_order_relaxed);
  for (const Descriptor& slot :
       std::span(reinterpret_cast<const Descriptor*>(&header + 1), std::min<std::size_t>(header.slots, most)))
    if (!being_written(slot.generation.load(std::memory_order_acquire)))
      newest = std::max(newest, slot.frame_id.load(std::memory_order_relaxed));
  return newest;
}

void unlink_interim(int camera_fd, const std::string& topic) {
  for (const std::string& name : {topic, topic + std::string(kLeaseSuffix)})
    ::unlinkat(camera_fd, (name + std::string(kInterimSuffix)).c_str(), 0);
}

void unlink_topic(int camera_fd, const std::string& topic) {
  unlink_interim(camera_fd, topic);
  for (const std::string& name : {topic, topic + std::string(kLeaseSuffix), topic + std::string(kLockSuffix)})
    ::unlinkat(camera_fd, name.c_str(), 0);  // the lock last: who finds it gone finds nothing else
}

}  // namespace vedette::bus
