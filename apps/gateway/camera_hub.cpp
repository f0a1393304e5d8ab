#include "gateway/camera_hub.h"

#include <algorithm>

namespace vedette::gateway {

// Lock order: a hub's mutex, then an outbox's. An outbox's wake only posts to the network thread.

void CameraHub::join(const std::shared_ptr<Outbox>& viewer) {
  const std::lock_guard lock(mutex_);
  viewer->offer_hello(std::make_shared<const std::string>(hello_json(name_, classes_)));
  for (const Text& event : events_) viewer->offer_event(event);
  if (state_) viewer->offer_state(state_);
  if (state_ && state_->still && detections_) viewer->offer_detections(detections_);
  viewers_.push_back(viewer);
  changed_.notify_all();
}

void CameraHub::leave(const std::shared_ptr<Outbox>& viewer) {
  const std::lock_guard lock(mutex_);
  const auto found = std::find(viewers_.begin(), viewers_.end(), viewer);
  if (found == viewers_.end()) return;
  counters_.skipped += viewer->skipped_pictures();
  viewers_.erase(found);
}

void CameraHub::count_sent() {
  const std::lock_guard lock(mutex_);
  ++counters_.sent;
}

StatePtr CameraHub::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

std::vector<Stage> CameraHub::stages(std::uint64_t now_ns) const {
  const std::lock_guard lock(mutex_);
  return judge(beats_, has_detect_, now_ns);
}

std::vector<Input> CameraHub::inputs(std::uint64_t now_ns) const {
  const std::lock_guard lock(mutex_);
  std::vector<Input> inputs;
  for (const InputReport& report : inputs_) inputs.push_back(judge(report, now_ns));
  return inputs;
}

std::vector<InputReport> CameraHub::input_reports() const {
  const std::lock_guard lock(mutex_);
  return inputs_;
}

void CameraHub::set_input_reports(std::vector<InputReport> inputs) {
  const std::lock_guard lock(mutex_);
  inputs_ = std::move(inputs);
}

std::size_t CameraHub::viewers() const {
  const std::lock_guard lock(mutex_);
  return viewers_.size();
}

CameraCounters CameraHub::counters() const {
  const std::lock_guard lock(mutex_);
  CameraCounters counters = counters_;
  for (const auto& viewer : viewers_) counters.skipped += viewer->skipped_pictures();
  return counters;
}

bool CameraHub::wait_for_viewer(std::chrono::nanoseconds timeout) const {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, timeout, [&] { return stopped_ || !viewers_.empty(); });
  return !viewers_.empty();
}

void CameraHub::stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  changed_.notify_all();
}

bool CameraHub::stopped() const {
  const std::lock_guard lock(mutex_);
  return stopped_;
}

void CameraHub::set_classes(std::vector<std::string> classes) {
  const std::lock_guard lock(mutex_);
  classes_ = std::move(classes);
}

void CameraHub::set_beats(const Beats& beats) {
  const std::lock_guard lock(mutex_);
  beats_ = beats;
}

void CameraHub::send_event(Text text) {
  const std::lock_guard lock(mutex_);
  for (const auto& viewer : viewers_) viewer->offer_event(text);
  if (events_.size() == kEventsKept) events_.pop_front();
  events_.push_back(std::move(text));
}

void CameraHub::send_detections(const Text& text) {
  const std::lock_guard lock(mutex_);
  detections_ = text;
  for (const auto& viewer : viewers_) viewer->offer_detections(text);
}

void CameraHub::send_state(const StatePtr& state) {
  const std::lock_guard lock(mutex_);
  state_ = state;
  for (const auto& viewer : viewers_) viewer->offer_state(state);
}

void CameraHub::send_picture(const PicturePtr& picture) {
  const std::lock_guard lock(mutex_);
  ++counters_.encoded;
  for (const auto& viewer : viewers_) viewer->offer_picture(picture);
}

void CameraHub::count_bad_record() {
  const std::lock_guard lock(mutex_);
  ++counters_.bad_records;
}

}  // namespace vedette::gateway
