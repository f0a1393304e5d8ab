// EventBridge: topics for event loops: a descriptor for epoll, Asio, libuv, … that is readable when a subscriber has news.
//
//   auto bridge = EventBridge::open({&frames, &detections});
//   … watch (*bridge)->fd() for reading; when it is readable:
//   while (Taken taken = frames.take_next()) …;      as much as you like, in whatever order
//   (*bridge)->rearm();
//
// Once readable, the descriptor stays so, and the bridge sleeps whatever is published, until rearm(). That makes it readable
// again at once if something newer than a subscriber's last taken is left, else as soon as there is. Nothing is lost, and nobody
// is woken for every frame that a busy loop isn't ready for. A first readiness may find nothing to take, as may one after a
// topic was replaced. A topic may be absent, come, go and be replaced; one that appears is noticed within 50 ms.
//
// Owner: the event loop's thread, which the subscribers belong to as well; they outlive the bridge. A thread of the bridge's own
// waits in the kernel (blocking, whatever the subscribers' wait policies are); it maps the topics a second time but takes none of
// their reader entries. It ends with the bridge, at once. If a writer dies the descriptor stays unreadable until its successor's
// first record. A subscriber that can't attach (error()) is tried again at each rearm() and each record. Not for a forked child.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <span>
#include <thread>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "bus/futex.h"
#include "bus/ring.h"

namespace vedette::bus {

class EventBridge {
 public:
  // Armed from the start. kResourceExhausted without a free descriptor or thread.
  static Result<std::unique_ptr<EventBridge>> open(std::span<Subscription* const> subscriptions);
  static Result<std::unique_ptr<EventBridge>> open(std::span<Subscriber* const> subscribers);
  EventBridge(const EventBridge&) = delete;
  ~EventBridge();

  int fd() const { return event_.get(); }
  void rearm();

 private:
  // How far a topic got, for the subscriber or for who was told.
  struct Mark {
    std::uint64_t instance = 0;
    std::uint64_t sequence = 0;
  };
  struct Topic {
    Subscription* subscriber = nullptr;  // the loop's thread's
    Mark taken;                          // by the subscriber; written by rearm() while not armed, read by the thread while armed
    // All below is the bridge's thread's.
    const BusDir* dir = nullptr;
    TopicName name;
    std::uint64_t schema_id = 0;
    TopicKind kind{};
    std::shared_ptr<Attachment> attachment;
    Mark told;
    std::uint64_t next_attempt_ns = 0;
    std::uint64_t next_look_up_ns = 0;
  };

  EventBridge(std::span<Subscription* const> subscriptions, UniqueFd event);
  void run();
  void ring();
  bool wait_once(std::uint32_t control);
  static bool keep_attached(Topic& topic);
  static bool has_untold(const Topic& topic);
  static bool tell(Topic& topic);
  void signal();

  std::vector<Topic> topics_;
  UniqueFd event_;
  std::atomic<bool> armed_{true};
  std::atomic<bool> stop_{false};
  std::atomic<std::uint32_t> control_{0};  // + 1 when armed_ or stop_ changes: the thread's futex
  std::vector<FutexWatch> watches_;
  std::thread thread_;
};

}  // namespace vedette::bus
