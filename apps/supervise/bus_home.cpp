#include "supervise/bus_home.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <thread>

#include "base/clock.h"
#include "schema/control_socket.h"
#include "supervise/patience.h"

namespace vedette::supervise {
namespace {

constexpr const char* kLockName = "up.lock";

// Does the name still lead to the file behind fd? Not if a supervisor that just ended removed it.
bool is_named(int fd, int dir_fd) {
  struct stat own {
  }, named{};
  return ::fstat(fd, &own) == 0 && ::fstatat(dir_fd, kLockName, &named, AT_SYMLINK_NOFOLLOW) == 0 && own.st_ino == named.st_ino;
}

// Removes what is dead; an Error if one of `wanted` still lives and `give_up_ns` (monotonic) has come.
Result<> clear(const bus::BusDir& dir, const std::vector<bus::TopicName>& wanted, std::uint64_t give_up_ns) {
  for (;;) {
    const auto alive = dir.remove_dead_topics();
    const auto in_the_way = std::find_first_of(alive.begin(), alive.end(), wanted.begin(), wanted.end());
    if (in_the_way == alive.end()) return {};
    if (monotonic_ns() >= give_up_ns)
      return Error{ErrorCode::kBusy,
                   in_the_way->text() + " in " + dir.path() +
                       " is being written by a program that runs already; stop it, or choose another --bus-dir"};
    std::this_thread::sleep_for(kLookAgain);
  }
}

}  // namespace

Result<BusHome> BusHome::open(const std::string& path, const std::vector<bus::TopicName>& wanted) {
  for (;;) {
    VD_ASSIGN(bus::BusDir opened, bus::BusDir::open(path));
    auto dir = std::make_unique<bus::BusDir>(std::move(opened));
    // An orderly end removes the lock file.
    const bool was_there = ::faccessat(dir->fd(), kLockName, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
    UniqueFd fd(::openat(dir->fd(), kLockName, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!fd && errno == ENOENT) continue;  // the folder itself was just removed
    if (!fd) return errno_error(dir->path() + "/" + kLockName);
    bus::LockFile lock(std::move(fd));
    if (!lock.try_lock(0))
      return Error{ErrorCode::kBusy, "another vedette is running on the bus directory " + dir->path() +
                                         "; stop it, or choose another by --bus-dir"};
    if (!is_named(lock.fd(), dir->fd())) continue;
    ::unlinkat(dir->fd(), kControlSocketName, 0);
    VD_TRY(clear(*dir, wanted, was_there ? monotonic_ns() + to_ns(kPatience) : 0));
    return BusHome(std::move(dir), std::move(lock), was_there);
  }
}

BusHome::~BusHome() {
  if (!dir_) return;
  dir_->remove_dead_topics();
  ::unlinkat(dir_->fd(), kControlSocketName, 0);
  ::unlinkat(dir_->fd(), kLockName, 0);
  ::rmdir(dir_->path().c_str());  // stays if somebody else has something in it, or if it is a mount point
}

}  // namespace vedette::supervise
