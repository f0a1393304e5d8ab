// HookRunner: runs programs for events, at most four at once, on threads of its own. Each gets the event as JSON on its standard
// input and in its environment (VEDETTE_CAMERA, VEDETTE_KIND, …: each placeholder of a webhook but `json`); what it prints goes
// to the log, up to 16 lines, and how it ended if that isn't well. One that runs too long is killed with all that it started (its
// process group). Up to 256 runs wait, then the oldest goes and is counted. offer() never blocks, any thread.
//
// If this process dies, programs that run go on until they end by themselves.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "config/config.h"
#include "notify/notice.h"

namespace vedette::notify {

class HookRunner {
 public:
  explicit HookRunner(std::vector<HookConfig> hooks);
  HookRunner(HookRunner&&) = delete;
  ~HookRunner();  // kills what runs

  void offer(const Event& event, const EventFiles& files);

 private:
  struct Job {
    const HookConfig* hook = nullptr;
    Notice notice;
  };
  void run();
  void carry_out(const Job& job);

  const std::vector<HookConfig> hooks_;
  std::mutex mutex_;
  std::condition_variable news_;
  std::deque<Job> jobs_;       // under mutex_
  bool stopping_ = false;      // too
  std::uint64_t dropped_ = 0;  // too; since it was said
  std::vector<std::thread> threads_;
};

}  // namespace vedette::notify
