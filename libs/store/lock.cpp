#include "store/lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/file.h"
#include "store/tree.h"

namespace vedette::store {

Result<UniqueFd> lock_for_recording(const std::string& root) {
  const std::string path = root + "/record.lock";
  VD_TRY(make_folder_for(path));
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0640));
  if (!fd) return errno_error(path);
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    const auto holder = read_file(path);
    return Error{ErrorCode::kBusy, path + ": process " + (holder && !holder->empty() ? *holder : "?") +
                                       " records there already; expected one recorder for each storage.dir"};
  }
  // Who it is helps people alone: on a full disk the lock holds without it.
  const std::string pid = std::to_string(::getpid());
  if (::ftruncate(fd.get(), 0) == 0) (void)!::write(fd.get(), pid.data(), pid.size());
  return fd;
}

}  // namespace vedette::store
