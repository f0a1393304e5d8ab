// Progress: up to where each camera's events and files have been told of, kept in storage.dir, so that a successor of this
// process goes on there: what happened while none ran is told, nothing is told again (but for the last second before a kill -9).
// Its calls are of one thread and never wait for the disk; a thread of its own writes what changed, once a second.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <thread>

namespace vedette::notify {

// A place in a topic.
struct Place {
  std::uint64_t instance = 0;  // of the topic's files; 0: none
  std::uint64_t sequence = 0;  // of the last record
  bool operator==(const Place&) const = default;
};

// Of one camera.
struct Told {
  Place mqtt;    // in its events: what the broker has
  Place media;   // in its files: the same
  Place others;  // in its events: what webhooks and programs were handed
  bool operator==(const Told&) const = default;
};

class Progress {
 public:
  // A file that can't be read, or isn't one of ours, counts as none.
  explicit Progress(const std::string& storage_dir);
  ~Progress();  // writes the last
  Progress(Progress&&) = delete;

  Told of(const std::string& camera) const;
  void set(const std::string& camera, const Told& told);

 private:
  void run();
  void write(const std::string& text);

  const std::string path_;
  mutable std::mutex mutex_;
  std::condition_variable news_;
  std::map<std::string, Told> cameras_;  // under mutex_
  bool changed_ = false;                 // too
  bool stopping_ = false;                // too
  bool failed_ = false;                  // has been said; of the thread
  std::thread thread_;
};

}  // namespace vedette::notify
