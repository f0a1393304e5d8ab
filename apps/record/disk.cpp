#include "record/disk.h"

#include <sys/statvfs.h>

#include "base/clock.h"
#include "base/text.h"

namespace vedette::record {
namespace {

constexpr std::uint64_t kLookEveryNs = 1'000'000'000;
constexpr std::uint64_t kAfterFailureNs = 10'000'000'000;

}  // namespace

bool is_of_disk(const Error& error) {
  return error.code == ErrorCode::kResourceExhausted || error.code == ErrorCode::kIo ||
         error.code == ErrorCode::kPermissionDenied;
}

void Disk::look() {
  const std::uint64_t now = monotonic_ns();
  if (now < next_look_ns_) return;
  next_look_ns_ = now + kLookEveryNs;
  struct ::statvfs info {};
  if (::statvfs(folder_.c_str(), &info) != 0) {
    room_ = false;
    why_ = errno_error(folder_).text;
    return;
  }
  const std::uint64_t free = std::uint64_t{info.f_bavail} * info.f_frsize;
  room_ = free >= least_free_;
  if (!room_) why_ = folder_ + ": " + size_text(free) + " are free; record.least_free asks for " + size_text(least_free_);
}

bool Disk::has_room() {
  const std::scoped_lock lock(mutex_);
  look();
  return room_;
}

void Disk::failed(const Error& error) {
  const std::scoped_lock lock(mutex_);
  room_ = false;
  why_ = error.text;
  next_look_ns_ = monotonic_ns() + kAfterFailureNs;
}

void Disk::resume(bool stopped) {
  const std::scoped_lock lock(mutex_);
  told_room_ = !stopped;
}

std::optional<Disk::Change> Disk::take_change() {
  const std::scoped_lock lock(mutex_);
  look();
  if (room_ == told_room_) return std::nullopt;
  told_room_ = room_;
  return Change{!room_, room_ ? "" : why_};
}

}  // namespace vedette::record
