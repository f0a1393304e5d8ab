#include "gateway/packet_trail.h"

#include <utility>

#include "base/clock.h"

namespace vedette::gateway {

void PacketTrail::push(PicturePtr packet) {
  const std::lock_guard lock(mutex_);
  if (packet->key()) {
    if (keyframe_ >= first_) forget(keyframe_);
    keyframe_ = end_;
  }
  bytes_ += packet->bytes();
  packets_.push_back(std::move(packet));
  ++end_;
  if (bytes_ > kMostBytes && keyframe_ > first_) forget(keyframe_);
  if (bytes_ > kMostBytes) forget(end_ - 1);
}

void PacketTrail::clear() {
  const std::lock_guard lock(mutex_);
  forget(end_);
}

void PacketTrail::forget(std::uint64_t before) {
  for (; first_ < before; ++first_) {
    bytes_ -= packets_.front()->bytes();
    packets_.pop_front();
  }
}

PacketTrail::Step PacketTrail::step(Place& place) const {
  const std::lock_guard lock(mutex_);
  const bool has_keyframe = keyframe_ >= first_;
  const bool lost = place.begun && place.next < first_;
  const bool behind = place.begun && !lost && has_keyframe && place.next < keyframe_ &&
                      age_ns(at(place.next)->captured_at_ns(), packets_.back()->captured_at_ns()) > kMostBehindNs;
  Step step;
  if (!place.begun || lost || behind) {
    if (!has_keyframe) return {nullptr, 0};  // what is lost is counted when it goes on
    if (place.begun) step.skipped = keyframe_ - place.next;
    place = {true, keyframe_};
  }
  if (place.next < end_) step.packet = at(place.next++);
  return step;
}

}  // namespace vedette::gateway
