// Workers: a few threads for what blocks (files, the index of events, control's socket), so that the network thread never does.
// Jobs begin in the order they came. offer() and go_on() from any thread.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace vedette::gateway {

class Workers {
 public:
  using Job = std::function<void()>;

  // `most_waiting`: jobs that may wait for a thread.
  Workers(std::size_t threads, std::size_t most_waiting);
  // Ends the jobs that run and drops those that wait.
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  // False: too many wait already.
  bool offer(Job job);
  // The next step of something that was taken on before: waits however many there are.
  void go_on(Job job);

 private:
  void run();

  const std::size_t most_waiting_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Job> waiting_;
  bool stopped_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace vedette::gateway
