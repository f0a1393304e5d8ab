// Progress: up to where each camera's events have been told of, kept in storage.dir, so that a successor of this process goes on
// there: what happened while none ran is told, nothing is told again (but for the last second before a kill -9). Thread-bound.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace vedette::notify {

// A place in <cam>/events.
struct Place {
  std::uint64_t instance = 0;  // of the topic's files; 0: none
  std::uint64_t sequence = 0;  // of the last record
  bool operator==(const Place&) const = default;
};

class Progress {
 public:
  // A file that can't be read, or isn't one of ours, counts as none.
  explicit Progress(const std::string& storage_dir);

  Place of(const std::string& camera) const;
  void set(const std::string& camera, const Place& place);
  // Writes what changed: at most once a second, or `now`.
  enum class When { kInTime, kNow };
  void save(When when = When::kInTime);

 private:
  const std::string path_;
  std::map<std::string, Place> places_;
  bool changed_ = false;
  bool failed_ = false;  // has been said
  std::uint64_t saved_at_ns_ = 0;
};

}  // namespace vedette::notify
