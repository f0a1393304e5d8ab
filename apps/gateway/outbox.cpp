#include "gateway/outbox.h"

#include <utility>

namespace vedette::gateway {
namespace {

void push_bounded(std::deque<Text>& queue, Text text, std::size_t limit) {
  if (queue.size() == limit) queue.pop_front();
  queue.push_back(std::move(text));
}

Text pop(std::deque<Text>& queue) {
  Text text = std::move(queue.front());
  queue.pop_front();
  return text;
}

}  // namespace

template <typename Change>
void Outbox::offer(Change change) {
  bool wakes = false;
  {
    const std::lock_guard lock(mutex_);
    change();
    wakes = std::exchange(idle_, false);
  }
  if (wakes) wake_();
}

void Outbox::offer_hello(Text text) {
  offer([&] { hello_ = std::move(text); });
}

void Outbox::offer_event(Text text) {
  offer([&] { push_bounded(events_, std::move(text), kEvents); });
}

void Outbox::offer_detections(Text text) {
  offer([&] { push_bounded(detections_, std::move(text), kDetections); });
}

void Outbox::offer_state(StatePtr state) {
  offer([&] { state_ = std::move(state); });
}

void Outbox::offer_picture(PicturePtr picture) {
  offer([&] {
    if (picture_) ++skipped_;
    picture_ = std::move(picture);
  });
}

Outgoing Outbox::pick() {
  if (hello_) return std::exchange(hello_, nullptr);
  if (picture_ && texts_in_a_row_ >= kTextsInARow) return std::exchange(picture_, nullptr);
  if (!events_.empty()) return pop(events_);
  if (!detections_.empty()) return pop(detections_);
  if (state_) return std::exchange(state_, nullptr);
  if (picture_) return std::exchange(picture_, nullptr);
  return std::monostate{};
}

Outgoing Outbox::next() {
  const std::lock_guard lock(mutex_);
  Outgoing message = pick();
  idle_ = std::holds_alternative<std::monostate>(message);
  texts_in_a_row_ = std::holds_alternative<PicturePtr>(message) || idle_ ? 0 : texts_in_a_row_ + 1;
  return message;
}

std::uint64_t Outbox::skipped_pictures() const {
  const std::lock_guard lock(mutex_);
  return skipped_;
}

}  // namespace vedette::gateway
