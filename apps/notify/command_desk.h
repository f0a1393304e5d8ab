// CommandDesk: takes commands that came by MQTT, from any thread and without blocking it, and asks control for them one after the
// other on a thread of its own (control may take seconds to answer, or be away). What is refused, by us or by control, is
// counted, logged (every 10 s), and answered through `answer`. Whoever floods it loses commands: it keeps 32.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace vedette::notify {

class CommandDesk {
 public:
  // On the desk's thread: why a command of `camera` was refused; `key` as in parse_command().
  using Answer = std::function<void(const std::string& camera, const std::string& key, const std::string& sentence)>;

  CommandDesk(std::string bus_dir, std::vector<std::string> cameras, Answer answer);
  ~CommandDesk();
  CommandDesk(CommandDesk&&) = delete;

  // `retained`: it lay at the broker, maybe for days: refused.
  void submit(std::string camera, std::string key, std::string_view payload, bool retained);
  std::uint64_t refused() const { return refused_; }

 private:
  struct Order {
    std::string camera;
    std::string key;
    std::string payload;
    bool retained = false;
  };
  void run();
  void carry_out(const Order& order);
  void refuse(const Order& order, const std::string& sentence);

  const std::string bus_dir_;
  const std::vector<std::string> cameras_;
  const Answer answer_;
  std::atomic<std::uint64_t> refused_{0};
  std::mutex mutex_;
  std::condition_variable news_;
  std::deque<Order> orders_;           // under mutex_
  bool stopping_ = false;              // too
  std::uint64_t next_warning_ns_ = 0;  // of the thread
  std::thread thread_;
};

}  // namespace vedette::notify
