// Brings sessions that have something to send from the threads of the feeds to the network thread: all that a picture wakes at
// once, by one post instead of one for each. Thread-safe; outlived by the io_context.
#pragma once

#include <boost/asio/post.hpp>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "gateway/network.h"

namespace vedette::gateway {

class Wakeable {
 public:
  virtual ~Wakeable() = default;
  virtual void on_wake() = 0;  // on the network thread
};

class Wakes {
 public:
  explicit Wakes(const Executor& executor) : executor_(executor) {}

  // What an outbox calls. It may outlive the session in a feed's hands for a moment, hence the weak pointer.
  std::function<void()> of(std::weak_ptr<Wakeable> session) {
    return [this, session = std::move(session)] { add(session); };
  }

 private:
  void add(const std::weak_ptr<Wakeable>& session) {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(session);
    if (waiting_.size() == 1) net::post(executor_, [this] { wake_all(); });
  }

  void wake_all() {
    {
      const std::lock_guard lock(mutex_);
      std::swap(waiting_, woken_);
    }
    for (const std::weak_ptr<Wakeable>& waits : woken_)
      if (const auto session = waits.lock()) session->on_wake();
    woken_.clear();
  }

  const Executor executor_;
  std::mutex mutex_;
  std::vector<std::weak_ptr<Wakeable>> waiting_;
  std::vector<std::weak_ptr<Wakeable>> woken_;  // the network thread's
};

}  // namespace vedette::gateway
