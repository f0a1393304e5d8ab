// Webhook: posts events to one address, in order, on a thread of its own. A try that fails (no answer, 5xx, 408, 429) is made
// again after 1 s, 2 s, 4 s, … up to 5 min, each 75 to 125 % of that, or when Retry-After says so; another 4xx is final. While it
// is tried, events wait: up to 1000, then the oldest goes and is counted. The first failure and the first success after it are a
// line in the log each, and so is what was dropped. offer(), snapshot() and tick() are of one thread and never block.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <random>
#include <string>
#include <thread>

#include "base/clock.h"
#include "base/result.h"
#include "config/config.h"
#include "notify/notice.h"

namespace vedette::notify {

class Webhook {
 public:
  explicit Webhook(WebhookConfig config);
  Webhook(Webhook&&) = delete;
  ~Webhook();  // what waits is lost; a post on its way is broken off

  void offer(const Event& event, const EventFiles& files);  // if it is one of the chosen
  // A picture of an event has been written: whoever waited for it goes.
  void snapshot(const std::string& camera, std::uint64_t event_id, const std::string& path);
  // Who has waited for a picture long enough goes without. Call a few times a second.
  void tick();

 private:
  // Of one try.
  struct Outcome {
    bool done = false;          // delivered, or it never will be
    std::string failure;        // "": delivered
    Nanoseconds retry_after{};  // 0: the peer doesn't say
  };
  struct Pending {
    Notice notice;
    std::uint64_t until_ns = 0;  // waits for its picture so long; 0: it doesn't
  };
  void hand_over();
  void run();
  void deliver(const Notice& notice);
  Outcome post(const Notice& notice);
  bool stopping();
  bool wait(Nanoseconds pause);  // false: stop
  void tell(const std::string& failure);

  const WebhookConfig config_;
  const std::string name_;       // its URL without secrets
  std::deque<Pending> pending_;  // in order; of the caller's thread

  std::mutex mutex_;
  std::condition_variable news_;
  std::deque<Notice> queue_;   // under mutex_
  bool stopping_ = false;      // too
  std::uint64_t dropped_ = 0;  // too; since it was said

  bool failing_ = false;     // of the thread
  bool broken_off_ = false;  // too: an event, by the end
  std::minstd_rand dice_{std::random_device{}()};
  std::thread thread_;
};

// What a Retry-After header asks for (RFC 9110, 10.2.3): seconds, or a date. 0: neither.
Nanoseconds retry_after(const std::string& value, std::uint64_t wall_now_ns);

// Whether another try may help: 408, 425, 429 and 5xx (RFC 9110, 15.5 and 15.6).
bool is_worth_another_try(long status);

}  // namespace vedette::notify
