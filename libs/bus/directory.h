// The bus directory: where topics live as files. One per machine or Pod, inside a tmpfs, owned by whoever runs the cameras.
// Anything but a tmpfs, another owner, or a directory that others may write to is refused.
// Thread-safe after open(); share one per process.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace vedette::bus {

// "<camera>/<topic>", both of [a-z0-9_-]+ and at most 31 bytes.
struct TopicName {
  std::string camera;
  std::string topic;

  static Result<TopicName> parse(std::string_view text);
  static Result<TopicName> make(std::string_view camera, std::string_view topic);
  std::string text() const { return camera + "/" + topic; }
  bool operator==(const TopicName&) const = default;
};

// /dev/shm/vedette for root, /dev/shm/vedette-<uid> for everybody else.
std::string default_bus_dir();

// What this process's memory cgroup (v2) and those above it still allow; page cache that can go counts as free. The largest
// number there is where nothing is limited.
std::size_t cgroup_free_bytes();

class BusDir {
 public:
  // Opens `path` ("" means the default), creating it with mode 0750 if it is missing.
  static Result<BusDir> open(const std::string& path = "");

  const std::string& path() const { return path_; }
  int fd() const { return fd_.get(); }

  // The camera's folder below it as a descriptor; created with mode 0750 if missing and `create` (to write there: it must be
  // ours). Symlinks are refused.
  Result<UniqueFd> camera_dir(std::string_view camera, bool create) const;

  // Topics that exist now, sorted by text().
  std::vector<TopicName> topics() const;

  // Bytes that new topics can still take: the smaller of the tmpfs's and the memory cgroup's free space.
  std::size_t free_bytes() const;

  // Removes every topic whose writer is dead, its empty folder, and nothing else; returns what still lives.
  std::vector<TopicName> remove_dead_topics() const;

 private:
  BusDir(std::string path, UniqueFd fd) : path_(std::move(path)), fd_(std::move(fd)) {}
  std::string path_;
  UniqueFd fd_;
};

}  // namespace vedette::bus
