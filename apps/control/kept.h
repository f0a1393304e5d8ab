// Kept: what of control outlives the machine's restart, in <storage>/control.json: what was commanded (paused, detecting, a
// forced mode), the counts of lines and which event ids were given. Written atomically by a thread of its own, so that a slow
// disk holds nobody up: what was commanded at once, all else at most every 10 s, all at the end. A file that can't be read is
// moved aside with a warning; that it can't be written is a warning, and it is tried again: nothing here ends control. All else
// thread-bound.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "rules/findings.h"
#include "schema/frame.h"

namespace vedette::control {

struct KeptCamera {
  bool paused = false;
  bool detecting = true;
  std::optional<Mode> forced;
  std::vector<rules::Count> lines;
  std::uint64_t newest_event_id = 0;

  bool operator==(const KeptCamera&) const = default;
};
using KeptCameras = std::map<std::string, KeptCamera>;  // by the camera's name

std::string to_json(const KeptCameras& cameras);
Result<KeptCameras> parse_kept(std::string_view json);

class Kept {
 public:
  // Reads what there is. `again_after`: what couldn't be written is tried again.
  explicit Kept(std::string path, Nanoseconds again_after = std::chrono::seconds(10));
  ~Kept();  // all is written
  Kept(Kept&&) = delete;

  // None: nothing is known of it.
  const KeptCamera* find(const std::string& camera) const;

  // How it is now; cheap while nothing changes.
  void note(const std::string& camera, const KeptCamera& now, std::uint64_t now_ns);

 private:
  void hand_over(std::uint64_t now_ns);
  void run();

  const std::string path_;
  const Nanoseconds again_after_;
  KeptCameras cameras_;
  bool dirty_ = false;  // cameras_ holds what the writer hasn't been given
  std::uint64_t handed_over_at_ns_ = 0;

  std::mutex mutex_;
  std::condition_variable woken_;
  std::optional<std::string> waiting_;  // to be written
  bool stop_ = false;
  std::thread writer_;
};

}  // namespace vedette::control
