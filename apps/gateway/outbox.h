// What waits to be sent to one viewer, bounded however slow the viewer is: one picture and one state (the newest wins), the
// newest few detections, the newest events.
//
// Thread-safe: a camera's feed offers, the viewer's session takes. When something is offered to a session that found nothing
// before, `wake` is called (from the offering thread, outside the lock); a session that is still writing isn't woken again.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <variant>

#include "gateway/messages.h"

namespace vedette::gateway {

// std::monostate: nothing waits.
using Outgoing = std::variant<std::monostate, Text, StatePtr, PicturePtr>;

class Outbox {
 public:
  static constexpr std::size_t kDetections = 8;
  static constexpr std::size_t kEvents = 32;
  static constexpr int kTextsInARow = 16;  // then a waiting picture has its turn

  explicit Outbox(std::function<void()> wake) : wake_(std::move(wake)) {}

  void offer_hello(Text text);
  void offer_event(Text text);
  void offer_detections(Text text);
  void offer_state(StatePtr state);
  void offer_picture(PicturePtr picture);

  // The next message: hello, events, detections, state, picture; a picture after kTextsInARow others. After "nothing" the next
  // offer wakes.
  Outgoing next();

  std::uint64_t skipped_pictures() const;  // offered, then replaced by a newer one

 private:
  template <typename Change>
  void offer(Change change);
  Outgoing pick();

  std::function<void()> wake_;
  mutable std::mutex mutex_;
  bool idle_ = false;
  Text hello_;
  std::deque<Text> events_;
  std::deque<Text> detections_;
  StatePtr state_;
  PicturePtr picture_;
  int texts_in_a_row_ = 0;
  std::uint64_t skipped_ = 0;
};

}  // namespace vedette::gateway
