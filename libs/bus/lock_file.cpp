#include "bus/lock_file.h"

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include <mutex>
#include <set>
#include <utility>

namespace vedette::bus {

// Every LockFile of the process, so that a forked child can let go of them: it would else keep its parent's locks alive.
struct LockRegistry {
  std::mutex mutex;
  std::set<LockFile*> files;

  static LockRegistry& instance() {
    static auto* registry = [] {
      auto* made = new LockRegistry;  // never destroyed: used at fork, whenever that is
      ::pthread_atfork([] { instance().mutex.lock(); }, [] { instance().mutex.unlock(); }, [] { instance().forget(); });
      return made;
    }();
    return *registry;
  }

  void forget() {  // in the child, with the mutex held since before the fork
    for (LockFile* file : files) {
      ::close(file->fd_);
      file->fd_ = -1;
    }
    files.clear();
    mutex.unlock();
  }
};

static bool set_lock(int fd, short type, std::int64_t offset) {
  struct flock lock {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = offset;
  lock.l_len = 1;
  return ::fcntl(fd, F_OFD_SETLK, &lock) == 0;
}

LockFile::LockFile(UniqueFd fd) : fd_(fd.release()) { enlist(); }

LockFile::LockFile(LockFile&& other) noexcept { *this = std::move(other); }

LockFile& LockFile::operator=(LockFile&& other) noexcept {
  if (this == &other) return *this;
  close();
  LockRegistry& registry = LockRegistry::instance();
  const std::lock_guard lock(registry.mutex);
  fd_ = std::exchange(other.fd_, -1);
  registry.files.erase(&other);
  if (fd_ >= 0) registry.files.insert(this);
  return *this;
}

LockFile::~LockFile() { close(); }

void LockFile::enlist() {
  if (fd_ < 0) return;
  LockRegistry& registry = LockRegistry::instance();
  const std::lock_guard lock(registry.mutex);
  registry.files.insert(this);
}

void LockFile::close() {
  LockRegistry& registry = LockRegistry::instance();
  const std::lock_guard lock(registry.mutex);
  registry.files.erase(this);
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

bool LockFile::try_lock(std::int64_t offset) const { return set_lock(fd_, F_WRLCK, offset); }
void LockFile::unlock(std::int64_t offset) const { set_lock(fd_, F_UNLCK, offset); }

}  // namespace vedette::bus
