#include "model/onnx/long_step.h"

#include "base/signals_blocked.h"

namespace vedette::model::onnx {

LongStep::LongStep(std::function<void(std::string_view)> tell, std::string text, bool announced, std::chrono::milliseconds period)
    : tell_(std::move(tell)), text_(std::move(text)) {
  if (!tell_) return;
  if (announced) tell_(text_);
  const SignalsBlocked for_the_thread;
  thread_ = std::thread([this, period] { watch(period); });
}

LongStep::~LongStep() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    is_over_ = true;
  }
  over_.notify_one();
  thread_.join();
}

void LongStep::watch(std::chrono::milliseconds period) {
  const auto start = std::chrono::steady_clock::now();
  std::unique_lock lock(mutex_);
  while (!over_.wait_for(lock, period, [this] { return is_over_; })) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - start).count();
    tell_(text_ + ": " + std::to_string(seconds) + " s so far");
  }
}

}  // namespace vedette::model::onnx
