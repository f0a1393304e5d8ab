// Tells how long something takes, from a thread of its own, while it lasts.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace vedette::model::onnx {

class LongStep {
 public:
  // `tell` (none: nothing happens) gets "<text>" at once if `announced`, and every `period` "<text>: 20 s so far".
  LongStep(std::function<void(std::string_view)> tell, std::string text, bool announced,
           std::chrono::milliseconds period = std::chrono::seconds(10));
  ~LongStep();

  LongStep(const LongStep&) = delete;
  LongStep& operator=(const LongStep&) = delete;

 private:
  void watch(std::chrono::milliseconds period);

  std::function<void(std::string_view)> tell_;
  std::string text_;
  std::mutex mutex_;
  std::condition_variable over_;
  bool is_over_ = false;
  std::thread thread_;
};

}  // namespace vedette::model::onnx
