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

bool is_nothing(const Outgoing& message) { return std::holds_alternative<std::monostate>(message); }

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
  if (takes_ == Takes::kAll) offer([&] { hello_ = std::move(text); });
}

void Outbox::offer_pong(const Ping& ping) {
  if (takes_ == Takes::kAll) offer([&] { ping_ = ping; });
}

void Outbox::offer_event(Text text) {
  if (takes_ == Takes::kAll) offer([&] { push_bounded(events_, std::move(text), kEvents); });
}

void Outbox::offer_detections(Text text) {
  if (takes_ == Takes::kAll) offer([&] { push_bounded(detections_, std::move(text), kDetections); });
}

void Outbox::offer_tracks(Text text) {
  if (takes_ == Takes::kAll) offer([&] { push_bounded(tracks_, std::move(text), kDetections); });
}

void Outbox::offer_state(StateHead state) {
  if (takes_ == Takes::kAll) offer([&] { state_ = std::move(state); });
}

void Outbox::offer_picture(PicturePtr picture) {
  offer([&] {
    if (picture_) ++skipped_;
    picture_ = std::move(picture);
  });
}

void Outbox::follow(const PacketTrail* trail, std::string_view why) {
  offer([&] {
    if (trail != trail_) {
      picture_.reset();
      place_ = {};
    }
    trail_ = trail;
    why_ = why;
  });
}

void Outbox::more_in_trail() {
  offer([] {});
}

Outgoing Outbox::pick_text() {
  if (ping_) return *std::exchange(ping_, std::nullopt);
  if (!events_.empty()) return pop(events_);
  if (!detections_.empty()) return pop(detections_);
  if (!tracks_.empty()) return pop(tracks_);
  if (state_.text) return std::exchange(state_, {});
  return std::monostate{};
}

Outgoing Outbox::pick_picture() {
  PicturePtr picture = std::exchange(picture_, nullptr);
  if (trail_ != nullptr) {
    const PacketTrail::Step step = trail_->step(place_);
    skipped_ += step.skipped;
    picture = step.packet;
  }
  if (!picture) return std::monostate{};
  if (takes_ == Takes::kPicturesOnly || (picture->video() == announced_ && why_ == told_why_)) return picture;
  announced_ = picture->video();
  told_why_ = why_;
  announced_picture_ = std::move(picture);
  return std::make_shared<const std::string>(video_json(*announced_, why_));
}

Outgoing Outbox::pick() {
  if (hello_) return std::exchange(hello_, nullptr);
  if (announced_picture_) return std::exchange(announced_picture_, nullptr);
  if (texts_in_a_row_ >= kTextsInARow) {
    Outgoing picture = pick_picture();
    if (!is_nothing(picture)) return picture;
  }
  Outgoing text = pick_text();
  return is_nothing(text) ? pick_picture() : text;
}

Outgoing Outbox::next() {
  const std::lock_guard lock(mutex_);
  Outgoing message = pick();
  idle_ = is_nothing(message);
  texts_in_a_row_ = std::holds_alternative<PicturePtr>(message) || idle_ ? 0 : texts_in_a_row_ + 1;
  return message;
}

std::uint64_t Outbox::skipped_pictures() const {
  const std::lock_guard lock(mutex_);
  return skipped_;
}

}  // namespace vedette::gateway
